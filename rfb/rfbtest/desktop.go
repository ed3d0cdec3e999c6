package rfbtest

import (
	"fmt"
	"image"
	"image/draw"
	"unicode/utf8"
)

// Screen is one screen of the server's layout.
type Screen struct {
	ID    uint32
	Rect  image.Rectangle
	Flags uint32
}

// Layout is what an ExtendedDesktopSize pseudo-rectangle said.
type Layout struct {
	Reason, Status int
	Size           image.Point
	Screens        []Screen
}

// resize keeps what is in both sizes: rfbproto, "Client Semantics" of
// DesktopSize.
func (v *Viewer) resize(size image.Point) error {
	if size.X*size.Y > maxPixels {
		return fmt.Errorf("%w: framebuffer of %v", ErrBound, size)
	}
	old := v.canvas
	v.canvas = image.NewRGBA(image.Rectangle{Max: size})
	draw.Draw(v.canvas, old.Rect, old, image.Point{}, draw.Src)
	return nil
}

// desktopSize is RFC 6143, section 7.8.2.
func (v *Viewer) desktopSize(r image.Rectangle) error {
	if r.Size() == v.canvas.Rect.Size() {
		return fmt.Errorf("%w: DesktopSize without a change", ErrReserved)
	}
	return v.resize(r.Size())
}

// extendedDesktopSize is rfbproto, section "ExtendedDesktopSize
// Pseudo-encoding".
func (v *Viewer) extendedDesktopSize(r image.Rectangle) error {
	n, err := v.in.u8()
	if err != nil {
		return err
	}
	if err := v.in.skip(3); err != nil {
		return err
	}
	layout := Layout{Reason: r.Min.X, Status: r.Min.Y, Size: r.Size()}
	seen := map[uint32]bool{}
	for range n {
		s := Screen{}
		if s.ID, err = v.in.u32(); err != nil {
			return err
		}
		if s.Rect, err = v.in.rect(); err != nil {
			return err
		}
		if s.Flags, err = v.in.u32(); err != nil {
			return err
		}
		if seen[s.ID] {
			return fmt.Errorf("%w: screen %d twice", ErrReserved, s.ID)
		}
		seen[s.ID] = true
		layout.Screens = append(layout.Screens, s)
	}
	v.layouts = append(v.layouts, layout)
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
	if layout.Size == v.canvas.Rect.Size() {
		return nil
	}
	return v.resize(layout.Size)
}

// desktopName is rfbproto, section "DesktopName Pseudo-encoding".
func (v *Viewer) desktopName(r image.Rectangle) error {
	if r != (image.Rectangle{}) {
		return fmt.Errorf("%w: DesktopName at %v", ErrReserved, r)
	}
	name, err := v.in.text(maxName)
	if err != nil {
		return err
	}
	if !utf8.ValidString(name) {
		return fmt.Errorf("%w: name %q", ErrText, name)
	}
	v.name = name
	return nil
}
