// Command flood loads a gateway as a stranger could who owns a whole IPv6 /48. It makes a given
// number of hostile requests per second, at each entrance separately and then at all of them.
// Meanwhile honest people use the gateway every two seconds: an advisor signs in, both with a
// new browser and with a remembered one, and a customer enters his number.
//
// The command reports how many of the honest tries succeed within three seconds, and how much
// memory and audit trail the gateway uses. It fails if a limit is exceeded.
//
// The gateway is the real program with its default limits. Everything runs in a network
// namespace of its own. This needs Linux, the program ip, and root or user namespaces:
//
//	make build && go run ./bench/flood
package main
