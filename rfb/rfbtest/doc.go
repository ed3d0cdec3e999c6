// Package rfbtest is the counterpart of package rfb for tests: a complete viewer written from RFC
// 6143 and the community specification (rfbproto). It shares no code with the server, not even a
// constant, so that a mistake in one of them is not repeated in the other.
//
// A Viewer is strict where real ones are lenient. Reserved bits, bad palette indices and lengths,
// rectangles outside the framebuffer, encodings that were not requested, and data left over in a
// rectangle's zlib stream are all errors, and each wraps one of the package's Err values. All reads
// are limited.
//
//	v, err := rfbtest.Dial("127.0.0.1:5900", rfbtest.Config{})
//	v.SetEncodings(rfbtest.ZRLE, rfbtest.Cursor)
//	v.Request(false, v.Bounds())
//	u, err := v.NextUpdate()
//	picture := v.Canvas()
//
// Use it to test a server. It is no viewer for people and has no encryption of its own except
// VeNCrypt.
package rfbtest
