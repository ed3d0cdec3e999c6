package rfb

import (
	"image"

	"lotse/screen"
)

// Tight looks at squares of tightSide. What has few colours, or is no
// photograph, is sent at once, without loss. A square that holds both is cut
// again, down to tightLeast. Photographs that stand beside each other are joined:
// each JPEG brings 600 bytes of tables.

const (
	tightLeast = 16
	// tightPhoto bounds the pixels of one JPEG.
	tightPhoto = 1 << 19
)

// kind is what a piece was found to be.
type kind uint8

const (
	kindPlain kind = iota // few colours, or none of the others
	kindPhoto
	kindMixed // to be cut
)

// look tells what r is. After kindPlain encode takes r as it was looked at.
func (e *tightEncoder) look(conv *converter, f *screen.Frame, r image.Rectangle) kind {
	if e.quality < 0 || !conv.tight3 || r.Dx() < jpegMinSide || r.Dy() < jpegMinSide {
		return kindPlain
	}
	limit := tightPaletteLimit(r.Dx() * r.Dy())
	some := r
	some.Max.Y = min(r.Max.Y, r.Min.Y+8)
	e.words = conv.load(e.words, f, some)
	if e.colour.fill(e.words, limit) {
		e.words = conv.load(e.words, f, r)
		if e.colour.fill(e.words, limit) {
			e.known = r
			return kindPlain
		}
	}
	if smooth(f, r) {
		return kindPhoto
	}
	if r.Dx() >= 2*tightLeast && r.Dy() >= 2*tightLeast {
		for _, q := range quarters(r) {
			if smooth(f, q) {
				return kindMixed
			}
		}
	}
	return kindPlain
}

func quarters(r image.Rectangle) [4]image.Rectangle {
	m := image.Pt((r.Min.X+r.Max.X)/2, (r.Min.Y+r.Max.Y)/2)
	return [4]image.Rectangle{
		{Min: r.Min, Max: m}, image.Rect(m.X, r.Min.Y, r.Max.X, m.Y),
		image.Rect(r.Min.X, m.Y, m.X, r.Max.Y), {Min: m, Max: r.Max},
	}
}

// joinPhotos joins rectangles that share a side, in place: in rows, then rows
// of the same width.
func joinPhotos(list []image.Rectangle) []image.Rectangle {
	for _, across := range [2]bool{true, false} {
		out := list[:0]
		for _, r := range list {
			joined := false
			for i := len(out) - 1; i >= 0 && !joined; i-- {
				have := out[i]
				u := have.Union(r)
				fits := u.Dx() <= tightMaxWidth && u.Dx()*u.Dy() <= tightPhoto
				if across && have.Min.Y == r.Min.Y && have.Max.Y == r.Max.Y && have.Max.X == r.Min.X && fits ||
					!across && have.Min.X == r.Min.X && have.Max.X == r.Max.X && have.Max.Y == r.Min.Y && fits {
					out[i], joined = u, true
				}
			}
			if !joined {
				out = append(out, r)
			}
		}
		list = out
	}
	return list
}

// appendTight appends send as Tight rectangles, photographs last, at a quality
// that the line carries. What is over the update's bound is returned.
func (w *writer) appendTight(b []byte, start int, j *job, v view, f *screen.Frame, send []image.Rectangle) (_ []byte, rects int, rest []image.Rectangle, err error) {
	e := &w.tight
	e.quality = w.levelBound(j)
	if e.photos, e.seq = j.photos, v.Seq; f != v.Frame {
		e.photos = nil
	}
	w.photos, w.pieces = w.photos[:0], w.pieces[:0]
	for _, r := range send {
		w.pieces = splitRect(w.pieces, r, image.Pt(tightSide, tightSide))
	}
	pixels := 0
	for i := 0; i < len(w.pieces); i++ {
		r := w.pieces[i]
		if rects > 0 && j.pace.largest > 0 && len(b)-start > j.pace.largest {
			return b, rects, append(append(rest, w.pieces[i:]...), w.photos...), nil
		}
		switch e.look(j.conv, f, r) {
		case kindPhoto:
			w.photos = append(w.photos, r)
			pixels += r.Dx() * r.Dy()
		case kindMixed:
			for _, q := range quarters(r) {
				w.pieces = append(w.pieces, q)
			}
		default:
			if b, err = appendRect(b, e, j, f, r); err != nil {
				return b, rects, nil, err
			}
			rects++
			w.refine.sent(r, e.lossy, false)
		}
	}
	if pixels == 0 {
		return b, rects, nil, nil
	}
	bound := e.quality
	if !j.refine {
		e.quality = w.cost.level(bound, pixels, len(b)-start, &j.pace)
	}
	w.photos = joinPhotos(w.photos)
	for i, r := range w.photos {
		if rects > 0 && j.pace.largest > 0 && len(b)-start > j.pace.largest {
			return b, rects, append(rest, w.photos[i:]...), nil
		}
		at := len(b)
		b = e.appendJPEG(appendRectHeader(b, r, encTight), f, r)
		rects++
		w.cost.learn(len(b)-at, r.Dx()*r.Dy(), e.quality)
		w.refine.sent(r, true, e.quality < bound)
	}
	return b, rects, nil, nil
}

// levelBound is the best level that may be used; -1: no loss.
func (w *writer) levelBound(j *job) int {
	if j.lossless {
		return -1
	}
	return j.caps.quality
}
