package rfb

import (
	"image"
	"slices"

	"lotse/rfb/jpeg"
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

// tight appends send as Tight rectangles: what is exact anyway first, then text and
// photographs as good as the line carries.
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
	// With so few pixels there is nothing to choose.
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

// piece sends r if it is exact anyway, cuts it if it is mixed, and puts it off if it is
// text or a photograph. exact says that text is sent as it is.
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
	case k == kindText && isThin(r): // of a photograph
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

// texts appends the texts that were put off; if exact, they are thin.
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

// photos appends the photographs that were put off, unless something before them had no
// room.
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
func (j *job) levelBound() int {
	if j.lossless {
		return -1
	}
	return j.caps.quality
}
