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

// Hotkey is the name of the key that takes control back: F1 to F12, Pause or
// Scroll_Lock.
type Hotkey string

// hotkeys are the keysyms; X11/keysymdef.h.
var hotkeys = map[Hotkey]uint32{"Pause": keysym.Pause, "Scroll_Lock": keysym.ScrollLock}

func init() {
	for i := range uint32(12) {
		hotkeys[Hotkey(fmt.Sprintf("F%d", i+1))] = keysym.F1 + i
	}
}

// Known reports whether there is such a key.
func (h Hotkey) Known() bool { return hotkeys[h] != 0 }

// Sym is the X11 keysym of the key; 0: it is not known.
func (h Hotkey) Sym() uint32 { return hotkeys[h] }

// twice is within how long a second press of the key ends the session.
const twice = time.Second

// devices is what is known of this computer's devices. The loop owns it.
type devices struct {
	hotkeyWorks bool
	hotkeyAt    time.Time // of its last press
	notice      screen.Notice
}

// hotkeyWatch makes the key take control back, and end the session when it is pressed
// twice, without the network.
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

// hotkeyWorks says whether the key is noticed.
type hotkeyWorks bool

func (e hotkeyWorks) in(st *state) { st.devices.hotkeyWorks = bool(e) }

// hotkeyPressed says that the key was pressed on a device.
type hotkeyPressed struct{ at time.Time }

func (e hotkeyPressed) in(st *state) {
	st.apply(consent.Event{Kind: consent.Key}, byKey)
	if e.at.Sub(st.devices.hotkeyAt) <= twice {
		ending{tunnel.ReasonCustomer}.in(st)
	}
	st.devices.hotkeyAt = e.at
}
