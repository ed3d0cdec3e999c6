//go:build linux

package native

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
)

// click moves a device's pointer to a button and clicks.
func (a *askedQuestion) click(v *viewer, name string) {
	a.t.Helper()
	at := a.middle(name)
	v.point(at.Sub(image.Pt(300, 200)), 0) // from elsewhere
	v.point(at, 0)
	v.point(at, 1)
	v.point(at, 0)
}

// none makes sure that nothing has answered: Escape by hand does so now.
func (a *askedQuestion) none(v *viewer) {
	a.t.Helper()
	a.unanswered()
	at := a.middle("refuse")
	v.point(at, 0)
	v.point(at, 1)
	v.point(at, 0)
	if r := a.wait(); r.err != nil || r.answer.Allow {
		a.t.Fatalf("the answer was %+v", r)
	}
}

func questionDesktop(t testing.TB) (*xserver, *Desktop, *viewer) {
	x := startX(t, "Xtigervnc", "-geometry", "1024x768")
	x.startOpenbox(t)
	return x, openOn(t, x, Options{}), startViewer(t, x.rfbPort)
}

// TestQuestionByHand: what counts as an answer, with a real X server. A hand is a
// viewer of the server; xdotool is a program.
func TestQuestionByHand(t *testing.T) {
	x, d, v := questionDesktop(t)

	a := ask(t, d, testQuestion())
	a.awaitArmed()
	a.click(v, "allow")
	if r := a.wait(); r.err != nil || !r.answer.Allow || len(r.answer.Chosen) != 0 {
		t.Errorf("allowed by hand: %+v", r)
	}

	a = ask(t, d, testQuestion())
	a.click(v, "refuse") // at once
	if r := a.wait(); r.err != nil || r.answer.Allow {
		t.Errorf("refused at once: %+v", r)
	}

	a = ask(t, d, testQuestion())
	a.click(v, "never")
	if r := a.wait(); r.err != nil || r.answer.Allow || !r.answer.Never {
		t.Errorf("never again: %+v", r)
	}

	a = clickedEarly(t, d, func(a *askedQuestion) { a.click(v, "allow") })
	a.awaitArmed()
	at := a.middle("allow")
	v.point(at, 1) // the pointer is there since before
	v.point(at, 0)
	a.none(v)

	a = ask(t, d, testQuestion())
	a.awaitArmed()
	at = a.middle("allow")
	x.run(t, "xdotool", "mousemove", "10", "10", "mousemove", fmt.Sprint(at.X), fmt.Sprint(at.Y), "click", "1")
	x.run(t, "xdotool", "key", "Tab", "Return")
	a.awaitArmed() // the program's events disarmed it, so they have arrived
	a.none(v)

	a = ask(t, d, testQuestion())
	a.awaitArmed()
	at = a.middle("allow")
	v.point(image.Pt(10, 10), 0)
	v.point(at, 0)
	v.point(at, 1)
	v.point(image.Pt(10, 10), 1) // and released elsewhere
	v.point(image.Pt(10, 10), 0)
	a.none(v)
}

func TestQuestionByKeyboard(t *testing.T) {
	_, d, v := questionDesktop(t)
	press := func(sym uint32) {
		v.key(sym, true)
		v.key(sym, false)
	}
	a := ask(t, d, testQuestion())
	a.awaitArmed()
	press(keysym.Return) // the default is no
	if r := a.wait(); r.err != nil || r.answer.Allow {
		t.Errorf("Return alone: %+v", r)
	}
	a = ask(t, d, testQuestion())
	a.awaitArmed()
	press(keysym.Tab)
	press(' ')
	if r := a.wait(); r.err != nil || !r.answer.Allow {
		t.Errorf("Tab and Space: %+v", r)
	}
	a = ask(t, d, testQuestion())
	a.awaitArmed()
	press(keysym.Tab)
	press(keysym.Escape)
	if r := a.wait(); r.err != nil || r.answer.Allow {
		t.Errorf("Escape: %+v", r)
	}
}

func TestQuestionChoices(t *testing.T) {
	_, d, v := questionDesktop(t)
	a := ask(t, d, testQuestion())
	a.awaitArmed()
	for _, button := range []string{"more", "choice:one", "choice:two"} {
		a.rearmed(func() { a.click(v, button) })
	}
	a.click(v, "allow")
	if r := a.wait(); r.err != nil || !r.answer.Allow || strings.Join(r.answer.Chosen, " ") != "one two" {
		t.Errorf("two programs: %+v", r)
	}
}

// TestQuestionEnds: by its context, by its time, and with the desktop; and it gives
// the keyboard back.
func TestQuestionEnds(t *testing.T) {
	x, d, v := questionDesktop(t)
	ty := startTypist(t, x)
	a := ask(t, d, testQuestion())
	a.stop()
	if r := a.wait(); !errors.Is(r.err, context.Canceled) {
		t.Errorf("stopped: %+v", r)
	}
	eventually(t, "keys reach the program again", func() bool {
		v.key('z', true)
		v.key('z', false)
		v.key(keysym.Return, true)
		v.key(keysym.Return, false)
		return strings.Contains(ty.content(), "z")
	})
	q := testQuestion()
	q.Timeout = time.Second
	a = ask(t, d, q)
	if r := a.wait(); !errors.Is(r.err, screen.ErrNoAnswer) {
		t.Errorf("nobody answered: %+v", r)
	}
	a = ask(t, d, testQuestion())
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if r := a.wait(); r.err == nil {
		t.Errorf("the desktop is closed: %+v", r)
	}
}

// TestQuestionCovered: a question that cannot be seen whole takes no yes.
func TestQuestionCovered(t *testing.T) {
	x, d, v := questionDesktop(t)
	a := ask(t, d, testQuestion())
	a.awaitArmed()
	// A program that keeps its window above everything.
	at := a.middle("allow")
	l, err := dialX(Options{Display: x.display}.withDefaults(), func([]byte) {})
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
	eventually(t, "it is not armed", func() bool { raise(); return !a.seen().Armed })
	for range 5 {
		raise()
		a.click(v, "allow")
	}
	xproto.DestroyWindow(l.Conn, top)
	a.awaitArmed()
	a.none(v)
}
