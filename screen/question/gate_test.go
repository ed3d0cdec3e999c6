package question

import (
	"testing"
	"time"

	"lotse/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// at returns a moment, counted from the beginning.
func at(d time.Duration) time.Time { return time.Unix(1_000_000, 0).Add(d) }

const ms = time.Millisecond

// step is one event of a gate; it returns what was activated.
type step func(g *Gate) Target

func visible(t time.Duration) step { return func(g *Gate) Target { g.Visible(at(t)); return None } }
func covered(t time.Duration) step { return func(g *Gate) Target { g.Covered(at(t)); return None } }
func inject(t time.Duration) step  { return func(g *Gate) Target { g.Injected(at(t)); return None } }
func pointer(t time.Duration, to Target, by Device) step {
	return func(g *Gate) Target { g.Pointer(at(t), to, by); return None }
}
func press1(t time.Duration, to Target, by Device) step {
	return func(g *Gate) Target { g.Press(at(t), to, by); return None }
}
func release1(t time.Duration, to Target, by Device) step {
	return func(g *Gate) Target { return g.Release(at(t), to, by) }
}
func focus(t time.Duration, to Target, by Device) step {
	return func(g *Gate) Target { g.MoveFocus(at(t), to, by); return None }
}
func keyDown(t time.Duration, by Device) step {
	return func(g *Gate) Target { g.KeyPress(at(t), 36, by); return None }
}
func keyUp(t time.Duration, by Device) step {
	return func(g *Gate) Target { return g.KeyRelease(at(t), 36, by) }
}

func TestGate(t *testing.T) {
	const hand, other, program = 7, 8, 0
	shown := visible(0)
	for name, test := range map[string]struct {
		steps []step
		want  Target
	}{
		"entered and pressed after arming":      {[]step{shown, pointer(1100*ms, Allow, hand), press1(1200*ms, Allow, hand), release1(1300*ms, Allow, hand)}, Allow},
		"pressed before arming":                 {[]step{shown, pointer(500*ms, Allow, hand), press1(900*ms, Allow, hand), release1(1300*ms, Allow, hand)}, None},
		"pressed too early, released too early": {[]step{shown, pointer(100*ms, Allow, hand), press1(200*ms, Allow, hand), release1(300*ms, Allow, hand)}, None},
		"there before arming":                   {[]step{shown, pointer(500*ms, Allow, hand), press1(1200*ms, Allow, hand), release1(1300*ms, Allow, hand)}, None},
		"there before arming, handled later":    {[]step{shown, visible(1050 * ms), pointer(500*ms, Allow, hand), press1(1200*ms, Allow, hand), release1(1300*ms, Allow, hand)}, None},
		"pressed before arming, handled later":  {[]step{shown, covered(1100 * ms), visible(1200 * ms), pointer(1000*ms, Allow, hand), press1(1050*ms, Allow, hand), release1(2300*ms, Allow, hand)}, None},
		"there before arming, left, came again": {[]step{shown, pointer(500*ms, Allow, hand), pointer(1100*ms, None, hand), pointer(1150*ms, Allow, hand), press1(1200*ms, Allow, hand), release1(1300*ms, Allow, hand)}, Allow},
		"moved there by a program":              {[]step{shown, pointer(1100*ms, Allow, program), press1(1200*ms, Allow, hand), release1(1300*ms, Allow, hand)}, None},
		"pressed by a program":                  {[]step{shown, pointer(1100*ms, Allow, hand), press1(1200*ms, Allow, program), release1(1300*ms, Allow, program)}, None},
		"released by a program":                 {[]step{shown, pointer(1100*ms, Allow, hand), press1(1200*ms, Allow, hand), release1(1300*ms, Allow, program)}, None},
		"released by another device":            {[]step{shown, pointer(1100*ms, Allow, hand), press1(1200*ms, Allow, hand), release1(1300*ms, Allow, other)}, None},
		"released elsewhere":                    {[]step{shown, pointer(1100*ms, Allow, hand), press1(1200*ms, Allow, hand), release1(1300*ms, None, hand)}, None},
		"pressed elsewhere":                     {[]step{shown, press1(1200*ms, None, hand), release1(1300*ms, Allow, hand)}, None},
		"released on the other button":          {[]step{shown, pointer(1100*ms, Allow, hand), press1(1200*ms, Allow, hand), release1(1300*ms, Refuse, hand)}, None},
		"never visible":                         {[]step{pointer(1100*ms, Allow, hand), press1(1200*ms, Allow, hand), release1(1300*ms, Allow, hand)}, None},
		"covered meanwhile":                     {[]step{shown, pointer(1100*ms, Allow, hand), covered(1150 * ms), press1(1200*ms, Allow, hand), release1(1300*ms, Allow, hand)}, None},
		"covered between press and release":     {[]step{shown, pointer(1100*ms, Allow, hand), press1(1200*ms, Allow, hand), covered(1250 * ms), release1(1300*ms, Allow, hand)}, None},
		"visible again, entered again":          {[]step{shown, covered(1100 * ms), visible(1200 * ms), pointer(2300*ms, Allow, hand), press1(2400*ms, Allow, hand), release1(2500*ms, Allow, hand)}, Allow},
		"a program acted a moment ago":          {[]step{shown, pointer(1100*ms, Allow, hand), inject(1150 * ms), press1(1200*ms, Allow, hand), release1(1300*ms, Allow, hand)}, None},
		"a program acts during the press":       {[]step{shown, pointer(1100*ms, Allow, hand), press1(1200*ms, Allow, hand), inject(1250 * ms), release1(1300*ms, Allow, hand)}, None},
		"armed again, not entered again":        {[]step{shown, pointer(1100*ms, Allow, hand), inject(1150 * ms), press1(2300*ms, Allow, hand), release1(2400*ms, Allow, hand)}, None},
		"one press, two releases":               {[]step{shown, pointer(1100*ms, Allow, hand), press1(1200*ms, Allow, hand), release1(1300*ms, Allow, hand), release1(1350*ms, Allow, hand)}, None},

		"a no at once":                      {[]step{press1(0, Refuse, hand), release1(1*ms, Refuse, hand)}, Refuse},
		"a no while a program acts":         {[]step{shown, press1(50*ms, Refuse, hand), inject(60 * ms), release1(70*ms, Refuse, hand)}, Refuse},
		"a no while covered":                {[]step{shown, press1(50*ms, Refuse, hand), covered(60 * ms), release1(70*ms, Refuse, hand)}, Refuse},
		"never again at once":               {[]step{shown, press1(50*ms, Never, hand), release1(70*ms, Never, hand)}, Never},
		"a no that was pressed on the yes":  {[]step{shown, pointer(1100*ms, Allow, hand), press1(1200*ms, Allow, hand), release1(1300*ms, Refuse, hand)}, None},
		"more, as a yes":                    {[]step{shown, pointer(1100*ms, More, hand), press1(1200*ms, More, hand), release1(1300*ms, More, hand)}, More},
		"more, by a program":                {[]step{shown, pointer(1100*ms, More, program), press1(1200*ms, More, program), release1(1300*ms, More, program)}, None},
		"keyboard: focus moved, then Enter": {[]step{shown, focus(1100*ms, Allow, hand), keyDown(1200*ms, hand), keyUp(1300*ms, hand)}, Allow},
		"keyboard: default is no":           {[]step{shown, keyDown(1200*ms, hand), keyUp(1300*ms, hand)}, Refuse},
		"keyboard: too early":               {[]step{shown, keyDown(900*ms, hand), keyUp(1300*ms, hand)}, None},
		"keyboard: focus moved too early":   {[]step{shown, focus(500*ms, Allow, hand), keyDown(1200*ms, hand), keyUp(1300*ms, hand)}, Refuse},
		"keyboard: focus by a program":      {[]step{shown, focus(1100*ms, Allow, program), keyDown(1200*ms, hand), keyUp(1300*ms, hand)}, Refuse},
		"keyboard: key by a program":        {[]step{shown, focus(1100*ms, Allow, hand), keyDown(1200*ms, program), keyUp(1300*ms, program)}, None},
		"keyboard: released by a program":   {[]step{shown, focus(1100*ms, Allow, hand), keyDown(1200*ms, hand), keyUp(1300*ms, program)}, None},
		"keyboard: focus moves in between":  {[]step{shown, focus(1100*ms, Allow, hand), keyDown(1200*ms, hand), focus(1250*ms, Refuse, hand), keyUp(1300*ms, hand)}, None},
		"keyboard: a program acts":          {[]step{shown, focus(1100*ms, Allow, hand), inject(1150 * ms), keyDown(2300*ms, hand), keyUp(2400*ms, hand)}, None},
		"key pressed, button released":      {[]step{shown, pointer(1100*ms, Allow, hand), focus(1100*ms, Allow, hand), keyDown(1200*ms, hand), release1(1300*ms, Allow, hand)}, None},
	} {
		g := Gate{}
		g.SetFocus(Refuse)
		got := None
		for _, s := range test.steps {
			got = s(&g)
		}
		if got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
}

// FuzzGate: whatever happens, allowing takes one device that pressed and released inside, at least
// a second after the last obstruction.
func FuzzGate(f *testing.F) {
	f.Add([]byte{0, 200, 3, 17, 4, 17, 5, 17})
	f.Fuzz(func(t *testing.T, raw []byte) {
		g := Gate{}
		g.SetFocus(Refuse)
		now, quiet := time.Duration(0), time.Duration(0) // quiet: since when there was no obstruction
		visible := false
		type pressed struct {
			by Device
			at time.Duration
		}
		var button pressed
		keys := map[Device]time.Duration{}
		for i := 0; i+1 < len(raw) && i < 400; i += 2 {
			now += time.Duration(raw[i]&0xf0) * 4 * ms
			target, by, code := Target(raw[i+1]&7), Device(raw[i+1]>>3&3), uint32(raw[i+1]>>5)
			activated, last := None, pressed{}
			switch raw[i] & 0xf {
			case 0:
				if !visible {
					visible, quiet = true, now
				}
				g.Visible(at(now))
			case 1:
				visible, quiet = false, now
				g.Covered(at(now))
			case 2:
				quiet = now
				g.Injected(at(now))
			case 3:
				g.Pointer(at(now), target, by)
			case 4:
				g.Press(at(now), target, by)
				button = pressed{by, now}
			case 5:
				activated, last = g.Release(at(now), target, by), button
			case 6:
				g.MoveFocus(at(now), target, by)
			case 7:
				g.KeyPress(at(now), code, by)
				keys[by] = now
			case 8:
				activated, last = g.KeyRelease(at(now), code, by), pressed{by, keys[by]}
			}
			if activated == None || isNo(activated) {
				continue
			}
			if !visible || by == 0 || last.by != by || last.at < quiet+ArmAfter || now < quiet+ArmAfter {
				t.Fatalf("%d by %d at %v: quiet since %v, visible %v, pressed %+v", activated, by, now, quiet, visible, last)
			}
		}
	})
}

// TestArmingIsNeverShorter: a window may wait longer before it accepts a yes, never shorter.
func TestArmingIsNeverShorter(t *testing.T) {
	for after, want := range map[time.Duration]time.Duration{0: ArmAfter, time.Millisecond: ArmAfter, -time.Hour: ArmAfter, 3 * time.Second: 3 * time.Second} {
		g := Gate{After: after}
		began := time.Unix(1000, 0)
		g.Visible(began)
		if g.Armed(began.Add(want-1)) || !g.Armed(began.Add(want)) || !g.ArmedAt().Equal(began.Add(want)) {
			t.Errorf("After %v: armed at %v, want %v", after, g.ArmedAt().Sub(began), want)
		}
	}
}
