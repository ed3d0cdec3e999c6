// Package gateway is the operator's server. It assigns places, keeps the directory of open
// sessions, accepts advisors' ends and agents on one TLS port, joins the two sides of a stream,
// limits what clients use, and writes audit records and metrics. tunnel/PROTOCOL.md is normative.
//
// The gateway relays sealed bytes and does not interpret them. Of a session number it knows only
// the first four digits.
//
//	connection ► limitListener ► TLS ► http.Server ► guard (host, origin, headers) ► mux
//	   ├ pages, downloads
//	   ├ api: sign-in, sessions, streams            ► Accounts, webSessions, directory
//	   ├ owner link, agent link (text, a wire each) ► directory
//	   └ streams (binary)                           ► stream.run, two goroutines that join
//
// Serve starts everything and returns after its last goroutine. One mutex, the directory's, guards
// sessions, entries and links. Nothing that can block is called while it is held, except the write
// of an audit record.
package gateway
