//go:build linux

package x11

import (
	"errors"

	"lotse/screen"

	"github.com/jezek/xgb/damage"
	"github.com/jezek/xgb/randr"
	"github.com/jezek/xgb/xfixes"
	"github.com/jezek/xgb/xproto"
)

// extensions finds what the server offers.
func (s *rootScreen) extensions(o screen.Options) error {
	if !o.NoShm {
		_, ok, err := s.l.extension("MIT-SHM")
		if err != nil {
			return err
		}
		s.cap.hasShm = ok
	}
	fixes, hasFixes, err := s.l.extension("XFIXES")
	if err != nil {
		return err
	}
	if hasFixes {
		v, err := xfixes.QueryVersion(s.l.Conn, 4, 0).Reply()
		if err != nil {
			return s.l.explain(err)
		}
		hasFixes = v.MajorVersion >= 2
		s.fixesEvent, s.hasCursor = fixes.firstEvent, hasFixes
	}
	if hasFixes && !o.NoDamage {
		ext, ok, err := s.l.extension("DAMAGE")
		if err != nil {
			return err
		}
		if ok {
			if _, err := damage.QueryVersion(s.l.Conn, 1, 1).Reply(); err != nil {
				return s.l.explain(err)
			}
			s.damageEvent = ext.firstEvent
			if s.damage, err = damage.NewDamageId(s.l.Conn); err != nil {
				return s.l.explain(err)
			}
		}
	}
	ext, ok, err := openRandr(s.l)
	if err != nil {
		return err
	}
	s.hasRandr, s.randrEvent = ok, ext.firstEvent
	xi, err := openXI(s.l)
	switch {
	case err == nil:
		s.xiMajor, s.hasMotion = xi.major, true
	case !errors.Is(err, errNoXI2):
		return err
	}
	return nil
}

// subscribe asks for events.
func (s *rootScreen) subscribe() error {
	c := s.l.Conn
	err := xproto.ChangeWindowAttributesChecked(c, s.l.root, xproto.CwEventMask, []uint32{xproto.EventMaskStructureNotify}).Check()
	if err != nil {
		return s.l.explain(err)
	}
	if s.damage != 0 {
		if s.parts, err = xfixes.NewRegionId(c); err == nil {
			err = xfixes.CreateRegionChecked(c, s.parts, nil).Check()
		}
		if err == nil {
			err = damage.CreateChecked(c, s.damage, xproto.Drawable(s.l.root), damage.ReportLevelNonEmpty).Check()
		}
		if s.l.isGone() {
			return s.l.explain(err)
		}
		if err != nil {
			s.log.Info("x11: no damage reports, polling", "error", err.Error())
			s.damage = 0
			s.reportsDamage.Store(false)
		}
	}
	if s.hasCursor {
		if err := xfixes.SelectCursorInputChecked(c, s.l.root, xfixes.CursorNotifyMaskDisplayCursor).Check(); err != nil {
			return s.l.explain(err)
		}
	}
	if s.hasRandr {
		const what = randr.NotifyMaskScreenChange | randr.NotifyMaskCrtcChange | randr.NotifyMaskOutputChange
		if err := randr.SelectInputChecked(c, s.l.root, what).Check(); err != nil {
			return s.l.explain(err)
		}
	}
	if s.hasMotion {
		xi := &xiLink{link: s.l, major: s.xiMajor}
		return xi.selectEvents(xiAllMasterDevices, xiRawMotion)
	}
	return nil
}

// event runs on the connection's reading goroutine.
func (s *rootScreen) event(ev []byte) {
	switch kind := ev[0] &^ xSentFlag; {
	case kind == xGenericEvent:
		if e, ok := parseXIEvent(ev, s.xiMajor); !ok || e.kind != xiRawMotion {
			return
		}
		s.pointerDue.Store(true)
	case kind == xproto.ConfigureNotify:
		s.layoutDue.Store(true)
	case s.reportsDamage.Load() && kind == s.damageEvent:
		s.damageDue.Store(true)
	case s.hasRandr && (kind == s.randrEvent || kind == s.randrEvent+1):
		s.layoutDue.Store(true)
	case s.hasCursor && kind == s.fixesEvent+xfixes.CursorNotify:
		s.cursorDue.Store(true)
	default:
		return
	}
	s.Ring()
}
