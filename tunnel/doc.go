// Package tunnel is the protocol between an end (the customer's agent, an
// advisor's program) and the gateway: enter by number, be called, dial a
// stream. PROTOCOL.md in this folder is normative; sections are cited from it.
//
// Client is the way in for both ends. A stream is a net.Conn whose bytes the
// gateway relays; it is not confidential by itself: run seal.Handshake on it.
// Stream and Link are the WebSocket adapters below; the gateway uses them too.
package tunnel
