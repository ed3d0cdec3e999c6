//go:build linux

package x11

import (
	"errors"
	"fmt"

	"github.com/jezek/xgb/composite"
	"github.com/jezek/xgb/damage"
	"github.com/jezek/xgb/xfixes"
	"github.com/jezek/xgb/xproto"
)

var errNoComposite = errors.New("the X server has no Composite extension: " +
	"single programs cannot be shared without showing others; share the whole screen or a monitor")

// shareExtensions has what a share of programs needs to know about the server's extensions, and the
// numbers of their events. It does not change after openShareExtensions.
type shareExtensions struct {
	damageEvent byte
	shapeEvent  byte
	fixesEvent  byte
	hasShape    bool
	hasShm      bool
	xiMajor     byte // 0: no XInput 2
}

// openShareExtensions queries the extensions that a share of programs uses, and requests reports of
// motion. The error is errNoComposite if a necessary one is missing.
func openShareExtensions(l *link, wantShm bool) (x shareExtensions, err error) {
	if err = needComposite(l); err != nil {
		return x, err
	}
	ext, err := needExtension(l, "DAMAGE")
	if err != nil {
		return x, err
	}
	x.damageEvent = ext.firstEvent
	if _, err := damage.QueryVersion(l.Conn, 1, 1).Reply(); err != nil {
		return x, l.explain(err)
	}
	if ext, err = needExtension(l, "XFIXES"); err != nil {
		return x, err
	}
	x.fixesEvent = ext.firstEvent
	if _, err := xfixes.QueryVersion(l.Conn, 4, 0).Reply(); err != nil {
		return x, l.explain(err)
	}
	if ext, x.hasShape, err = l.extension("SHAPE"); err != nil {
		return x, err
	}
	x.shapeEvent = ext.firstEvent
	if wantShm {
		if _, x.hasShm, err = l.extension("MIT-SHM"); err != nil {
			return x, err
		}
	}
	xi, err := openXI(l)
	switch {
	case err == nil:
		x.xiMajor = xi.major
		return x, xi.selectEvents(xiAllMasterDevices, xiRawMotion)
	case !errors.Is(err, errNoXI2):
		return x, err
	}
	return x, nil
}

// needExtension queries an extension without which no program can be shared.
func needExtension(l *link, name string) (extension, error) {
	ext, ok, err := l.extension(name)
	if err == nil && !ok {
		err = fmt.Errorf("x11: display %s: %w (%s is missing)", l.display, errNoComposite, name)
	}
	return ext, err
}

// needComposite queries Composite 0.2, the first version that names window memory.
func needComposite(l *link) error {
	if _, err := needExtension(l, "Composite"); err != nil {
		return err
	}
	v, err := composite.QueryVersion(l.Conn, 0, 4).Reply()
	if err != nil {
		return l.explain(err)
	}
	if v.MajorVersion == 0 && v.MinorVersion < 2 {
		return fmt.Errorf("x11: display %s: %w", l.display, errNoComposite)
	}
	return nil
}

// isMotion reports whether ev is a motion of the pointer.
func (x *shareExtensions) isMotion(ev []byte) bool {
	if ev[0] != xGenericEvent {
		return false
	}
	e, ok := parseXIEvent(ev, x.xiMajor)
	return ok && e.kind == xiRawMotion
}

// isCursor reports whether ev is a change of the pointer's shape.
func (x *shareExtensions) isCursor(ev []byte) bool {
	return ev[0] == x.fixesEvent+xfixes.CursorNotify
}

// isOfWindow reports whether ev is about drawing or a change of windows.
func (x *shareExtensions) isOfWindow(ev []byte) bool {
	kind := ev[0]
	return kind == x.damageEvent || x.isShape(ev) ||
		kind >= xproto.CreateNotify && kind <= xproto.CirculateNotify
}

// isShape reports whether ev is a change of a window's outline.
func (x *shareExtensions) isShape(ev []byte) bool { return x.hasShape && ev[0] == x.shapeEvent }
