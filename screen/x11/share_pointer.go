//go:build linux

package x11

import (
	"image"
	"sync/atomic"
	"time"

	"github.com/jezek/xgb/xproto"

	"lotse/screen"
)

// sharePointer is the pointer in a share of programs: it has a position and a shape only while it
// is over something shared.
type sharePointer struct {
	l         *link
	hasMotion bool // the server reports motion

	// Also set by the connection's reading goroutine.
	shapeDue, moveDue atomic.Bool

	// Owned by Next.
	cursor  *screen.Cursor // as last read
	over    bool           // the pointer is over something shared
	told    *screen.Cursor // as last returned
	at      image.Point    // as last returned
	checkAt time.Time      // next poll without an event
}

// look reads the pointer's position and shape if that is due or forced. It hides both where nothing
// is shared. changed reports whether told or at changed.
func (p *sharePointer) look(
	now time.Time, forced bool, isTop func(xproto.Window) bool,
) (changed bool, err error) {
	shapeDue := p.shapeDue.Load()
	if !p.moveDue.Swap(false) && !shapeDue && !forced && now.Before(p.checkAt) {
		return false, nil
	}
	p.checkAt = now.Add(pointerCheck) // programs can move the pointer without a report
	if !p.hasMotion {
		p.checkAt = now.Add(pointerPoll)
	}
	before, err := xproto.QueryPointer(p.l.Conn, p.l.root).Reply()
	if err != nil {
		return false, err
	}
	over := isTop(before.Child)
	if over && (shapeDue || !p.over) {
		p.shapeDue.Store(false)
		if p.cursor, err = readCursor(p.l); err != nil {
			return false, err
		}
		// The shape belongs to a shared window only if the pointer was over it all the time.
		after, err := xproto.QueryPointer(p.l.Conn, p.l.root).Reply()
		if err != nil {
			return false, err
		}
		if over = isTop(after.Child); !over {
			p.moveDue.Store(true)
		}
	}
	p.over = over
	told, at := (*screen.Cursor)(nil), p.at
	if over {
		told, at = p.cursor, image.Pt(int(before.RootX), int(before.RootY))
	}
	changed = told != p.told || at != p.at
	p.told, p.at = told, at
	return changed, nil
}
