//go:build linux

package x11

import (
	"context"
	"errors"
	"fmt"
	"image"
	"strings"
	"testing"
	"time"

	"github.com/jezek/xgb/xproto"

	"lotse/screen"
	"lotse/screen/keysym"
	"lotse/screen/screentest"
	"lotse/screen/x11/x11test"
)

// click moves a device's pointer to a button and clicks.
func click(a *screentest.AskedQuestion, v *viewer, name string) {
	a.T.Helper()
	at := a.Middle(name)
	v.point(at.Sub(image.Pt(300, 200)), 0) // from elsewhere
	v.point(at, 0)
	v.point(at, 1)
	v.point(at, 0)
}

// none checks that the question was not answered, by pressing Escape physically.
func none(a *screentest.AskedQuestion, v *viewer) {
	a.T.Helper()
	a.Unanswered()
	at := a.Middle("refuse")
	v.point(at, 0)
	v.point(at, 1)
	v.point(at, 0)
	if r := a.Wait(); r.Err != nil || r.Answer.Allow {
		a.T.Fatalf("the answer was %+v", r)
	}
}

func questionDesktop(t testing.TB) (*x11test.Server, *screen.Desktop, *viewer) {
	x := x11test.Start(t, "Xtigervnc", "-geometry", "1024x768")
	x.StartOpenbox(t)
	return x, openOn(t, x, screen.Options{}), startViewer(t, x.RFBPort)
}

// TestQuestionByHand: what counts as an answer, with a real X server. A viewer of the server is
// physical input; xdotool is a program.
func TestQuestionByHand(t *testing.T) {
	x, d, v := questionDesktop(t)

	a := screentest.Ask(t, d.Asker, screentest.AnyQuestion())
	a.AwaitArmed()
	click(a, v, "allow")
	if r := a.Wait(); r.Err != nil || !r.Answer.Allow || len(r.Answer.Chosen) != 0 {
		t.Errorf("allowed by hand: %+v", r)
	}

	a = screentest.Ask(t, d.Asker, screentest.AnyQuestion())
	click(a, v, "refuse") // at once
	if r := a.Wait(); r.Err != nil || r.Answer.Allow {
		t.Errorf("refused at once: %+v", r)
	}

	a = screentest.Ask(t, d.Asker, screentest.AnyQuestion())
	click(a, v, "never")
	if r := a.Wait(); r.Err != nil || r.Answer.Allow || !r.Answer.Never {
		t.Errorf("never again: %+v", r)
	}

	a = screentest.ClickedEarly(t, d.Asker, func(a *screentest.AskedQuestion) { click(a, v, "allow") })
	a.AwaitArmed()
	at := a.Middle("allow")
	v.point(at, 1) // the pointer was already there
	v.point(at, 0)
	none(a, v)

	a = screentest.Ask(t, d.Asker, screentest.AnyQuestion())
	a.AwaitArmed()
	at = a.Middle("allow")
	x.Run(t, "xdotool", "mousemove", "10", "10", "mousemove", fmt.Sprint(at.X), fmt.Sprint(at.Y), "click", "1")
	x.Run(t, "xdotool", "key", "Tab", "Return")
	a.AwaitArmed() // the program's events disarmed it, so they have arrived
	none(a, v)

	a = screentest.Ask(t, d.Asker, screentest.AnyQuestion())
	a.AwaitArmed()
	at = a.Middle("allow")
	v.point(image.Pt(10, 10), 0)
	v.point(at, 0)
	v.point(at, 1)
	v.point(image.Pt(10, 10), 1) // and released elsewhere
	v.point(image.Pt(10, 10), 0)
	none(a, v)
}

func TestQuestionByKeyboard(t *testing.T) {
	_, d, v := questionDesktop(t)
	press := func(sym uint32) {
		v.key(sym, true)
		v.key(sym, false)
	}
	a := screentest.Ask(t, d.Asker, screentest.AnyQuestion())
	a.AwaitArmed()
	press(keysym.Return) // refusing is the default
	if r := a.Wait(); r.Err != nil || r.Answer.Allow {
		t.Errorf("Return alone: %+v", r)
	}
	a = screentest.Ask(t, d.Asker, screentest.AnyQuestion())
	a.AwaitArmed()
	press(keysym.Tab)
	press(' ')
	if r := a.Wait(); r.Err != nil || !r.Answer.Allow {
		t.Errorf("Tab and Space: %+v", r)
	}
	a = screentest.Ask(t, d.Asker, screentest.AnyQuestion())
	a.AwaitArmed()
	press(keysym.Tab)
	press(keysym.Escape)
	if r := a.Wait(); r.Err != nil || r.Answer.Allow {
		t.Errorf("Escape: %+v", r)
	}
}

func TestQuestionChoices(t *testing.T) {
	_, d, v := questionDesktop(t)
	a := screentest.Ask(t, d.Asker, screentest.AnyQuestion())
	a.AwaitArmed()
	a.Rearmed(func() { click(a, v, "more") })
	a.Choose([]string{"one"}, func() { click(a, v, "choice:one") })
	a.Choose([]string{"one", "two"}, func() { click(a, v, "choice:two") })
	click(a, v, "allow")
	if r := a.Wait(); r.Err != nil || !r.Answer.Allow || strings.Join(r.Answer.Chosen, " ") != "one two" {
		t.Errorf("two programs: %+v", r)
	}
}

// TestQuestionEnds: it ends by its context, by its timeout, and with the desktop; and it gives the
// keyboard's focus back.
func TestQuestionEnds(t *testing.T) {
	x, d, v := questionDesktop(t)
	ty := x11test.StartTypist(t, x)
	a := screentest.Ask(t, d.Asker, screentest.AnyQuestion())
	a.Stop()
	if r := a.Wait(); !errors.Is(r.Err, context.Canceled) {
		t.Errorf("stopped: %+v", r)
	}
	screentest.Eventually(t, "keys reach the program again", func() bool {
		v.key('z', true)
		v.key('z', false)
		v.key(keysym.Return, true)
		v.key(keysym.Return, false)
		return strings.Contains(ty.Content(), "z")
	})
	q := screentest.AnyQuestion()
	q.Timeout = time.Second
	a = screentest.Ask(t, d.Asker, q)
	if r := a.Wait(); !errors.Is(r.Err, screen.ErrNoAnswer) {
		t.Errorf("nobody answered: %+v", r)
	}
	a = screentest.Ask(t, d.Asker, screentest.AnyQuestion())
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if r := a.Wait(); r.Err == nil {
		t.Errorf("the desktop is closed: %+v", r)
	}
}

// TestQuestionCovered: a question that is not completely visible cannot be allowed.
func TestQuestionCovered(t *testing.T) {
	x, d, v := questionDesktop(t)
	a := screentest.Ask(t, d.Asker, screentest.AnyQuestion())
	a.AwaitArmed()
	// A program that keeps its window above everything.
	at := a.Middle("allow")
	l, err := dialX(screen.Options{Display: x.Display}.WithDefaults(), func([]byte) {})
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	top, err := xproto.NewWindowId(l.Conn)
	if err != nil {
		t.Fatal(err)
	}
	err = xproto.CreateWindowChecked(l.Conn, 0, top, l.root, int16(at.X-150), int16(at.Y-150), 100, 300, 0, xproto.WindowClassInputOutput, 0,
		xproto.CwOverrideRedirect, []uint32{1}).Check()
	if err != nil {
		t.Fatal(err)
	}
	xproto.MapWindow(l.Conn, top)
	raise := func() {
		xproto.ConfigureWindow(l.Conn, top, xproto.ConfigWindowStackMode, []uint32{xproto.StackModeAbove})
		_ = l.sync()
	}
	raise()
	screentest.Eventually(t, "it is not armed", func() bool { raise(); return !a.Seen().Armed })
	for range 5 {
		raise()
		click(a, v, "allow")
	}
	xproto.DestroyWindow(l.Conn, top)
	a.AwaitArmed()
	none(a, v)
}

// TestQuestionReminded checks that a reminder can be seen and that a yes counts afterwards.
func TestQuestionReminded(t *testing.T) {
	x, d, v := questionDesktop(t)
	remind := make(chan struct{}, 1)
	q := screentest.AnyQuestion()
	q.Remind = remind
	a := screentest.Ask(t, d.Asker, q)
	a.AwaitArmed()
	l, err := dialX(screen.Options{Display: x.Display}.WithDefaults(), func([]byte) {})
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	// A line of pixels from the button to the left, across the frame of the window.
	at := a.Middle("refuse")
	edge := func() string {
		r, err := xproto.GetImage(l.Conn, xproto.ImageFormatZPixmap, xproto.Drawable(l.root), 0, int16(at.Y), uint16(at.X), 1, 1<<32-1).Reply()
		if err != nil {
			t.Fatal(err)
		}
		return string(r.Data)
	}
	before := edge()
	screentest.Eventually(t, "the frame changes", func() bool {
		select {
		case remind <- struct{}{}:
		default:
		}
		return edge() != before
	})
	click(a, v, "allow")
	if r := a.Wait(); r.Err != nil || !r.Answer.Allow {
		t.Errorf("%+v", r)
	}
}
