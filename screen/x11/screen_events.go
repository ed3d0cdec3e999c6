//go:build linux

package x11

import (
	"github.com/jezek/xgb/damage"
	"github.com/jezek/xgb/randr"
	"github.com/jezek/xgb/xfixes"
	"github.com/jezek/xgb/xproto"
)

// subscribe selects the events.
func (s *rootScreen) subscribe() error {
	c := s.l.Conn
	err := xproto.ChangeWindowAttributesChecked(c, s.l.root, xproto.CwEventMask, []uint32{xproto.EventMaskStructureNotify}).Check()
	if err != nil {
		return s.l.explain(err)
	}
	if s.ext.damage != 0 {
		if s.ext.parts, err = xfixes.NewRegionId(c); err == nil {
			err = xfixes.CreateRegionChecked(c, s.ext.parts, nil).Check()
		}
		if err == nil {
			const level = damage.ReportLevelNonEmpty
			err = damage.CreateChecked(c, s.ext.damage, xproto.Drawable(s.l.root), level).Check()
		}
		if s.l.isGone() {
			return s.l.explain(err)
		}
		if err != nil {
			s.log.Info("x11: no damage reports, polling", "error", err.Error())
			s.ext.damage = 0
			s.reportsDamage.Store(false)
		}
	}
	if s.ext.hasCursor {
		if err := xfixes.SelectCursorInputChecked(c, s.l.root, xfixes.CursorNotifyMaskDisplayCursor).Check(); err != nil {
			return s.l.explain(err)
		}
	}
	if s.ext.hasRandr {
		const what = randr.NotifyMaskScreenChange | randr.NotifyMaskCrtcChange | randr.NotifyMaskOutputChange
		if err := randr.SelectInputChecked(c, s.l.root, what).Check(); err != nil {
			return s.l.explain(err)
		}
	}
	if s.ext.hasMotion {
		xi := &xiLink{link: s.l, major: s.ext.xiMajor}
		return xi.selectEvents(xiAllMasterDevices, xiRawMotion)
	}
	return nil
}

// event runs on the connection's reading goroutine.
func (s *rootScreen) event(ev []byte) {
	switch kind := ev[0] &^ xSentFlag; {
	case kind == xGenericEvent:
		if e, ok := parseXIEvent(ev, s.ext.xiMajor); !ok || e.kind != xiRawMotion {
			return
		}
		s.due.pointer.Store(true)
	case kind == xproto.ConfigureNotify:
		s.due.layout.Store(true)
	case s.reportsDamage.Load() && kind == s.ext.damageEvent:
		s.due.damage.Store(true)
	case s.ext.hasRandr && (kind == s.ext.randrEvent || kind == s.ext.randrEvent+1):
		s.due.layout.Store(true)
	case s.ext.hasCursor && kind == s.ext.fixesEvent+xfixes.CursorNotify:
		s.due.cursor.Store(true)
	default:
		return
	}
	s.Ring()
}
