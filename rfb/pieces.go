package rfb

import (
	"image"
	"slices"

	"lotse/rfb/jpeg"
	"lotse/screen"
)

// Tight analyses squares of tightSide. A square with few colours, or that is no photograph, is sent
// at once, losslessly. A square with both is divided again, down to tightLeast. Adjacent
// photographs are joined, because each JPEG has 600 bytes of tables.

const (
	tightLeast = 16
	// tightPhoto is the maximum number of pixels of one JPEG.
	tightPhoto = 1 << 19
)

// kind is the result of analysing a piece.
type kind uint8

const (
	kindPlain kind = iota // few colours
	kindText              // many, with abrupt differences
	kindPhoto
	kindMixed // must be divided
)

// look determines the kind of r. If encode is called for the same r next, it uses what look has
// loaded.
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
	photo, strip := jpeg.Smooth(f, r), r.Dx() < jpeg.MinSide || r.Dy() < jpeg.MinSide
	switch {
	case photo && !strip:
		return kindPhoto
	case !photo && canCut(r):
		for _, q := range quarters(r) {
			if jpeg.Smooth(f, q) {
				return kindMixed
			}
		}
	}
	return kindText
}

// canCut reports whether r is large enough to be divided.
func canCut(r image.Rectangle) bool {
	if isThin(r) {
		return max(r.Dx(), r.Dy()) >= 4*tightLeast
	}
	return r.Dx() >= 2*tightLeast && r.Dy() >= 2*tightLeast
}

// isThin reports whether r is a strip, as uncovered by a window that is dragged.
func isThin(r image.Rectangle) bool { return r.Dx() < 2*tightLeast || r.Dy() < 2*tightLeast }

// quarters divides r into quarters; a strip is divided along its length.
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

// joined joins rectangles that share a side, in place: first into rows, then rows of the same
// width.
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

// tight appends send as Tight rectangles: first the pieces that are lossless anyway, then text and
// photographs at the quality that the line allows.
func (u *update) tight(send []image.Rectangle) {
	w, j := u.w, u.j
	e, l := &w.enc.tight, &w.lists
	e.quality, e.filter = j.levelBound(), j.caps.gradient
	if e.photos, e.seq = j.photos, u.v.Seq; u.frame != u.v.Frame {
		e.photos = nil
	}
	l.photos, l.texts, l.pieces = l.photos[:0], l.texts[:0], l.pieces[:0]
	pixels := pixelsOf(send)
	side := tightSideFor(pixels)
	for _, r := range send {
		l.pieces = splitRect(l.pieces, r, side)
	}
	// With so few pixels everything can be lossless.
	exact := j.due.refine || j.pace.bytesPerSecond == 0 || !j.conv.canReduce() || float64(3*pixels) < j.pace.room(exactFrames)
	for i := 0; i < len(l.pieces) && u.err == nil; i++ {
		if u.full() {
			u.rest = slices.Concat(l.pieces[i:], l.texts, l.photos)
			return
		}
		u.piece(l.pieces[i], exact)
	}
	u.texts(exact)
	u.photos()
}

// piece sends r if it is lossless anyway, divides it if it is mixed, and defers it if it is text or
// a photograph. exact: text is sent losslessly.
func (u *update) piece(r image.Rectangle, exact bool) {
	w := u.w
	e, l := &w.enc.tight, &w.lists
	switch k := e.look(u.j.conv, u.frame, r); {
	case k == kindPhoto:
		l.photos = append(l.photos, r)
	case k == kindMixed && len(l.pieces) < maxPieces:
		for _, q := range quarters(r) {
			l.pieces = append(l.pieces, q)
		}
	case k == kindText && (!exact || isThin(r) && !jpeg.Smooth(u.frame, r)):
		l.texts = append(l.texts, r)
	case k == kindText && isThin(r): // part of a photograph
		u.strip(r)
		w.refine.sent(r, false, false)
	default:
		bytes := u.encoded(e, r)
		w.refine.sent(r, e.lossy, false)
		if k == kindText {
			w.text.learn(bytes, r.Dx()*r.Dy(), exactDepth)
		}
	}
}

// strip appends a thin rectangle.
func (u *update) strip(r image.Rectangle) {
	at := len(u.b)
	u.header(r, encTight)
	u.b, u.err = u.w.enc.tight.strip(u.b, u.j.conv, u.frame, r)
	u.count(kindTight, at)
}

// texts appends the deferred texts. Unless exact is set, their colours are reduced.
func (u *update) texts(exact bool) {
	w, j := u.w, u.j
	e, l := &w.enc.tight, &w.lists
	if len(l.texts) == 0 {
		return
	}
	depth := exactDepth
	if !exact {
		depth = w.text.depth(pixelsOf(l.texts), u.size(), &j.pace)
	}
	if exact || depth < exactDepth {
		l.texts = joined(l.texts)
	}
	for i, r := range l.texts {
		if u.err != nil {
			return
		}
		if u.full() {
			u.rest = append(u.rest, l.texts[i:]...)
			return
		}
		at := len(u.b)
		switch {
		case depth == exactDepth && isThin(r):
			u.strip(r)
		case depth == exactDepth:
			u.encoded(e, r)
		default:
			u.header(r, encTight)
			u.b, u.err = e.reduced(u.b, j.conv, u.frame, r, depth)
			u.count(kindTight, at)
		}
		w.refine.sent(r, e.lossy, e.lossy)
		w.text.learn(len(u.b)-at, r.Dx()*r.Dy(), depth)
	}
}

// photos appends the deferred photographs, unless something before them did not fit.
func (u *update) photos() {
	w, j := u.w, u.j
	e, l := &w.enc.tight, &w.lists
	if len(l.photos) == 0 || u.err != nil {
		return
	}
	if len(u.rest) > 0 {
		u.rest = append(u.rest, l.photos...)
		return
	}
	bound := e.quality
	if !j.due.refine {
		e.quality = w.cost.level(bound, pixelsOf(l.photos), u.size(), &j.pace)
	}
	l.photos = joined(l.photos)
	for i, r := range l.photos {
		if u.full() {
			u.rest = append(u.rest, l.photos[i:]...)
			return
		}
		at := len(u.b)
		u.header(r, encTight)
		u.b = e.appendJPEG(u.b, u.frame, r)
		w.counts.quality = e.quality + 1
		w.cost.learn(u.count(kindJPEG, at), r.Dx()*r.Dy(), e.quality)
		w.refine.sent(r, true, e.quality < bound)
	}
}

// maxPieces is the maximum number of rectangles in an update: their count has 16 bits, and few
// viewers support LastRect.
const maxPieces = 60_000

// tightSideFor returns the size of the rectangles that are analysed in an update with this many
// pixels. It is tightSide squared except for frames larger than any screen.
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

// levelBound returns the highest JPEG level that may be used; -1: lossless.
func (j *job) levelBound() int {
	if j.lossless {
		return -1
	}
	return j.caps.quality
}
