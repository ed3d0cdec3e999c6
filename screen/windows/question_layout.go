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

// Lengths at 96 dots per inch.
const (
	dialogWidth  = 460
	dialogMargin = 18
	dialogGap    = 10
	dialogButton = 40
	dialogLink   = 30
	dialogRow    = 46
)

// layOut creates the controls of the current page and determines the dialog's size.
func (d *questionDialog) layOut() {
	d.clear()
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

// row creates buttons in a row.
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

// choice creates a checkbox with an icon.
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

// escapeAmpersand prevents that & in a name marks a keyboard shortcut.
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
