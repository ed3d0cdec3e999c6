// Package question implements the question window independently of the system: when an answer
// counts (Gate), and what the window looks like on systems without controls of their own (Sheet).
// It has no clock, goroutine or I/O; a backend passes events to it and draws the result. Its
// decisions are the trusted path of consent: read design.md, "The trusted path of consent", before
// changing them.
package question

import "time"

// ArmAfter is how long the window must have been visible, without input by any program, before
// allowing counts, so that no click or key meant for something else can allow.
const ArmAfter = time.Second

// Device identifies a physical device; 0: a program, or unknown.
type Device uint32

// Target is a place in the window that can be pressed.
type Target int

// The targets of every question. FirstChoice is the first choice, and others follow.
const (
	None Target = iota
	Allow
	Refuse
	Never
	More
	Back
	Earlier // the previous page of choices
	Later   // the next page
	FirstChoice
)

// Gate decides which presses count. The zero value is a window that is not visible. Its methods
// take the time at which the event happened, which may be earlier than that of a call before: an
// event may have waited in a queue.
//
//	hidden ──Visible──► arming ──ArmAfter──► armed ──press, release──► activated
//	  ▲                  ▲  │                  │
//	  └────Covered───────┼──┴──────────────────┤
//	                     └───────Injected──────┘
type Gate struct {
	// After replaces ArmAfter if it is longer. It cannot shorten the wait.
	After time.Duration

	visible bool
	since   time.Time // when arming started

	hover   Target // where the pointer is
	entered bool   // a device moved it there while the gate was armed

	focus   Target
	focused bool // a device moved it there while the gate was armed

	press press
}

// press is a press whose release has not arrived.
type press struct {
	target Target
	device Device
	byKey  bool
	key    uint32 // with byKey
	counts bool
}

// Visible records that the whole window is visible.
func (g *Gate) Visible(now time.Time) {
	if !g.visible {
		g.visible = true
		g.rearm(now)
	}
}

// Covered records that a part of the window is not visible.
func (g *Gate) Covered(now time.Time) {
	g.visible = false
	g.rearm(now)
}

// Injected records that a program made input, anywhere on the display.
func (g *Gate) Injected(now time.Time) { g.rearm(now) }

// Changed records that the meaning of allowing has changed, so the gate must be armed again.
func (g *Gate) Changed(now time.Time) { g.rearm(now) }

// rearm starts arming again. A press to allow in progress no longer counts; a press to refuse does.
func (g *Gate) rearm(now time.Time) {
	g.since = now
	g.entered, g.focused = false, false
	g.press.counts = g.press.counts && isNo(g.press.target)
}

func isNo(t Target) bool { return t == Refuse || t == Never }

// ArmedAt returns when allowing will count if nothing happens until then; the zero time while the
// window is not visible.
func (g *Gate) ArmedAt() time.Time {
	if !g.visible {
		return time.Time{}
	}
	return g.since.Add(g.wait())
}

func (g *Gate) wait() time.Duration { return max(ArmAfter, g.After) }

// Armed reports whether allowing counts now.
func (g *Gate) Armed(now time.Time) bool { return g.visible && !now.Before(g.since.Add(g.wait())) }

// Pointer records where the pointer is, and which device moved it.
func (g *Gate) Pointer(now time.Time, at Target, by Device) {
	if at == g.hover {
		return
	}
	g.hover = at
	g.entered = by != 0 && g.Armed(now)
}

// Press records that the first button was pressed on a target.
func (g *Gate) Press(now time.Time, at Target, by Device) {
	g.Pointer(now, at, by)
	g.press = press{target: at, device: by, counts: g.counts(now, at, by, g.entered)}
}

// Release records that the first button was released and returns the target that this activated, or
// None.
func (g *Gate) Release(now time.Time, at Target, by Device) Target {
	p := g.press
	g.press = press{}
	g.Pointer(now, at, by)
	if p.target != at || p.device != by || p.byKey {
		return None
	}
	return g.activate(now, p)
}

// Focus returns the target that has the keyboard's focus.
func (g *Gate) Focus() Target { return g.focus }

// MoveFocus moves the keyboard's focus. A device's keys have no effect before the gate is armed,
// and a program's keys never have one.
func (g *Gate) MoveFocus(now time.Time, to Target, by Device) {
	if by == 0 || !g.Armed(now) {
		return
	}
	g.focus, g.focused = to, true
	g.press = press{}
}

// SetFocus sets the focus without a person having moved it.
func (g *Gate) SetFocus(to Target) { g.focus, g.focused, g.press = to, false, press{} }

// KeyPress records that a key that activates was pressed on the focus.
func (g *Gate) KeyPress(now time.Time, key uint32, by Device) {
	if by == 0 || !g.Armed(now) || g.press.byKey && g.press.key == key {
		return // a key repeat is not a press
	}
	g.press = press{target: g.focus, device: by, byKey: true, key: key, counts: g.counts(now, g.focus, by, g.focused)}
}

// KeyRelease records that the key was released and returns the target that this activated.
func (g *Gate) KeyRelease(now time.Time, key uint32, by Device) Target {
	p := g.press
	if !p.byKey || p.key != key {
		return None
	}
	g.press = press{}
	if p.device != by || p.target != g.focus {
		return None
	}
	return g.activate(now, p)
}

// counts reports whether a press on a target counts. arrived: the pointer or the focus moved there
// since the gate was armed.
func (g *Gate) counts(now time.Time, at Target, by Device, arrived bool) bool {
	return isNo(at) || at != None && by != 0 && g.Armed(now) && arrived
}

// activate returns the target that a press and its release activate.
func (g *Gate) activate(now time.Time, p press) Target {
	if p.counts && (isNo(p.target) || g.Armed(now)) {
		return p.target
	}
	return None
}
