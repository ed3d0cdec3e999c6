// Package rfb is the server side of the Remote Framebuffer protocol (RFC 6143
// and the extensions of the community specification, rfbproto) for one viewer
// on one net.Conn.
//
// A Conn is made by NewConn and lives in Serve, which blocks until the viewer
// is gone and says why. What the viewer sees comes from a screen.Framebuffer;
// what it may do is decided by Rights, checked here for every message whatever
// the viewer believes. The customer's consent sits between the security
// handshake and its result (Config.Approve), so that a viewer that was refused
// has seen no pixel and shows the reason.
//
// Path of a picture, in the order of the files that do it:
//
//	Invalidate   what changed joins the viewer's pending region   pending.go
//	writeLoop    asked for ∩ pending, not congested               update.go, congestion.go
//	choose       which encoding, cut and quality                  choose.go, pieces.go, quality.go
//	encode       pixel format, rectangle, compression             pixelformat.go, enc_*.go
//
// Security types that encrypt belong below (lotse/seal, crypto/tls): offer
// None only on a stream that has authenticated its peer already.
package rfb
