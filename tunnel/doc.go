// Package tunnel implements the protocol between the gateway and an end, that is the customer's
// agent or an advisor's program. An agent enters a session by its number; both ends dial the
// streams to which the gateway calls them. PROTOCOL.md in this folder is normative and is cited by
// section.
//
// Both ends use Client. A stream is a net.Conn whose bytes the gateway relays. It is not
// confidential by itself: run seal.Handshake on it. Stream and Link wrap WebSockets; the gateway
// uses them too.
package tunnel
