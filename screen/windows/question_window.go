//go:build windows

package windows

import (
	"image"
	"unsafe"

	"lotse/screen/question"
)

// Fonts of the dialog.
const (
	fontTitle = iota
	fontText
	fontSmall
)

// dialogWindow is the window of a question with its controls. The thread that created the window
// owns it.
type dialogWindow struct {
	window   uintptr
	rect     image.Rectangle // in the system's coordinates
	scale    float64         // 1: 96 dots per inch
	fonts    [3]uintptr      // title, text, small
	controls map[uintptr]question.Target
	statics  []uintptr
	warning  map[uintptr]bool // texts in red
	icons    []uintptr
}

// px converts a length at 96 dots per inch to pixels.
func (d *dialogWindow) px(n int) int { return int(float64(n)*d.scale + 0.5) }

// makeFonts creates the fonts for a display with this many dots per inch.
func (d *dialogWindow) makeFonts(dpi int) {
	d.scale = float64(dpi) / 96
	const normal, bold, clearType, defaultCharset = 400, 700, 5, 1
	for i, f := range []struct{ size, weight int }{{18, bold}, {16, normal}, {14, normal}} {
		d.fonts[i] = call(procCreateFont, uintptr(-d.px(f.size)), 0, 0, 0, uintptr(f.weight),
			0, 0, 0, defaultCharset, 0, 0, clearType, 0,
			uintptr(unsafe.Pointer(utf16Ptr("Segoe UI"))))
	}
}

// clear removes all controls.
func (d *dialogWindow) clear() {
	for c := range d.controls {
		call(procDestroyWindow, c)
	}
	for _, c := range d.statics {
		call(procDestroyWindow, c)
	}
	d.controls, d.statics, d.warning = map[uintptr]question.Target{}, nil, map[uintptr]bool{}
}

// free frees fonts and icons after the window was destroyed.
func (d *dialogWindow) free() {
	for _, f := range d.fonts {
		call(procDeleteObject, f)
	}
	for _, icon := range d.icons {
		call(procDestroyIcon, icon)
	}
}

// control creates one control.
func (d *dialogWindow) control(class, text string, style uintptr, font int, r image.Rectangle) uintptr {
	c := call(procCreateWindowEx, 0, uintptr(unsafe.Pointer(utf16Ptr(class))),
		uintptr(unsafe.Pointer(utf16Ptr(text))), wsChild|wsVisible|style, uintptr(r.Min.X),
		uintptr(r.Min.Y), uintptr(r.Dx()), uintptr(r.Dy()), d.window, 0, moduleHandle(), 0)
	call(procSendMessage, c, wmSetFont, d.fonts[font], 1)
	return c
}

// text creates a paragraph and returns where the next one starts.
func (d *dialogWindow) text(y int, text string, font int, red bool) int {
	if text == "" {
		return y
	}
	const calcRect, wordBreak, noPrefix, ssNoPrefix = 0x400, 0x10, 0x800, 0x80
	width := d.px(dialogWidth - 2*dialogMargin)
	r := rectAPI{Right: int32(width)}
	if dc := call(procGetDC, d.window); dc != 0 {
		old := call(procSelectObject, dc, d.fonts[font])
		call(procDrawText, dc, uintptr(unsafe.Pointer(utf16Ptr(text))), ^uintptr(0),
			uintptr(unsafe.Pointer(&r)), calcRect|wordBreak|noPrefix)
		call(procSelectObject, dc, old)
		call(procReleaseDC, d.window, dc)
	}
	height := min(int(r.Bottom), d.px(80)) // so that a long name does not push the buttons away
	at := image.Rect(d.px(dialogMargin), y, d.px(dialogMargin)+width, y+height)
	c := d.control("STATIC", text, ssNoPrefix, font, at)
	d.statics = append(d.statics, c)
	d.warning[c] = red
	return y + height + d.px(dialogGap/2)
}

// rectOf returns the rectangle of a target, relative to the dialog's corner.
func (d *dialogWindow) rectOf(t question.Target) image.Rectangle {
	for c, have := range d.controls {
		if have == t {
			if r, ok := outerRect(c); ok {
				if frame, ok := outerRect(d.window); ok {
					return r.Sub(frame.Min)
				}
			}
		}
	}
	return image.Rectangle{}
}

// targetAt returns the target at a point of the display.
func (d *dialogWindow) targetAt(p image.Point) question.Target {
	for c, t := range d.controls {
		if r, ok := outerRect(c); ok && p.In(r) {
			return t
		}
	}
	return question.None
}

// focus gives a target the keyboard's focus.
func (d *dialogWindow) focus(t question.Target) {
	for c, have := range d.controls {
		if have == t {
			call(procSetFocus, c)
		}
	}
}

// isAbove reports whether no other visible window is above the dialog.
func (d *dialogWindow) isAbove() bool {
	for _, w := range walkWindows() {
		if w == d.window {
			return true
		}
		if styleOf(w, gwlStyle)&wsVisible == 0 || styleOf(w, gwlExStyle)&exTransparent != 0 ||
			call(procIsIconic, w) != 0 || isCloaked(w) {
			continue
		}
		if r, ok := frameRect(w); ok && r.Overlaps(d.rect) {
			return false
		}
	}
	return false
}
