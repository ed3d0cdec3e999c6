package x11test

import (
	"io"
	"testing"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// AwaitManager waits until the window manager that was started on a display manages windows. The
// manager announces itself before that, and a window mapped meanwhile may get lost, so AwaitManager
// maps a window repeatedly until it has a frame.
func AwaitManager(t testing.TB, display string) {
	t.Helper()
	xgb.Logger.SetOutput(io.Discard)
	c, err := xgb.NewConnDisplay(display)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	screen := xproto.Setup(c).DefaultScreen(c)
	var probe, frame xproto.Window
	deadline := time.Now().Add(3 * time.Minute)
	for look := 0; ; look++ {
		if time.Now().After(deadline) {
			t.Fatalf("display %s: the window manager takes no window", display)
		}
		if look%20 == 0 {
			if probe != 0 {
				xproto.DestroyWindow(c, probe)
			}
			if probe, err = xproto.NewWindowId(c); err != nil {
				t.Fatal(err)
			}
			xproto.CreateWindow(c, screen.RootDepth, probe, screen.Root, 0, 0, 50, 50, 0, xproto.WindowClassInputOutput, screen.RootVisual, 0, nil)
			xproto.MapWindow(c, probe)
		}
		tree, err := xproto.QueryTree(c, probe).Reply()
		if err != nil {
			t.Fatal(err)
		}
		if frame = tree.Parent; frame != screen.Root {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := xproto.DestroyWindowChecked(c, probe).Check(); err != nil {
		t.Fatal(err)
	}
	for {
		a, err := xproto.GetWindowAttributes(c, frame).Reply()
		if err != nil || a.MapState != xproto.MapStateViewable {
			return // its frame is gone
		}
		if time.Now().After(deadline) {
			t.Fatalf("display %s: the frame of a window that is gone stays", display)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
