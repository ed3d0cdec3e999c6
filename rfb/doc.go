// Package rfb is the server side of the Remote Framebuffer protocol (RFC 6143 and the extensions of
// the community specification, rfbproto) for one viewer on one net.Conn.
//
// NewConn makes a Conn. Its Serve blocks until the viewer has disconnected and returns the reason.
// The viewer sees a screen.Framebuffer. Rights determine what it may do and are checked for every
// message. The customer is asked between the security handshake and its result (Config.Approve), so
// that a refused viewer has received no pixel and shows the reason.
//
// The path of an update, with the files that implement it:
//
//	Invalidate   adds changes to the viewer's pending region  pending.go
//	writeLoop    takes requested ∩ pending, unless congested  update.go, congestion.go
//	choose       chooses encoding, rectangles and quality     choose.go, pieces.go, quality.go
//	encode       converts pixels, encodes and compresses      pixelformat.go, enc_*.go
//
// Security types that encrypt belong in a lower layer (lotse/seal, crypto/tls): use this package
// only on a stream whose ends have authenticated each other.
package rfb
