package rfbtest

import "errors"

// Mistakes of a server. Errors of a Viewer wrap one of these, or the stream's own error.
var (
	ErrVersion     = errors.New("rfbtest: no version message")
	ErrSecurity    = errors.New("rfbtest: no security type that this viewer speaks")
	ErrMessage     = errors.New("rfbtest: unknown or unasked message")
	ErrEncoding    = errors.New("rfbtest: encoding that was not asked for")
	ErrOutside     = errors.New("rfbtest: outside the framebuffer")
	ErrReserved    = errors.New("rfbtest: reserved bits or values")
	ErrPalette     = errors.New("rfbtest: bad palette or index outside it")
	ErrRun         = errors.New("rfbtest: run or subrectangle outside its tile")
	ErrCarried     = errors.New("rfbtest: colour carried over that there is not")
	ErrLength      = errors.New("rfbtest: length that does not fit its content")
	ErrBound       = errors.New("rfbtest: larger than this viewer reads")
	ErrZlib        = errors.New("rfbtest: broken zlib data")
	ErrTrailing    = errors.New("rfbtest: data left over")
	ErrJPEG        = errors.New("rfbtest: broken JPEG")
	ErrColourMap   = errors.New("rfbtest: pixel without an entry in the colour map")
	ErrPixelFormat = errors.New("rfbtest: pixel format against RFC 6143")
	ErrMixed       = errors.New("rfbtest: pixels in an update that changes the size or layout")
	ErrText        = errors.New("rfbtest: text that is not in its character set")
)

// Refused is the server's reason for ending the handshake. It is empty if the protocol version has
// no reason.
type Refused struct{ Reason string }

// Error implements error.
func (r Refused) Error() string { return "rfbtest: refused: " + r.Reason }
