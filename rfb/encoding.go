package rfb

import (
	"encoding/binary"
	"image"

	"lotse/screen"
)

// Encodings. RFC 6143, section 7.7; rfbproto, section "Encodings".
const (
	encRaw      = 0
	encCopyRect = 1
	encHextile  = 5
	encZlib     = 6
	encTight    = 7
	encTightPNG = -260
	encZRLE     = 16
)

// Pseudo-encodings. RFC 6143, section 7.8; rfbproto, section "Pseudo-encodings".
const (
	pseudoQualityLevel0   = -32 // to -23 for level 9
	pseudoQualityLevel9   = -23
	pseudoCompressLevel0  = -256 // to -247 for level 9
	pseudoCompressLevel9  = -247
	pseudoDesktopSize     = -223
	pseudoLastRect        = -224
	pseudoCursor          = -239
	pseudoQEMUKey         = -258
	pseudoDesktopName     = -307
	pseudoExtDesktopSize  = -308
	pseudoFence           = -312
	pseudoContinuous      = -313
	pseudoCursorAlpha     = -314
	pseudoExtMouseButtons = -316
	pseudoVMwareCursor    = 0x574d5664
	pseudoExtClipboard    = -0x3f5e1a32 // 0xC0A1E5CE
)

// encoder encodes one rectangle of a frame in one encoding. It may keep state (zlib streams)
// between rectangles of one viewer.
type encoder interface {
	// encode appends the data of r, without the rectangle's header.
	encode(b []byte, conv *converter, f *screen.Frame, r image.Rectangle) ([]byte, error)
	// split returns the largest rectangle that encode accepts; zero: any.
	split() image.Point
}

// capabilities describes what a viewer supports according to its SetEncodings.
type capabilities struct {
	encoding     int32 // the most preferred one that we support
	quality      int   // 0 to 9; -1: lossless
	compress     int   // 0 to 9; -1: not specified
	copyRect     bool
	desktopSize  bool
	extDesktop   bool
	lastRect     bool
	cursor       bool
	cursorAlpha  bool
	vmwareCursor bool
	qemuKey      bool
	desktopName  bool
	fence        bool
	continuous   bool
	mouseButtons bool
	clipboard    bool
	gradient     bool // Tight's gradient filter may be used
}

// abilities describes what a viewer supports and what it was told about this server.
type abilities struct {
	caps capabilities
	told capabilities // extensions that were announced to the viewer
	conv *converter   // to its pixel format
	// newFormat: the pixel format changed, and its colour map has not been sent.
	newFormat bool
	chat      chatWindow
	clipboard clipboardViewer
}

// capabilitiesOf evaluates a SetEncodings message. The first supported encoding is the preferred
// one.
func capabilitiesOf(encodings []int32) capabilities {
	c := capabilities{encoding: encRaw, quality: -1, compress: -1}
	chosen, tightPNG := false, false
	for _, e := range encodings {
		switch e {
		case encRaw, encHextile, encZlib, encTight, encZRLE:
			if !chosen {
				c.encoding, chosen = e, true
			}
		case encCopyRect:
			c.copyRect = true
		case encTightPNG:
			tightPNG = true
		case pseudoDesktopSize:
			c.desktopSize = true
		case pseudoExtDesktopSize:
			c.extDesktop = true
		case pseudoLastRect:
			c.lastRect = true
		case pseudoCursor:
			c.cursor = true
		case pseudoCursorAlpha:
			c.cursorAlpha = true
		case pseudoVMwareCursor:
			c.vmwareCursor = true
		case pseudoQEMUKey:
			c.qemuKey = true
		case pseudoDesktopName:
			c.desktopName = true
		case pseudoFence:
			c.fence = true
		case pseudoContinuous:
			c.continuous = true
		case pseudoExtMouseButtons:
			c.mouseButtons = true
		case pseudoExtClipboard:
			c.clipboard = true
		default:
			if e >= pseudoQualityLevel0 && e <= pseudoQualityLevel9 {
				c.quality = int(e - pseudoQualityLevel0)
			}
			if e >= pseudoCompressLevel0 && e <= pseudoCompressLevel9 {
				c.compress = int(e - pseudoCompressLevel0)
			}
		}
	}
	// Every Tight decoder supports the gradient filter except noVNC's before 1.5, which closes the
	// session. Only noVNC asks for TightPNG, and from 1.6 on it also asks for ExtendedMouseButtons.
	c.gradient = !tightPNG || c.mouseButtons
	return c
}

// shapes reports whether the viewer draws the pointer itself.
func (c *capabilities) shapes() bool { return c.cursor || c.cursorAlpha || c.vmwareCursor }

// takesParts reports whether the viewer accepts the answer to one request in several updates.
func (c *capabilities) takesParts() bool { return c.fence || c.continuous }

// resizes reports whether the viewer supports a change of the framebuffer's size.
func (c *capabilities) resizes() bool { return c.desktopSize || c.extDesktop }

// appendRectHeader appends the header of a rectangle; RFC 6143, section 7.6.1.
func appendRectHeader(b []byte, r image.Rectangle, encoding int32) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(r.Min.X))
	b = binary.BigEndian.AppendUint16(b, uint16(r.Min.Y))
	b = binary.BigEndian.AppendUint16(b, uint16(r.Dx()))
	b = binary.BigEndian.AppendUint16(b, uint16(r.Dy()))
	return binary.BigEndian.AppendUint32(b, uint32(encoding))
}
