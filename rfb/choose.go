package rfb

// encoderFor returns the encoder of the viewer's preferred encoding, set to
// what the viewer allows.
func (w *writer) encoderFor(caps *capabilities) encoder {
	switch caps.encoding {
	case encHextile:
		return &w.hextile
	case encZlib:
		return &w.zlib
	case encZRLE:
		return &w.zrle
	case encTight:
		w.tight.quality = caps.quality
		return &w.tight
	default:
		return &w.raw
	}
}
