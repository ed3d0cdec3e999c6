package rfbtest

// Encodings; RFC 6143, section 7.7, and rfbproto, section "Encodings".
const (
	Raw      int32 = 0
	CopyRect int32 = 1
	Hextile  int32 = 5
	Zlib     int32 = 6
	Tight    int32 = 7
	ZRLE     int32 = 16
)

// Pseudo-encodings; RFC 6143, section 7.8, and rfbproto, section
// "Pseudo-encodings".
const (
	DesktopSize          int32 = -223
	LastRect             int32 = -224
	Cursor               int32 = -239
	QEMUExtendedKey      int32 = -258
	DesktopName          int32 = -307
	ExtendedDesktopSize  int32 = -308
	Fence                int32 = -312
	ContinuousUpdates    int32 = -313
	CursorWithAlpha      int32 = -314
	ExtendedMouseButtons int32 = -316
	VMwareCursor         int32 = 0x574d5664
	ExtendedClipboard    int32 = -1063131698 // 0xC0A1E5CE
)

// Quality is the pseudo-encoding of a JPEG quality level, 0 to 9.
func Quality(level int) int32 { return -32 + int32(level) }

// Compression is the pseudo-encoding of a compression level, 0 to 9.
func Compression(level int) int32 { return -256 + int32(level) }
