// Package question is the question window without a system: when an answer
// counts (Gate), and how the window looks where the system has no controls of its
// own (Sheet). It has no clock, goroutine or I/O; a backend feeds it what happens
// and draws what it says. Its decisions are the trusted path of consent: read
// design.md, "The trusted path of consent", before changing them.
package question

import "time"

// ArmAfter is how long the window must have been visible, without input by any
// program, before a yes counts: no click or key that was on its way can be one.
const ArmAfter = time.Second

// Device names a physical device; 0: a program, or unknown.
type Device uint32

// Target is a place in the window that can be pressed.
type Target int

// The targets that every question has. Further ones are counted from FirstChoice.
const (
	None Target = iota
	Allow
	Refuse
	Never
	More
	Back
	Earlier // choices
	Later
	FirstChoice
)

// Gate decides which presses count. The zero value is a window that is not
// visible. Its methods take the time of what happened, which never goes back.
//
//	hidden ──Visible──► arming ──ArmAfter──► armed ──press, release──► activated
//	  ▲                  ▲  │                  │
//	  └────Covered───────┼──┴──────────────────┤
//	                     └───────Injected──────┘
type Gate struct {
	// After replaces ArmAfter if it is longer. It can never shorten the wait.
	After time.Duration

	visible bool
	since   time.Time // when arming began

	hover   Target // where the pointer is
	entered bool   // it came there while the gate was armed, by a device

	focus   Target
	focused bool // it came there while the gate was armed, by a device

	press press
}

// press is one that waits for its release.
type press struct {
	target Target
	device Device
	byKey  bool
	key    uint32 // with byKey
	counts bool
}

// Visible notes that the whole window can be seen.
func (g *Gate) Visible(now time.Time) {
	if !g.visible {
		g.visible = true
		g.rearm(now)
	}
}

// Covered notes that a part of the window cannot be seen.
func (g *Gate) Covered(now time.Time) {
	g.visible = false
	g.rearm(now)
}

// Injected notes that a program made input, anywhere on the display.
func (g *Gate) Injected(now time.Time) { g.rearm(now) }

// Changed notes that what a yes means has changed: it must be armed again.
func (g *Gate) Changed(now time.Time) { g.rearm(now) }

// rearm starts again: a yes that was under way does not count any more. A no does.
func (g *Gate) rearm(now time.Time) {
	g.since = now
	g.entered, g.focused = false, false
	g.press.counts = g.press.counts && isNo(g.press.target)
}

func isNo(t Target) bool { return t == Refuse || t == Never }

// ArmedAt is when the gate takes a yes, if nothing happens until then; the zero
// time while the window is not visible.
func (g *Gate) ArmedAt() time.Time {
	if !g.visible {
		return time.Time{}
	}
	return g.since.Add(g.wait())
}

func (g *Gate) wait() time.Duration { return max(ArmAfter, g.After) }

// Armed reports whether a yes counts now.
func (g *Gate) Armed(now time.Time) bool { return g.visible && !now.Before(g.since.Add(g.wait())) }

// Pointer notes where the pointer is, and who moved it there.
func (g *Gate) Pointer(now time.Time, at Target, by Device) {
	if at == g.hover {
		return
	}
	g.hover = at
	g.entered = by != 0 && g.Armed(now)
}

// Press notes that the first button went down on a target.
func (g *Gate) Press(now time.Time, at Target, by Device) {
	g.Pointer(now, at, by)
	g.press = press{target: at, device: by, counts: g.counts(now, at, by, g.entered)}
}

// Release notes that the first button went up and returns what was activated by
// it; None: nothing.
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

// MoveFocus moves the keyboard's focus. Before the gate is armed a device's keys
// do nothing, those of a program never do.
func (g *Gate) MoveFocus(now time.Time, to Target, by Device) {
	if by == 0 || !g.Armed(now) {
		return
	}
	g.focus, g.focused = to, true
	g.press = press{}
}

// SetFocus puts the focus somewhere without anybody having moved it.
func (g *Gate) SetFocus(to Target) { g.focus, g.focused, g.press = to, false, press{} }

// KeyPress notes that a key that activates went down on the focus.
func (g *Gate) KeyPress(now time.Time, key uint32, by Device) {
	if by == 0 || !g.Armed(now) || g.press.byKey && g.press.key == key {
		return // a repeat is no press
	}
	g.press = press{target: g.focus, device: by, byKey: true, key: key, counts: g.counts(now, g.focus, by, g.focused)}
}

// KeyRelease notes that the key went up and returns what was activated by it.
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

// counts reports whether a press on a target counts, arrived being whether the
// pointer or the focus came there since the gate was armed.
func (g *Gate) counts(now time.Time, at Target, by Device, arrived bool) bool {
	return isNo(at) || at != None && by != 0 && g.Armed(now) && arrived
}

// activate is what a press and its release come to.
func (g *Gate) activate(now time.Time, p press) Target {
	if p.counts && (isNo(p.target) || g.Armed(now)) {
		return p.target
	}
	return None
}
