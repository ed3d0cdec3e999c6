//go:build windows

package windows

import (
	"bytes"
	"image"
	"image/png"
	"slices"
	"time"
	"unsafe"

	"lotse/screen"
	"lotse/screen/question"
)

// Fonts of the dialog.
const (
	fontTitle = iota
	fontText
	fontSmall
)

func (d *questionDialog) px(n int) int { return int(float64(n)*d.scale + 0.5) }

func (d *questionDialog) makeFonts() {
	const normal, bold, clearType, defaultCharset = 400, 700, 5, 1
	for i, f := range []struct{ size, weight int }{{18, bold}, {16, normal}, {14, normal}} {
		d.fonts[i] = call(procCreateFont, uintptr(-d.px(f.size)), 0, 0, 0, uintptr(f.weight), 0, 0, 0, defaultCharset, 0, 0, clearType, 0,
			uintptr(unsafe.Pointer(utf16Ptr("Segoe UI"))))
	}
}

// Measures at 96 dots per inch.
const (
	dialogWidth  = 460
	dialogMargin = 18
	dialogGap    = 10
	dialogButton = 40
	dialogLink   = 30
	dialogRow    = 46
)

// layOut makes the controls of the page that is shown and finds the dialog's size.
func (d *questionDialog) layOut() {
	for c := range d.controls {
		call(procDestroyWindow, c)
	}
	for _, c := range d.statics {
		call(procDestroyWindow, c)
	}
	d.controls, d.statics, d.warning = map[uintptr]question.Target{}, nil, map[uintptr]bool{}
	y := d.px(dialogMargin)
	if d.form.Choosing() {
		y = d.text(y, d.q.ChooseHint, fontTitle, false)
		for _, t := range d.form.Targets() {
			if t >= question.FirstChoice {
				y = d.choice(y, t)
			}
		}
		y = d.row(y, dialogLink, fontSmall, bsFlat, only(d.form.Targets(), question.Earlier, question.Later)...)
		y = d.row(y, dialogButton, fontText, bsPush, only(d.form.Targets(), question.Refuse, question.Back, question.Allow)...)
	} else {
		y = d.text(y, d.q.Who, fontTitle, false)
		y = d.text(y, d.q.Wish, fontText, d.q.Tone == screen.ToneControl)
		y = d.text(y, d.q.Hint, fontSmall, false)
		y = d.row(y+d.px(dialogGap/2), dialogButton, fontText, bsPush, question.Refuse, question.Allow)
		y = d.row(y, dialogLink, fontSmall, bsFlat, only(d.form.Targets(), question.Never, question.More)...)
	}
	d.silence = d.form.Silence(time.Now())
	d.countdown = 0
	y = d.text(y, d.silence, fontSmall, false)
	if n := len(d.statics); n > 0 {
		d.countdown = d.statics[n-1]
	}
	y = d.text(y, d.q.Line, fontSmall, false)
	frame := rectAPI{Right: int32(d.px(dialogWidth)), Bottom: int32(y + d.px(dialogMargin-dialogGap))}
	call(procAdjustWindowRectEx, uintptr(unsafe.Pointer(&frame)), wsPopup|wsCaption|dsModalFrame, 0, exTopmost|exDialogFrame|exControlParent)
	d.rect = image.Rectangle{Min: d.rect.Min, Max: d.rect.Min.Add(frame.rect().Size())}
}

func only(all []question.Target, wanted ...question.Target) []question.Target {
	return slices.DeleteFunc(wanted, func(t question.Target) bool { return !slices.Contains(all, t) })
}

// control makes one control.
func (d *questionDialog) control(class, text string, style uintptr, font int, r image.Rectangle) uintptr {
	c := call(procCreateWindowEx, 0, uintptr(unsafe.Pointer(utf16Ptr(class))), uintptr(unsafe.Pointer(utf16Ptr(text))), wsChild|wsVisible|style,
		uintptr(r.Min.X), uintptr(r.Min.Y), uintptr(r.Dx()), uintptr(r.Dy()), d.window, 0, moduleHandle(), 0)
	call(procSendMessage, c, wmSetFont, d.fonts[font], 1)
	return c
}

// text makes a paragraph and returns where the next begins.
func (d *questionDialog) text(y int, text string, font int, red bool) int {
	if text == "" {
		return y
	}
	const calcRect, wordBreak, noPrefix, ssNoPrefix = 0x400, 0x10, 0x800, 0x80
	width := d.px(dialogWidth - 2*dialogMargin)
	r := rectAPI{Right: int32(width)}
	if dc := call(procGetDC, d.window); dc != 0 {
		old := call(procSelectObject, dc, d.fonts[font])
		call(procDrawText, dc, uintptr(unsafe.Pointer(utf16Ptr(text))), ^uintptr(0), uintptr(unsafe.Pointer(&r)), calcRect|wordBreak|noPrefix)
		call(procSelectObject, dc, old)
		call(procReleaseDC, d.window, dc)
	}
	height := min(int(r.Bottom), d.px(80)) // a long name must not push the buttons away
	c := d.control("STATIC", text, ssNoPrefix, font, image.Rect(d.px(dialogMargin), y, d.px(dialogMargin)+width, y+height))
	d.statics = append(d.statics, c)
	d.warning[c] = red
	return y + height + d.px(dialogGap/2)
}

// row makes buttons side by side.
func (d *questionDialog) row(y, height, font int, style uintptr, targets ...question.Target) int {
	if len(targets) == 0 {
		return y
	}
	width := (d.px(dialogWidth-2*dialogMargin) - (len(targets)-1)*d.px(dialogGap)) / len(targets)
	for i, t := range targets {
		left := d.px(dialogMargin) + i*(width+d.px(dialogGap))
		c := d.control("BUTTON", escapeAmpersand(d.form.Label(t)), wsTabStop|style, font, image.Rect(left, y, left+width, y+d.px(height)))
		d.controls[c] = t
	}
	return y + d.px(height+dialogGap)
}

// choice makes a box to tick, with its icon.
func (d *questionDialog) choice(y int, t question.Target) int {
	c, chosen, _ := d.form.Choice(t)
	text := c.Name
	if note := c.Note; c.Warning != "" || note != "" {
		if c.Warning != "" {
			note = c.Warning
		}
		text += "\r\n" + note
	}
	left := d.px(dialogMargin)
	if icon := iconHandle(c.Icon); icon != 0 {
		d.icons = append(d.icons, icon)
		s := d.control("STATIC", "", ssIcon, fontSmall, image.Rect(left, y+d.px(4), left+d.px(32), y+d.px(36)))
		call(procSendMessage, s, stmSetIcon, icon, 0)
		d.statics = append(d.statics, s)
	}
	left += d.px(42)
	box := d.control("BUTTON", escapeAmpersand(text), wsTabStop|bsCheck|bsMultiline, fontSmall, image.Rect(left, y, d.px(dialogWidth-dialogMargin), y+d.px(dialogRow-4)))
	if chosen {
		call(procSendMessage, box, bmSetCheck, 1, 0)
	}
	d.warning[box] = c.Warning != ""
	d.controls[box] = t
	return y + d.px(dialogRow)
}

// escapeAmpersand keeps a name's & from being taken for a short cut.
func escapeAmpersand(s string) string {
	var out []rune
	for _, r := range s {
		if out = append(out, r); r == '&' {
			out = append(out, r)
		}
	}
	return string(out)
}

// iconHandle makes an icon of a PNG; 0: none.
func iconHandle(b []byte) uintptr {
	if len(b) == 0 {
		return 0
	}
	c, err := png.DecodeConfig(bytes.NewReader(b))
	if err != nil || c.Width > screen.IconSide || c.Height > screen.IconSide {
		return 0
	}
	// Since Windows Vista an icon's resource may be a PNG.
	const version3 = 0x00030000
	return call(procCreateIconFromResourceEx, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), 1, version3, screen.IconSide, screen.IconSide, 0)
}
