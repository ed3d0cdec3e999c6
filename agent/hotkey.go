package agent

import (
	"context"
	"fmt"
	"time"

	"lotse/consent"
	"lotse/screen"
	"lotse/screen/keysym"
	"lotse/tunnel"
)

// Hotkey is the name of the key that takes control back: F1 to F12, Pause or Scroll_Lock.
type Hotkey string

// hotkeys are the keysyms of the keys, from X11/keysymdef.h.
var hotkeys = map[Hotkey]uint32{"Pause": keysym.Pause, "Scroll_Lock": keysym.ScrollLock}

func init() {
	for i := range uint32(12) {
		hotkeys[Hotkey(fmt.Sprintf("F%d", i+1))] = keysym.F1 + i
	}
}

// Known reports whether a key with this name is supported.
func (h Hotkey) Known() bool { return hotkeys[h] != 0 }

// Sym returns the X11 keysym of the key, or 0 if the name is unknown.
func (h Hotkey) Sym() uint32 { return hotkeys[h] }

// twice is the maximum time between two presses of the hot key that together end the session.
const twice = time.Second

// devices is what is known about the devices of this computer. The loop owns it.
type devices struct {
	hotkeyWorks bool
	hotkeyAt    time.Time // of its last press
	notice      screen.Notice
}

// hotkeyWatch watches the hot key: it takes control back and, if pressed twice, ends the
// session. This works without the network.
type hotkeyWatch struct{ session *Session }

func (w *hotkeyWatch) run(ctx context.Context) {
	s := w.session
	s.send(hotkeyWorks(true))
	err := s.cfg.Display.Hotkey.Watch(ctx, s.cfg.Hotkey.Sym(), func() { s.send(hotkeyPressed{time.Now()}) })
	if ctx.Err() != nil {
		return
	}
	s.log.capture.Warn("the key does not take control back on this system; the button does", "key", s.cfg.Hotkey, "reason", err)
	s.send(hotkeyWorks(false))
}

// hotkeyWorks says whether presses of the key are noticed.
type hotkeyWorks bool

func (e hotkeyWorks) in(st *state) { st.devices.hotkeyWorks = bool(e) }

// hotkeyPressed means that the key was pressed on a device.
type hotkeyPressed struct{ at time.Time }

func (e hotkeyPressed) in(st *state) {
	st.apply(consent.Event{Kind: consent.Key}, byKey)
	if e.at.Sub(st.devices.hotkeyAt) <= twice {
		ending{tunnel.ReasonCustomer}.in(st)
	}
	st.devices.hotkeyAt = e.at
}
