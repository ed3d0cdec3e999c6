package rfbtest

import (
	"fmt"
	"image"
)

// update reads a FramebufferUpdate; RFC 6143, section 7.6.1.
func (v *Viewer) update() (any, error) {
	start := v.in.n - 1
	if err := v.in.skip(1); err != nil {
		return nil, err
	}
	n, err := v.in.u16()
	if err != nil {
		return nil, err
	}
	u := &Update{}
	for len(u.Rects) < n {
		r, err := v.rect()
		if err != nil {
			return nil, err
		}
		if r.Encoding == LastRect {
			u.LastRect = true
			break
		}
		u.Rects = append(u.Rects, r)
	}
	u.Bytes = v.in.n - start
	return u, u.check()
}

// check finds rectangles that must not be in the same update.
func (u *Update) check() error {
	if len(u.Rects) == 0 {
		return fmt.Errorf("%w: update without rectangles", ErrLength)
	}
	for _, r := range u.Rects {
		if (r.Encoding == ExtendedDesktopSize || r.Encoding == DesktopSize) && u.Pixels() {
			return ErrMixed
		}
	}
	return nil
}

func (v *Viewer) rect() (Rect, error) {
	area, err := v.in.rect()
	if err != nil {
		return Rect{}, err
	}
	e, err := v.in.u32()
	if err != nil {
		return Rect{}, err
	}
	r := Rect{area, int32(e)}
	// Raw need not be requested (RFC 6143, section 7.5.2).
	if r.Encoding != Raw && !v.asked(r.Encoding) {
		return r, fmt.Errorf("%w: %d", ErrEncoding, r.Encoding)
	}
	if isPicture(r.Encoding) && (area.Empty() || !area.In(v.canvas.Rect)) {
		return r, fmt.Errorf("%w: %v in %v", ErrOutside, area, v.canvas.Rect)
	}
	if err := v.decode(r); err != nil {
		return r, fmt.Errorf("encoding %d of %v: %w", r.Encoding, area, err)
	}
	return r, nil
}

func (v *Viewer) decode(r Rect) error {
	switch r.Encoding {
	case Raw:
		v.count("raw")
		return v.raw(r.Rectangle)
	case CopyRect:
		v.count("copyrect")
		return v.copyRect(r.Rectangle)
	case Hextile:
		return v.hextile.decode(r.Rectangle)
	case Zlib:
		v.count("zlib")
		return v.zlib.decode(r.Rectangle)
	case Tight:
		return v.tight.decode(r.Rectangle)
	case ZRLE:
		return v.zrle.decode(r.Rectangle)
	case Cursor:
		return v.shapes.plain(r.Rectangle)
	case CursorWithAlpha:
		return v.shapes.alpha(r.Rectangle)
	case VMwareCursor:
		return v.shapes.vmware(r.Rectangle)
	case DesktopSize:
		return v.desktop.size(r.Rectangle)
	case ExtendedDesktopSize:
		return v.desktop.extendedSize(r.Rectangle)
	case DesktopName:
		return v.desktop.rename(r.Rectangle)
	case LastRect:
		return nil
	case QEMUExtendedKey:
		v.qemuKey = true
		return emptyRect(r.Rectangle)
	case ExtendedMouseButtons:
		v.mouseButtons.Store(true)
		return emptyRect(r.Rectangle)
	}
	return fmt.Errorf("%w: %d has no decoder", ErrEncoding, r.Encoding)
}

func emptyRect(r image.Rectangle) error {
	if !r.Empty() {
		return fmt.Errorf("%w: %v should be empty", ErrReserved, r)
	}
	return nil
}
