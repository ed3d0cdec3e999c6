// Package rfbtest is the other side of package rfb, for tests: a complete
// viewer written from RFC 6143 and the community specification (rfbproto). It
// shares no code with the server, not even a constant, so that a mistake in one
// of them is not agreed upon by the other.
//
// A Viewer is strict where real ones are lenient: reserved bits, palette
// indices, lengths, rectangles outside the framebuffer, encodings that were not
// asked for, data left over in a rectangle's zlib stream are all errors, and
// each wraps one of the package's Err values. All reads are bounded.
//
//	v, err := rfbtest.Dial("127.0.0.1:5900", rfbtest.Config{})
//	v.SetEncodings(rfbtest.ZRLE, rfbtest.Cursor)
//	v.Request(false, v.Bounds())
//	u, err := v.NextUpdate()
//	picture := v.Canvas()
//
// Use it to test a server. It is no viewer for people and knows no encryption;
// wrap the net.Conn for that.
package rfbtest
