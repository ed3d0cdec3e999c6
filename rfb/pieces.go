package rfb

import (
	"image"
	"slices"

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
	kindPlain kind = iota // few colours
	kindText              // many, and abrupt steps between them
	kindPhoto
	kindMixed // to be cut
)

// look tells what r is. encode takes r as it was looked at, if it comes at once.
func (e *tightEncoder) look(conv *converter, f *screen.Frame, r image.Rectangle) kind {
	e.known = image.Rectangle{}
	if e.quality < 0 || !conv.tight3 {
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
			if len(e.colour.colours) > textColours {
				return kindText
			}
			return kindPlain
		}
	}
	photo, strip := smooth(f, r), r.Dx() < jpegMinSide || r.Dy() < jpegMinSide
	switch {
	case photo && !strip:
		return kindPhoto
	case !photo && canCut(r):
		for _, q := range quarters(r) {
			if smooth(f, q) {
				return kindMixed
			}
		}
	}
	return kindText
}

// canCut reports whether quarters of r are worth looking at.
func canCut(r image.Rectangle) bool {
	if isThin(r) {
		return max(r.Dx(), r.Dy()) >= 4*tightLeast
	}
	return r.Dx() >= 2*tightLeast && r.Dy() >= 2*tightLeast
}

// isThin reports whether r is a strip, such as a window uncovers that is dragged.
func isThin(r image.Rectangle) bool { return r.Dx() < 2*tightLeast || r.Dy() < 2*tightLeast }

// quarters are r's: of a strip along its length.
func quarters(r image.Rectangle) (q [4]image.Rectangle) {
	if isThin(r) {
		for i := range q {
			q[i] = r
			if r.Dx() > r.Dy() {
				q[i].Min.X, q[i].Max.X = r.Min.X+r.Dx()*i/4, r.Min.X+r.Dx()*(i+1)/4
			} else {
				q[i].Min.Y, q[i].Max.Y = r.Min.Y+r.Dy()*i/4, r.Min.Y+r.Dy()*(i+1)/4
			}
		}
		return q
	}
	m := image.Pt((r.Min.X+r.Max.X)/2, (r.Min.Y+r.Max.Y)/2)
	return [4]image.Rectangle{
		{Min: r.Min, Max: m}, image.Rect(m.X, r.Min.Y, r.Max.X, m.Y),
		image.Rect(r.Min.X, m.Y, m.X, r.Max.Y), {Min: m, Max: r.Max},
	}
}

// joined joins rectangles that share a side, in place: in rows, then rows
// of the same width.
func joined(list []image.Rectangle) []image.Rectangle {
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

// appendTight appends send as Tight rectangles: what is exact anyway first, then
// text and photographs as good as the line carries. What is over the update's
// bound is returned.
func (w *writer) appendTight(b []byte, start int, j *job, v view, f *screen.Frame, send []image.Rectangle) (_ []byte, rects int, rest []image.Rectangle, err error) {
	e := &w.tight
	e.quality, e.filter = w.levelBound(j), j.caps.gradient
	if e.photos, e.seq = j.photos, v.Seq; f != v.Frame {
		e.photos = nil
	}
	w.photos, w.texts, w.pieces = w.photos[:0], w.texts[:0], w.pieces[:0]
	pixels := 0
	for _, r := range send {
		pixels += r.Dx() * r.Dy()
	}
	side := tightSideFor(pixels)
	for _, r := range send {
		w.pieces = splitRect(w.pieces, r, side)
	}
	// With so few pixels there is nothing to choose.
	exact := j.refine || j.pace.bytesPerSecond == 0 || !j.conv.canReduce() || float64(3*pixels) < j.pace.room(exactFrames)
	for i := 0; i < len(w.pieces); i++ {
		r := w.pieces[i]
		if j.pace.full(len(b) - start) {
			return b, rects, slices.Concat(w.pieces[i:], w.texts, w.photos), nil
		}
		switch k := e.look(j.conv, f, r); {
		case k == kindPhoto:
			w.photos = append(w.photos, r)
		case k == kindMixed && len(w.pieces) < maxPieces:
			for _, q := range quarters(r) {
				w.pieces = append(w.pieces, q)
			}
		case k == kindText && (!exact || isThin(r) && !smooth(f, r)):
			w.texts = append(w.texts, r)
		case k == kindText && isThin(r): // of a photograph
			if b, err = e.strip(appendRectHeader(b, r, encTight), j.conv, f, r); err != nil {
				return b, rects, nil, err
			}
			rects++
			w.refine.sent(r, false, false)
		default:
			at := len(b)
			if b, err = appendRect(b, e, j, f, r); err != nil {
				return b, rects, nil, err
			}
			rects++
			w.refine.sent(r, e.lossy, false)
			if k == kindText {
				w.text.learn(len(b)-at, r.Dx()*r.Dy(), exactDepth)
			}
		}
	}
	b, n, rest, err := w.appendTexts(b, start, j, f, exact)
	if rects += n; err != nil || rest != nil {
		return b, rects, append(rest, w.photos...), err
	}
	b, n, rest = w.appendPhotos(b, start, j, f)
	return b, rects + n, rest, nil
}

// appendTexts appends w.texts; if exact, they are thin.
func (w *writer) appendTexts(b []byte, start int, j *job, f *screen.Frame, exact bool) (_ []byte, rects int, rest []image.Rectangle, err error) {
	if len(w.texts) == 0 {
		return b, 0, nil, nil
	}
	e := &w.tight
	depth := exactDepth
	if !exact {
		depth = w.text.depth(pixelsOf(w.texts), len(b)-start, &j.pace)
	}
	if exact || depth < exactDepth {
		w.texts = joined(w.texts)
	}
	for i, r := range w.texts {
		if j.pace.full(len(b) - start) {
			return b, rects, w.texts[i:], nil
		}
		at := len(b)
		switch {
		case depth == exactDepth && isThin(r):
			b, err = e.strip(appendRectHeader(b, r, encTight), j.conv, f, r)
		case depth == exactDepth:
			b, err = appendRect(b, e, j, f, r)
		default:
			b, err = e.reduced(appendRectHeader(b, r, encTight), j.conv, f, r, depth)
		}
		if err != nil {
			return b, rects, nil, err
		}
		rects++
		w.refine.sent(r, e.lossy, e.lossy)
		w.text.learn(len(b)-at, r.Dx()*r.Dy(), depth)
	}
	return b, rects, nil, nil
}

// appendPhotos appends w.photos.
func (w *writer) appendPhotos(b []byte, start int, j *job, f *screen.Frame) (_ []byte, rects int, rest []image.Rectangle) {
	if len(w.photos) == 0 {
		return b, 0, nil
	}
	e := &w.tight
	bound := e.quality
	if !j.refine {
		e.quality = w.cost.level(bound, pixelsOf(w.photos), len(b)-start, &j.pace)
	}
	w.photos = joined(w.photos)
	for i, r := range w.photos {
		if j.pace.full(len(b) - start) {
			return b, rects, w.photos[i:]
		}
		at := len(b)
		b = e.appendJPEG(appendRectHeader(b, r, encTight), f, r)
		rects++
		w.cost.learn(len(b)-at, r.Dx()*r.Dy(), e.quality)
		w.refine.sent(r, true, e.quality < bound)
	}
	return b, rects, nil
}

// maxPieces bounds the rectangles of an update: their count has 16 bits, and few viewers
// know a mark for the end instead.
const maxPieces = 60_000

// tightSideFor is the size of the rectangles that are looked at among so many pixels.
// It is that of squares, but for pictures larger than any screen.
func tightSideFor(pixels int) image.Point {
	side := image.Pt(tightSide, tightSide)
	for pixels/(side.X*side.Y) > maxPieces/4 {
		side.X, side.Y = min(2*side.X, tightMaxWidth), 2*side.Y
	}
	return side
}

func pixelsOf(list []image.Rectangle) (n int) {
	for _, r := range list {
		n += r.Dx() * r.Dy()
	}
	return n
}

// levelBound is the best level that may be used; -1: no loss.
func (w *writer) levelBound(j *job) int {
	if j.lossless {
		return -1
	}
	return j.caps.quality
}
