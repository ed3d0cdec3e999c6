package rfb

import (
	"encoding/binary"
	"errors"
	"time"

	"lotse/screen"
)

// rfbproto, section "Extended Clipboard Pseudo-Encoding": contents are announced first and sent
// when the other side requests them.
const (
	clipboardText    = 1 << 0 // UTF-8
	clipboardHTML    = 1 << 2 // Windows's "HTML Format"
	clipboardDIB     = 1 << 3 // CF_DIBV5
	clipboardCaps    = 1 << 24
	clipboardRequest = 1 << 25
	clipboardPeek    = 1 << 26
	clipboardNotify  = 1 << 27
	clipboardProvide = 1 << 28
	clipboardFormats = 0xffff

	clipboardPNG      = ClipboardPNG
	clipboardPictures = clipboardDIB | clipboardPNG
)

// ClipboardPNG is the format of pictures as PNG. It is not in rfbproto, and one of those that are
// reserved there. So only a viewer that has announced it is told of it.
const ClipboardPNG = 1 << 15

// Limits of the contents that are compressed and expanded for a viewer, because a message of a few
// bytes can cause work on megabytes.
const (
	clipboardPerSecond = maxCutText // bytes of text and HTML
	clipboardAtOnce    = 4 * maxCutText
	picturesPerSecond  = 4 << 20 // bytes of pixels: 4 for each
	picturesAtOnce     = 4 * screen.MaxPicturePixels
)

// clipboardWork is how much of a limit a viewer has used. The zero value has used nothing.
type clipboardWork struct {
	used float64 // bytes; decreases over time
	at   time.Time
}

// over reports whether the limit is reached, so that the next content is refused.
func (w *clipboardWork) over(now time.Time, perSecond, atOnce float64) bool {
	if !w.at.IsZero() {
		w.used = max(0, w.used-now.Sub(w.at).Seconds()*perSecond)
	}
	w.at = now
	return w.used >= atOnce
}

// spend counts a content.
func (w *clipboardWork) spend(bytes int) { w.used += float64(bytes) }

// clipboardReader is what readLoop knows of a viewer's clipboard.
type clipboardReader struct {
	texts, pictures clipboardWork
	// requested are the formats that were requested and have not been provided. Only then a long
	// message is read.
	requested uint32
}

// clipboardOffer is the customer's content that was announced to a viewer.
type clipboardOffer struct {
	clip      screen.Clip
	answering uint32 // the formats of answers that are queued
}

// clipboardViewer is which formats a viewer takes and what it was told. The zero value is a viewer
// that takes only texts and was told nothing.
type clipboardViewer struct{ takes, told uint32 }

// formats returns what of the clip is offered to the viewer, and could be sent to it.
func (v *clipboardViewer) formats(clip screen.Clip) (formats uint32) {
	if clip.Text != "" {
		formats |= clipboardText
	}
	if clip.HTML != "" {
		formats |= clipboardHTML
	}
	if clip.Picture != nil {
		formats |= clipboardPictures
	}
	return formats & (v.takes | clipboardText)
}

// announced reads the formats of a viewer's caps message. Of a picture it gets one format.
func (v *clipboardViewer) announced(flags uint32) {
	v.takes = flags&(clipboardHTML|clipboardDIB|clipboardPNG) | clipboardText
	if v.takes&clipboardPNG != 0 {
		v.takes &^= clipboardDIB
	}
}

// appendExtendedCutText appends a ServerCutText of the extended form.
func appendExtendedCutText(b []byte, flags uint32, data []byte) []byte {
	b = append(b, msgServerCutText, 0, 0, 0)
	b = binary.BigEndian.AppendUint32(b, uint32(-int32(4+len(data))))
	b = binary.BigEndian.AppendUint32(b, flags)
	return append(b, data...)
}

// appendClipboardCaps announces what the server supports: these formats, none of them unrequested.
func appendClipboardCaps(b []byte, formats uint32) []byte {
	const actions = clipboardCaps | clipboardRequest | clipboardPeek | clipboardNotify | clipboardProvide
	sizes := 0
	for f := formats; f != 0; f &= f - 1 {
		sizes += 4
	}
	return appendExtendedCutText(b, formats|actions, make([]byte, sizes))
}

// extendedCutText handles a viewer's message. Without RightClipboard nothing is requested, sent or
// accepted.
func (r *reader) extendedCutText(body []byte) error {
	c := r.conn
	if len(body) < 4 {
		return errors.New("rfb: clipboard: message without flags")
	}
	flags, data := binary.BigEndian.Uint32(body), body[4:]
	formats := flags & clipboardFormats
	if flags&clipboardCaps != 0 {
		return r.clipboardCaps(formats)
	}
	if !c.Rights().Has(RightClipboard) {
		r.clipboard.requested = 0
		return nil
	}
	switch {
	case flags&clipboardProvide != 0:
		return r.clipboardProvided(formats, data)
	case flags&clipboardNotify != 0:
		return r.requestClipboard(formats)
	case flags&clipboardRequest != 0:
		return r.provideClipboard(formats)
	case flags&clipboardPeek != 0:
		c.mu.Lock()
		formats := c.viewer.clipboard.formats(c.offered.clip)
		c.mu.Unlock()
		c.queue(func(b []byte) []byte { return appendExtendedCutText(b, clipboardNotify|formats, nil) })
	}
	return nil
}

// clipboardCaps learns which formats the viewer takes. A viewer that takes more than texts is told
// that this server does, too; all others get only what concerns texts.
func (r *reader) clipboardCaps(formats uint32) error {
	c := r.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	c.viewer.clipboard.announced(formats)
	return c.offerClipboardLocked()
}

// requestClipboard requests what the viewer has announced, in the formats that it was told of.
func (r *reader) requestClipboard(formats uint32) error {
	c := r.conn
	c.mu.Lock()
	formats &= c.viewer.clipboard.told
	c.mu.Unlock()
	if formats == 0 {
		return nil
	}
	r.clipboard.requested = formats
	c.queue(func(b []byte) []byte { return appendExtendedCutText(b, clipboardRequest|formats, nil) })
	return nil
}

// clipboardProvided takes what a viewer has sent. A text need not have been requested.
func (r *reader) clipboardProvided(formats uint32, data []byte) error {
	now, work := time.Now(), &r.clipboard
	wanted := work.requested | clipboardText
	work.requested = 0
	if formats&wanted == 0 {
		return nil
	}
	if work.texts.over(now, clipboardPerSecond, clipboardAtOnce) {
		return errTooMuch
	}
	if formats&wanted&clipboardPictures != 0 && work.pictures.over(now, picturesPerSecond, picturesAtOnce) {
		return errTooMuch
	}
	copied, err := parseClipboardProvide(formats, wanted, data)
	work.texts.spend(max(len(copied.Text)+len(copied.HTML), min(len(data), maxCutText)))
	work.pictures.spend(copied.pixels)
	if err != nil {
		work.texts.spend(maxCutText) // how much was expanded is unknown
		return err
	}
	r.deliver(copied)
	return nil
}

var errTooMuch = errors.New("rfb: clipboard: too much in too short a time")

// provideClipboard answers a request for what was announced. While the answer with one format is
// queued, further requests for it add none.
func (r *reader) provideClipboard(formats uint32) error {
	c, now, work := r.conn, time.Now(), &r.clipboard
	if work.texts.over(now, clipboardPerSecond, clipboardAtOnce) {
		return errTooMuch
	}
	c.mu.Lock()
	clip := c.offered.clip
	formats &= c.viewer.clipboard.formats(clip) | clipboardText // an empty text can be requested
	formats &^= c.offered.answering
	if formats&clipboardPictures != 0 && work.pictures.over(now, picturesPerSecond, picturesAtOnce) {
		formats &^= clipboardPictures
	}
	c.offered.answering |= formats
	c.mu.Unlock()
	if formats == 0 {
		return nil
	}
	work.texts.spend(len(clip.Text))
	if formats&clipboardHTML != 0 {
		work.texts.spend(len(clip.HTML))
	}
	if formats&clipboardPictures != 0 {
		size := clip.Picture.Size()
		work.pictures.spend(4 * size.X * size.Y)
	}
	b, err := appendClipboardProvide(nil, formats, clip)
	c.queue(func(out []byte) []byte {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.offered.answering &^= formats
		if !c.rights.Has(RightClipboard) || err != nil {
			return out
		}
		return append(out, b...)
	})
	return err
}

// SetClipboard offers a content of the customer's clipboard to a viewer with RightClipboard. Forms
// that exceed the limits, or that the viewer does not take, are left out.
func (c *Conn) SetClipboard(clip screen.Clip) {
	clip, _ = clip.Within()
	c.mu.Lock()
	if clip.Empty() || !c.rights.Has(RightClipboard) {
		c.mu.Unlock()
		return
	}
	c.offered.clip = clip
	extended := c.viewer.caps.clipboard && c.viewer.told.clipboard
	formats := c.viewer.clipboard.formats(clip)
	c.mu.Unlock()
	switch {
	case extended && formats != 0:
		c.queue(func(b []byte) []byte { return appendExtendedCutText(b, clipboardNotify|formats, nil) })
	case !extended && clip.Text != "":
		c.queue(func(b []byte) []byte { return appendServerCutText(b, clip.Text) })
	}
}

// offerClipboardLocked announces the extension to a viewer that supports it and has RightClipboard,
// if the viewer has not been told already. The caller holds mu.
func (c *Conn) offerClipboardLocked() error {
	v := &c.viewer.clipboard
	formats := v.takes | clipboardText
	if !c.viewer.caps.clipboard || !c.rights.Has(RightClipboard) || v.told == formats {
		return nil
	}
	c.viewer.told.clipboard, v.told = true, formats
	return c.queueLocked(func(b []byte) []byte { return appendClipboardCaps(b, formats) })
}
