package rfb

// encoderFor returns the encoder of the viewer's preferred encoding, but
// for Tight, which cuts and chooses for itself; pieces.go.
func (w *writer) encoderFor(caps *capabilities) encoder {
	switch caps.encoding {
	case encHextile:
		return &w.hextile
	case encZlib:
		return &w.zlib
	case encZRLE:
		return &w.zrle
	default:
		return &w.raw
	}
}
