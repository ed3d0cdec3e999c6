package rfb

// encoderFor returns the encoder of the viewer's preferred encoding, set to
// what the viewer allows; lossless allows nothing.
func (w *writer) encoderFor(caps *capabilities, lossless bool) encoder {
	switch caps.encoding {
	case encHextile:
		return &w.hextile
	case encZlib:
		return &w.zlib
	case encZRLE:
		return &w.zrle
	case encTight:
		if w.tight.quality = caps.quality; lossless {
			w.tight.quality = -1
		}
		return &w.tight
	default:
		return &w.raw
	}
}
