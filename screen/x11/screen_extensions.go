//go:build linux

package x11

import (
	"errors"

	"github.com/jezek/xgb/damage"
	"github.com/jezek/xgb/xfixes"

	"lotse/screen"
)

// rootExtensions describes what the server offers for capturing the whole screen, and the numbers
// of its events.
type rootExtensions struct {
	hasShm      bool
	damage      damage.Damage // 0: none, the whole display is polled
	parts       xfixes.Region // where the damage is moved to
	hasCursor   bool
	hasRandr    bool // with monitors, 1.5
	hasMotion   bool
	damageEvent byte
	randrEvent  byte
	fixesEvent  byte
	xiMajor     byte
}

// openRootExtensions determines what the server offers.
func openRootExtensions(l *link, o screen.Options) (x rootExtensions, err error) {
	if !o.NoShm {
		if _, x.hasShm, err = l.extension("MIT-SHM"); err != nil {
			return x, err
		}
	}
	fixes, hasFixes, err := l.extension("XFIXES")
	if err != nil {
		return x, err
	}
	if hasFixes {
		v, err := xfixes.QueryVersion(l.Conn, 4, 0).Reply()
		if err != nil {
			return x, l.explain(err)
		}
		hasFixes = v.MajorVersion >= 2
		x.fixesEvent, x.hasCursor = fixes.firstEvent, hasFixes
	}
	if hasFixes && !o.NoDamage {
		ext, ok, err := l.extension("DAMAGE")
		if err != nil {
			return x, err
		}
		if ok {
			if _, err := damage.QueryVersion(l.Conn, 1, 1).Reply(); err != nil {
				return x, l.explain(err)
			}
			x.damageEvent = ext.firstEvent
			if x.damage, err = damage.NewDamageId(l.Conn); err != nil {
				return x, l.explain(err)
			}
		}
	}
	ext, ok, err := openRandr(l)
	if err != nil {
		return x, err
	}
	x.hasRandr, x.randrEvent = ok, ext.firstEvent
	xi, err := openXI(l)
	switch {
	case err == nil:
		x.xiMajor, x.hasMotion = xi.major, true
	case !errors.Is(err, errNoXI2):
		return x, err
	}
	return x, nil
}
