// Package gateway is the operator's server: it hands out places, keeps the
// directory of open sessions, lets advisors' ends and agents in by one TLS
// port, joins the two sides of a stream, limits, audits and measures.
// tunnel/PROTOCOL.md is normative.
//
// The gateway relays sealed bytes and judges nothing inside them. It never
// learns a session number, only its first four digits.
//
//	connection ► limitListener ► TLS ► http.Server ► guard (host, origin, headers) ► mux
//	   ├ pages, downloads
//	   ├ api: sign-in, sessions, streams            ► Accounts, webSessions, directory
//	   ├ owner link, agent link (text, a wire each) ► directory
//	   └ streams (binary)                           ► stream.run, two goroutines that join
//
// Serve starts everything and returns after its last goroutine. One mutex, the
// directory's, guards sessions, entries and links; nothing that can block is
// called under it, but for the write of an audit record.
package gateway
