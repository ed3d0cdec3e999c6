//go:build windows

package windows

import (
	"context"
	"errors"
	"fmt"
	"image"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"lotse/screen"
	"lotse/screen/keysym"
	"lotse/screen/screentest"
)

// clickByHand moves a device's pointer to a button and clicks.
// The pointer stays outside for longer than questionTick, as a hand's does.
func clickByHand(a *screentest.AskedQuestion, name string) {
	a.T.Helper()
	at := a.Middle(name)
	hand(a.T, "mousemove", "5", "5", "sleep", "0.3", "mousemove", fmt.Sprint(at.X), fmt.Sprint(at.Y), "sleep", "0.1", "click", "1")
}

// none checks that the question was not answered, by refusing it physically.
func none(a *screentest.AskedQuestion) {
	a.T.Helper()
	a.Unanswered()
	if r := a.Answer(func() { clickByHand(a, "refuse") }); r.Err != nil || r.Answer.Allow {
		a.T.Fatalf("the answer was %+v", r)
	}
}

// inject clicks a button as a program does.
func inject(a *screentest.AskedQuestion, name string) {
	a.T.Helper()
	if err := injectClick(a.Middle(name)); err != nil {
		a.T.Fatal(err)
	}
}

// injectClick moves the pointer to a point of the frame and clicks, as a program does.
func injectClick(at image.Point) error {
	all := virtualScreen()
	steps := func(v, side int) int32 { return int32((v<<16 + side - 1) / side) }
	at = at.Add(all.Min)
	return send(
		mouseEvent{kind: inputMouse, X: steps(5, all.Dx()), Y: steps(5, all.Dy()), flags: mouseMove | mouseAbsolute | mouseVirtualDesk}.event(),
		mouseEvent{kind: inputMouse, X: steps(at.X, all.Dx()), Y: steps(at.Y, all.Dy()), flags: mouseMove | mouseAbsolute | mouseVirtualDesk}.event(),
		mouseEvent{kind: inputMouse, flags: mouseLeft}.event(), mouseEvent{kind: inputMouse, flags: mouseLeft << 1}.event())
}

func TestQuestionByHand(t *testing.T) {
	d := openTest(t, screen.Options{})
	a := screentest.Ask(t, d.Asker, screentest.AnyQuestion())
	if r := a.Answer(func() { clickByHand(a, "allow") }); r.Err != nil || !r.Answer.Allow || len(r.Answer.Chosen) != 0 {
		t.Errorf("allowed by hand: %+v", r)
	}
	a = screentest.Ask(t, d.Asker, screentest.AnyQuestion())
	if r := a.Answer(func() { clickByHand(a, "never") }); r.Err != nil || r.Answer.Allow || !r.Answer.Never {
		t.Errorf("never again: %+v", r)
	}

	// Programs: injected, posted, and sent as a screen reader does.
	a = screentest.Ask(t, d.Asker, screentest.AnyQuestion())
	a.AwaitArmed()
	a.Rearmed(func() { inject(a, "allow") })
	for _, w := range dialogButtons(t) {
		const buttonClick = 0x00f5
		if textOf(w) != "No" && !strings.HasPrefix(textOf(w), "No,") {
			call(procSendMessage, w, buttonClick, 0, 0)
			call(procPostMessage, w, wmLeftDown, 1, 0x00050005)
			call(procPostMessage, w, wmLeftUp, 0, 0x00050005)
			call(procPostMessage, w, wmKeyDown, 0x0d, 0x1c0001)
			call(procPostMessage, w, wmKeyUp, 0x0d, 0xc01c0001)
		}
	}
	none(a)

	// The pointer was moved to the button physically; a program sends the click.
	a = screentest.Ask(t, d.Asker, screentest.AnyQuestion())
	a.AwaitArmed()
	at := a.Middle("allow")
	hand(t, "mousemove", "5", "5", "mousemove", fmt.Sprint(at.X), fmt.Sprint(at.Y))
	for _, w := range dialogButtons(t) {
		if textOf(w) == screentest.AnyQuestion().Allow {
			call(procPostMessage, w, wmLeftDown, 1, 0x00050005)
			call(procPostMessage, w, wmLeftUp, 0, 0x00050005)
		}
	}
	none(a)

	// Before the question is armed, with the pointer already there.
	a = screentest.ClickedEarly(t, d.Asker, func(a *screentest.AskedQuestion) { clickByHand(a, "allow") })
	a.AwaitArmed()
	hand(t, "click", "1")
	none(a)
}

var procPostMessage = user32.NewProc("PostMessageW")

// dialogButtons returns the buttons of the question.
func dialogButtons(t *testing.T) (all []uintptr) {
	t.Helper()
	dialog := call(procFindWindowEx, 0, 0, uintptr(unsafe.Pointer(utf16Ptr("#32770"))), uintptr(unsafe.Pointer(utf16Ptr("Lotse"))))
	for w := uintptr(0); dialog != 0; {
		if w = call(procFindWindowEx, dialog, w, uintptr(unsafe.Pointer(utf16Ptr("BUTTON"))), 0); w == 0 {
			break
		}
		all = append(all, w)
	}
	if len(all) < 2 {
		t.Fatalf("the dialog has %d buttons", len(all))
	}
	return all
}

// textOf returns a window's text.
func textOf(w uintptr) string {
	var text [100]uint16
	call(procGetWindowText, w, uintptr(unsafe.Pointer(&text[0])), uintptr(len(text)))
	return windows.UTF16ToString(text[:])
}

func TestQuestionByKeyboard(t *testing.T) {
	d := openTest(t, screen.Options{})
	a := screentest.Ask(t, d.Asker, screentest.AnyQuestion())
	a.AwaitArmed()
	// Refusing is the default. A key has no effect while another window has the focus.
	if r := a.Answer(func() { hand(t, "key", "Return") }); r.Err != nil || r.Answer.Allow {
		t.Errorf("Return alone: %+v", r)
	}
	for deadline := time.Now().Add(screentest.Patience); ; {
		if time.Now().After(deadline) {
			t.Fatal("Tab and Space: no answer")
		}
		a = screentest.Ask(t, d.Asker, screentest.AnyQuestion())
		a.AwaitArmed()
		a.Rearmed(func() {
			for _, k := range []uint32{keysym.Tab, ' '} {
				press(t, d.Input, screen.Key{Sym: k})
			}
		})
		a.Unanswered()
		before := a.Disarmed()
		hand(t, "key", "Tab", "key", "space")
		r, ok := a.Soon()
		if !ok || a.Disarmed() != before {
			// The physical keys did not count: an injected one was late, or there was no focus.
			a.Stop()
			continue
		}
		if r.Err != nil || !r.Answer.Allow {
			t.Errorf("Tab and Space: %+v", r)
		}
		break
	}
	a = screentest.Ask(t, d.Asker, screentest.AnyQuestion())
	a.AwaitArmed()
	if r := a.Answer(func() { hand(t, "key", "Tab", "key", "Escape") }); r.Err != nil || r.Answer.Allow {
		t.Errorf("Escape: %+v", r)
	}
}

func TestQuestionChoices(t *testing.T) {
	d := openTest(t, screen.Options{})
	a := screentest.Ask(t, d.Asker, screentest.AnyQuestion())
	a.Until("the choices", func(v screen.QuestionView) bool { return !v.Buttons["choice:one"].Empty() }, func() { clickByHand(a, "more") })
	a.Choose([]string{"one"}, func() { clickByHand(a, "choice:one") })
	a.Choose([]string{"one", "two"}, func() { clickByHand(a, "choice:two") })
	if r := a.Answer(func() { clickByHand(a, "allow") }); r.Err != nil || !r.Answer.Allow || strings.Join(r.Answer.Chosen, " ") != "one two" {
		t.Errorf("two programs: %+v", r)
	}
}

func TestQuestionEnds(t *testing.T) {
	d := openTest(t, screen.Options{})
	a := screentest.Ask(t, d.Asker, screentest.AnyQuestion())
	a.Stop()
	if r := a.Wait(); !errors.Is(r.Err, context.Canceled) {
		t.Errorf("stopped: %+v", r)
	}
	q := screentest.AnyQuestion()
	q.Timeout = time.Second
	a = screentest.Ask(t, d.Asker, q)
	if r := a.Wait(); !errors.Is(r.Err, screen.ErrNoAnswer) {
		t.Errorf("nobody answered: %+v", r)
	}
}

// TestAbsence checks that the pointer counts as having left the dialog, and so as having entered a
// button once more, only if it was outside after the last message about it.
func TestAbsence(t *testing.T) {
	var a absence
	if a.message(100) {
		t.Error("was outside, although no hook reported it")
	}
	a.outside(90) // an event for which the system did not wait
	if a.message(110) {
		t.Error("a late report of an old event counts")
	}
	a.outside(110)
	if a.message(115) {
		t.Error("an event that is not later counts")
	}
	a.outside(120)
	if !a.message(130) || a.message(140) {
		t.Error("it left once, between two messages")
	}
	a.message(0xfffffff0)
	a.outside(5) // the milliseconds wrap
	if !a.message(6) {
		t.Error("it left after the milliseconds had wrapped")
	}
	var first absence
	first.outside(7)
	if !first.message(3) {
		t.Error("it was outside before the first message")
	}
}

// TestMessageTime checks that a message that waited has the time at which it was queued, so that a
// press made before the question was armed does not count because it is handled later.
func TestMessageTime(t *testing.T) {
	ticks := uint32(call(procGetTickCount))
	waited, early := message{Time: ticks - 700}, message{Time: ticks + 60_000}
	now := time.Now()
	if age := now.Sub(waited.when(now)); age < 700*time.Millisecond {
		t.Errorf("a message of 700 ms ago is %v old", age)
	}
	if got := early.when(now); !got.Equal(now) {
		t.Errorf("a message of the future has the time %v, want %v", got, now)
	}
}

// TestOwnWindowsAreHidden: however this program's own windows appear and disappear, no capture of
// the screen shows a pixel of them. On wine the system cannot leave them out of captures, so the
// mask hides them.
func TestOwnWindowsAreHidden(t *testing.T) {
	d := openTest(t, screen.Options{})
	scope, err := d.Windows.Open(screen.Share{}, grey)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	var leaks, frames atomic.Int64
	go func() {
		defer close(done)
		for {
			u, err := scope.Next(ctx)
			if err != nil {
				return
			}
			frames.Add(1)
			for y := range u.Frame.Size.Y {
				for row := u.Frame.Row(y, 0, u.Frame.Size.X); len(row) >= 4; row = row[4:] {
					if row[0] == 0xff && row[1] == 0 && row[2] == 0xff {
						leaks.Add(1)
					}
				}
			}
		}
	}()
	defer func() { cancel(); <-done }()
	badge := d.Badge
	picture := screen.NewFrame(image.Pt(200, 80))
	picture.Fill(picture.Bounds(), 0xff, 0, 0xff)
	for range 10 {
		if err := errors.Join(badge.Show(picture), badge.Show(nil), badge.Show(picture)); err != nil {
			t.Fatal(err)
		}
		n := frames.Load()
		screentest.Eventually(t, "further frames", func() bool { scope.Refresh(); return frames.Load() > n+2 })
	}
	if n := leaks.Load(); n > 0 {
		t.Errorf("%d pixels of the badge in %d frames", n, frames.Load())
	}
}

// TestQuestionEnteredAgain checks that a press counts after the pointer has left the dialog and
// come back, although it was over the button when the question was armed.
func TestQuestionEnteredAgain(t *testing.T) {
	d := openTest(t, screen.Options{})
	a := screentest.Ask(t, d.Asker, screentest.AnyQuestion())
	a.AwaitArmed()
	at := a.Middle("allow")
	hand(t, "mousemove", fmt.Sprint(at.X), fmt.Sprint(at.Y))
	a.Rearmed(func() { press(t, d.Input, screen.Key{Sym: ' '}) })
	if r := a.Answer(func() { clickByHand(a, "allow") }); r.Err != nil || !r.Answer.Allow {
		t.Errorf("entered again: %+v", r)
	}
}

// TestQuestionReminded checks that a yes counts after reminders as it does without them.
func TestQuestionReminded(t *testing.T) {
	d := openTest(t, screen.Options{})
	remind := make(chan struct{})
	q := screentest.AnyQuestion()
	q.Remind = remind
	a := screentest.Ask(t, d.Asker, q)
	a.AwaitArmed()
	for range 3 {
		remind <- struct{}{}
	}
	if r := a.Answer(func() { clickByHand(a, "allow") }); r.Err != nil || !r.Answer.Allow {
		t.Errorf("%+v", r)
	}
}

// TestStopClicksWhileQuestionsCome: a click on the badge reaches the badge, where it was aimed at,
// and answers nothing, at whatever moment of it a question appears.
func TestStopClicksWhileQuestionsCome(t *testing.T) {
	d := openTest(t, screen.Options{})
	down := false
	screentest.ClickBadgeWhileAsked(t, d, []int{280}, func(at image.Point, press bool) {
		args := []string{"mousemove", fmt.Sprint(at.X), fmt.Sprint(at.Y)}
		switch {
		case press && !down:
			args = append(args, "mousedown", "1")
		case !press && down:
			args = append(args, "mouseup", "1")
		}
		down = press
		hand(t, args...)
	}, none)
}
