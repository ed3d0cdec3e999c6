package ownwindow

import (
	"image"
	"sync/atomic"

	"lotse/screen"
)

// Backdrop is shown by a capture of the whole screen in place of this program's own windows. Its
// zero value is plain grey.
type Backdrop struct {
	paint atomic.Pointer[func(image.Point) *screen.Frame]
	frame *screen.Frame // nil: not painted yet; owned by the goroutine that captures
}

// Set sets the function that paints a backdrop of a given size. It may be called at any time; a
// size that was painted already is not painted again.
func (b *Backdrop) Set(paint func(image.Point) *screen.Frame) { b.paint.Store(&paint) }

// Frame returns the backdrop for a size. Only the goroutine that captures may call it.
func (b *Backdrop) Frame(size image.Point) *screen.Frame {
	if b.frame != nil && b.frame.Size == size {
		return b.frame
	}
	if paint := b.paint.Load(); paint != nil {
		b.frame = (*paint)(size)
	} else {
		b.frame = screen.NewFrame(size)
		b.frame.Fill(b.frame.Bounds(), 0x80, 0x80, 0x80)
	}
	return b.frame
}
