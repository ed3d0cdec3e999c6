package screen_test

import (
	"context"
	"errors"
	"image"
	"strings"
	"sync"
	"testing"

	"lotse/screen"
	"lotse/screen/screentest"
)

func TestCovers(t *testing.T) {
	apps := func(ids ...string) screen.Share { return screen.Share{Kind: screen.ShareApps, Apps: ids} }
	monitor := func(id uint32) screen.Share { return screen.Share{Kind: screen.ShareMonitor, Monitor: id} }
	whole := screen.Share{}
	for _, test := range []struct {
		from, to screen.Share
		less     bool
	}{
		{whole, whole, true}, {whole, monitor(1), true}, {whole, apps("a"), true},
		{monitor(1), monitor(1), true}, {monitor(1), monitor(2), false}, {monitor(1), whole, false}, {monitor(1), apps("a"), false},
		{apps("a", "b"), apps("b"), true}, {apps("a"), apps("a", "b"), false}, {apps("a"), whole, false}, {apps("a"), monitor(1), false},
		{apps("a"), apps(screen.AppNamed("a")), false},
	} {
		if got := test.from.Covers(test.to); got != test.less {
			t.Errorf("%+v covers %+v: %v", test.from, test.to, got)
		}
	}
}

func TestParseShare(t *testing.T) {
	monitors := func() ([]screen.Monitor, error) { return []screen.Monitor{{ID: 70}, {ID: 80}}, nil }
	for text, want := range map[string]screen.Share{
		"screen":                    {},
		"monitor:2":                 {Kind: screen.ShareMonitor, Monitor: 80},
		"app:gedit":                 {Kind: screen.ShareApps, Apps: []string{"name:gedit"}},
		"app:gedit, app:Firefox-es": {Kind: screen.ShareApps, Apps: []string{"name:gedit", "name:Firefox-es"}},
	} {
		got, err := screen.ParseShare(text, monitors)
		if err != nil || got.Kind != want.Kind || got.Monitor != want.Monitor || strings.Join(got.Apps, ",") != strings.Join(want.Apps, ",") {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, bad := range []string{"", "screens", "screen:1", "monitor", "monitor:0", "monitor:3", "monitor:x", "app:", "app:a,", "app:a,b", "everything"} {
		if got, err := screen.ParseShare(bad, monitors); err == nil {
			t.Errorf("%q: %+v", bad, got)
		}
	}
	broken := errors.New("no display")
	if _, err := screen.ParseShare("monitor:1", func() ([]screen.Monitor, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
}

// layout adds two adjacent monitors to a display.
type layout struct{ *screentest.Display }

func (l layout) Next(ctx context.Context) (screen.Update, error) {
	u, err := l.Display.Next(ctx)
	u.Monitors = []screen.Monitor{{ID: 1, Rect: image.Rect(0, 0, 50, 40)}, {ID: 2, Name: "right", Rect: image.Rect(50, 0, 100, 40)}}
	u.Pointer, u.Cursor = image.Pt(60, 7), &screen.Cursor{Pix: make([]byte, 4), Size: image.Pt(1, 1)}
	return u, err
}

func TestCrop(t *testing.T) {
	d := screentest.NewDisplay(image.Pt(100, 40))
	d.Fill(image.Rect(0, 0, 50, 40), 0xff, 0, 0)
	d.Fill(image.Rect(50, 0, 100, 40), 0, 0xff, 0)
	inside := true
	c := screen.Crop(screen.Whole(layout{d}, d), 2, func(k screen.Key, monitor image.Rectangle) error {
		if monitor != image.Rect(50, 0, 100, 40) {
			t.Errorf("the monitor is at %v", monitor)
		}
		if k.Down && !inside {
			return nil
		}
		return d.Key(k)
	})
	if err := errors.Join(c.Pointer(image.Pt(1, 1), 0), c.Key(screen.Key{Sym: 'a', Down: true})); err != nil || len(d.Events()) != 0 {
		t.Error("input before the first picture")
	}
	u, err := c.Next(t.Context())
	if err != nil || u.Frame.Size != image.Pt(50, 40) || u.Damage.Area() != 50*40 || u.Pointer != image.Pt(10, 7) || u.Cursor == nil || len(u.Monitors) != 1 {
		t.Fatalf("%+v, %v", u, err)
	}
	for y := range 40 {
		for x := range 50 {
			if p := u.Frame.Row(y, x, x+1); p[1] != 0xff || p[2] != 0 {
				t.Fatalf("at %d,%d: %v", x, y, p)
			}
		}
	}
	d.Fill(image.Rect(10, 10, 60, 12), 0, 0, 0xff) // into the left monitor, and ten columns of ours
	if u, err = c.Next(t.Context()); err != nil || u.Damage.Bounds() != image.Rect(0, 10, 10, 12) {
		t.Errorf("damage %v, %v", u.Damage.Rects(), err)
	}
	_ = c.Pointer(image.Pt(500, 3), screen.ButtonLeft)
	_ = c.Key(screen.Key{Sym: 'a', Down: true})
	inside = false // the focus is elsewhere: presses are dropped, releases are not
	_ = c.Key(screen.Key{Sym: 'b', Down: true})
	_ = c.Key(screen.Key{Sym: 'a'})
	got := d.Events()
	want := []any{screentest.Motion{At: image.Pt(99, 3), Buttons: screen.ButtonLeft}, screen.Key{Sym: 'a', Down: true}, screen.Key{Sym: 'a'}}
	if len(got) != len(want) {
		t.Fatalf("%v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("event %d: %v, want %v", i, got[i], want[i])
		}
	}
	d.Refresh()
	if _, err := screen.Crop(screen.Whole(layout{d}, d), 9, nil).Next(t.Context()); !errors.Is(err, screen.ErrNothingShared) {
		t.Errorf("a monitor that is gone: %v", err)
	}
}

// TestCropWhileTheLayoutChanges: input asks for the monitor's place while captures move it. Neither
// may wait for the other.
func TestCropWhileTheLayoutChanges(t *testing.T) {
	d := screentest.NewDisplay(image.Pt(100, 40))
	s := &moving{Display: d}
	c := screen.Crop(screen.Whole(s, d), 1, nil)
	stop := make(chan struct{})
	var input sync.WaitGroup
	input.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				_ = c.Pointer(image.Pt(1, 1), 0)
				_ = c.Key(screen.Key{Sym: 'a', Down: true})
			}
		}
	})
	for range 20_000 {
		d.Refresh()
		if _, err := c.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	input.Wait()
}

// moving moves its monitor each time.
type moving struct {
	*screentest.Display
	n int
}

func (m *moving) Next(ctx context.Context) (screen.Update, error) {
	u, err := m.Display.Next(ctx)
	m.n++
	u.Monitors = []screen.Monitor{{ID: 1, Rect: image.Rect(m.n%50, 0, m.n%50+50, 40)}}
	return u, err
}
