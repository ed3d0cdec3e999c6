package rfbtest

import (
	"fmt"
	"image"
	"unicode/utf8"
)

// Screen is one screen of the server's layout.
type Screen struct {
	ID    uint32
	Rect  image.Rectangle
	Flags uint32
}

// Layout is the content of an ExtendedDesktopSize pseudo-rectangle.
type Layout struct {
	Reason, Status int
	Size           image.Point
	Screens        []Screen
}

// desktopDecoder decodes pseudo-rectangles about the server's screens. The reading goroutine owns
// it.
type desktopDecoder struct {
	*surface
	name    string
	layouts []Layout
}

// size decodes RFC 6143, section 7.8.2.
func (d *desktopDecoder) size(r image.Rectangle) error {
	if r.Size() == d.canvas.Rect.Size() {
		return fmt.Errorf("%w: DesktopSize without a change", ErrReserved)
	}
	return d.resize(r.Size())
}

// extendedSize decodes rfbproto, section "ExtendedDesktopSize Pseudo-encoding".
func (d *desktopDecoder) extendedSize(r image.Rectangle) error {
	n, err := d.in.u8()
	if err != nil {
		return err
	}
	if err := d.in.skip(3); err != nil {
		return err
	}
	layout := Layout{Reason: r.Min.X, Status: r.Min.Y, Size: r.Size()}
	seen := map[uint32]bool{}
	for range n {
		s := Screen{}
		if s.ID, err = d.in.u32(); err != nil {
			return err
		}
		if s.Rect, err = d.in.rect(); err != nil {
			return err
		}
		if s.Flags, err = d.in.u32(); err != nil {
			return err
		}
		if seen[s.ID] {
			return fmt.Errorf("%w: screen %d twice", ErrReserved, s.ID)
		}
		seen[s.ID] = true
		layout.Screens = append(layout.Screens, s)
	}
	d.layouts = append(d.layouts, layout)
	if layout.Reason == 1 && layout.Status != 0 {
		return nil // refused: the other fields are undefined
	}
	if layout.Status != 0 {
		return fmt.Errorf("%w: status %d without a request", ErrReserved, layout.Status)
	}
	if n == 0 {
		return fmt.Errorf("%w: no screens", ErrReserved)
	}
	for _, s := range layout.Screens {
		if !s.Rect.In(image.Rectangle{Max: layout.Size}) {
			return fmt.Errorf("%w: screen %v of %v", ErrOutside, s.Rect, layout.Size)
		}
	}
	if layout.Size == d.canvas.Rect.Size() {
		return nil
	}
	return d.resize(layout.Size)
}

// rename decodes rfbproto, section "DesktopName Pseudo-encoding".
func (d *desktopDecoder) rename(r image.Rectangle) error {
	if r != (image.Rectangle{}) {
		return fmt.Errorf("%w: DesktopName at %v", ErrReserved, r)
	}
	name, err := d.in.text(maxName)
	if err != nil {
		return err
	}
	if !utf8.ValidString(name) {
		return fmt.Errorf("%w: name %q", ErrText, name)
	}
	d.name = name
	return nil
}
