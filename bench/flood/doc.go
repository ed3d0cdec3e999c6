// Command flood loads a gateway as a stranger with a whole IPv6 /48 would: so many
// hostile requests a second at each entrance, alone and all at once, while an honest
// advisor signs in, from new browsers and from one that is remembered, and an honest
// customer enters his number every two seconds. It tells how many of the honest tries
// succeed within three seconds, and what memory and audit trail the gateway takes, and
// fails when a bound is broken.
//
// The gateway is the real program with its default limits. All of it runs in a network
// namespace of its own, for which it needs root or user namespaces, Linux and ip:
//
//	make build && go run ./bench/flood
package main
