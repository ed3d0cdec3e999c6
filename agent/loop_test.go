package agent

import (
	"context"
	"image"
	"io"
	"log/slog"
	"maps"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lotse/agent/choices"
	"lotse/consent"
	"lotse/rfb/rfbtest"
	"lotse/screen"
	"lotse/screen/screentest"
	"lotse/seal"
	"lotse/tunnel"
)

// outside is everything that could block a session. It records the calls, and reports an error
// if the loop makes one.
type outside struct {
	t      *testing.T
	mu     sync.Mutex
	called map[string]bool // Guarded by mu.
}

func (o *outside) call(what string) {
	stack := make([]uintptr, 50)
	frames := runtime.CallersFrames(stack[:runtime.Callers(2, stack)])
	for {
		f, more := frames.Next()
		if strings.HasSuffix(f.Function, ".(*loop).run") {
			o.t.Errorf("the loop called %s", what)
		}
		if !more {
			break
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.called[what] = true
}

type outsideInput struct {
	screen.Input
	*outside
}

func (i outsideInput) Key(k screen.Key) error { i.call("Key"); return i.Input.Key(k) }
func (i outsideInput) Pointer(p image.Point, b screen.Buttons) error {
	i.call("Pointer")
	return i.Input.Pointer(p, b)
}
func (i outsideInput) ReleaseAll() error { i.call("ReleaseAll"); return i.Input.ReleaseAll() }

type outsideScope struct {
	screen.Scope
	outsideInput
	*outside
}

func (s outsideScope) Next(ctx context.Context) (screen.Update, error) {
	s.call("Next")
	return s.Scope.Next(ctx)
}
func (s outsideScope) Refresh()                          { s.call("Refresh"); s.Scope.Refresh() }
func (s outsideScope) Close() error                      { s.call("Scope.Close"); return s.Scope.Close() }
func (s outsideScope) Owns(o screen.ClipboardOwner) bool { s.call("Owns"); return s.Scope.Owns(o) }
func (s outsideScope) Key(k screen.Key) error            { return s.outsideInput.Key(k) }
func (s outsideScope) ReleaseAll() error                 { return s.outsideInput.ReleaseAll() }
func (s outsideScope) Suspend(on bool)                   { s.Scope.Suspend(on) }
func (s outsideScope) Pointer(p image.Point, b screen.Buttons) error {
	return s.outsideInput.Pointer(p, b)
}

type outsideWindows struct {
	screen.Windows
	*outside
}

func (w outsideWindows) Choices() (screen.Choices, error) {
	w.call("Choices")
	return w.Windows.Choices()
}
func (w outsideWindows) Open(s screen.Share, backdrop func(image.Point) *screen.Frame) (screen.Scope, error) {
	w.call("Open")
	scope, err := w.Windows.Open(s, backdrop)
	if err != nil {
		return nil, err
	}
	return outsideScope{scope, outsideInput{scope, w.outside}, w.outside}, nil
}

type outsideKey struct {
	*screentest.Key
	*outside
}

func (k outsideKey) Swallow(on bool) error { k.call("Swallow"); return k.Key.Swallow(on) }

type outsideBadge struct {
	*screentest.Badge
	*outside
}

func (b outsideBadge) Show(f *screen.Frame) error { b.call("Badge.Show"); return b.Badge.Show(f) }

type outsideAsker struct {
	*screentest.Asker
	*outside
}

func (a outsideAsker) Ask(ctx context.Context, q screen.Question) (screen.Answer, error) {
	a.call("Ask")
	return a.Asker.Ask(ctx, q)
}

type outsideClipboard struct{ *outside }

func (c outsideClipboard) Set(screen.Clip) error { c.call("Clipboard.Set"); return nil }
func (c outsideClipboard) Watch(ctx context.Context, from func(screen.ClipboardOwner) bool, changed func(screen.Clip, screen.ClipboardOwner)) error {
	c.call("Clipboard.Watch")
	if from(1) {
		changed(screen.Clip{Text: "text"}, 1)
	}
	<-ctx.Done()
	return ctx.Err()
}

type outsideMarker struct{ *outside }

func (m outsideMarker) Mark([]screen.Mark) error { m.call("Mark"); return nil }

type outsideConn struct {
	net.Conn
	*outside
}

func (c outsideConn) Read(b []byte) (int, error)  { c.call("Read"); return c.Conn.Read(b) }
func (c outsideConn) Write(b []byte) (int, error) { c.call("Write"); return c.Conn.Write(b) }
func (c outsideConn) Close() error                { c.call("Conn.Close"); return c.Conn.Close() }

// TestLoopCallsNobody checks that the loop calls neither the display, nor a socket, nor a
// panel, in a session in which everything happens. So none of them can delay the reaction to
// F12 or End.
func TestLoopCallsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &outside{t: t, called: map[string]bool{}}
		display := screentest.NewDisplay(image.Pt(100, 100))
		windows := screentest.NewDesk(display)
		windows.Program("1", "left", image.Rect(10, 10, 30, 30))
		windows.Program("2", "right", image.Rect(60, 60, 90, 90))
		asker, key, badge := screentest.NewAsker(), screentest.NewKey(), screentest.NewBadge()
		hands, notices := screentest.NewInputWatcher(), screentest.NewNotices()
		s, ended := startSession(t, Config{
			Client: &tunnel.Client{Gateway: "https://support.example.com"}, Logger: slog.New(slog.DiscardHandler),
			Display: screen.Parts{
				Screen: display, Input: outsideInput{display, o}, Windows: outsideWindows{windows, o}, Hotkey: outsideKey{key, o},
				Badge: outsideBadge{badge, o}, Asker: outsideAsker{asker, o}, Clipboard: outsideClipboard{o}, InputWatcher: hands, Notices: notices, Marker: outsideMarker{o},
			},
		})
		d := &desk{Session: s, asker: asker}
		s.send(joined{advisor: &tunnel.Person{Name: "anna"}})

		// An advisor's end and a viewer connect.
		a, b := net.Pipe()
		p := seal.Params{Number: testNumber, Kind: "control", Stream: streamID(1)}
		sealed := make(chan *seal.Conn, 1)
		go func() { c, _ := seal.Handshake(context.Background(), b, seal.Advisor, p); sealed <- c }()
		ours, err := seal.Handshake(context.Background(), outsideConn{a, o}, seal.Agent, p)
		if err != nil {
			t.Fatal(err)
		}
		theirs := <-sealed
		go io.Copy(io.Discard, theirs)
		var streams sync.WaitGroup
		streams.Go(func() { s.serveControl(context.Background(), ours, tunnel.DoorPage, leadOf(s)) })
		va, vb := net.Pipe()
		streams.Go(func() {
			s.serveViewer(context.Background(), outsideConn{va, o}, &viewer{door: "page", line: LineSealed, party: leadOf(s)})
		})
		var v *rfbtest.Viewer
		viewing := make(chan error, 1)
		go func() { v, err = rfbtest.New(vb, rfbtest.Config{}); viewing <- err }()
		d.allow(t, "app:1")
		if err := <-viewing; err != nil {
			t.Fatal(err)
		}
		if err := v.Refresh(); err != nil {
			t.Fatal(err)
		}
		go io.Copy(io.Discard, vb)

		if err := v.SendPointer(image.Pt(20, 20), 1); err != nil { // points
			t.Fatal(err)
		}
		synctest.Wait()

		// Everything that can be asked, done and taken back happens.
		d.ask(consent.Control)
		d.allow(t)
		d.ask(consent.Clipboard)
		d.allow(t)
		if err := v.SendKey('a', true); err != nil {
			t.Fatal(err)
		}
		if err := v.SendPointer(image.Pt(20, 20), 1); err != nil {
			t.Fatal(err)
		}
		if err := v.SendCutText("text"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		hands.Act(screen.Act{Physical: true, Press: true})
		time.Sleep(2 * localPause)
		notices.Tell(screen.NoticeShielded)
		notices.Tell(screen.NoticeNone)
		_ = s.Do(Propose{choices.Selection{Kind: "apps", Apps: []string{"1", "2"}}})
		d.allow(t)
		_ = s.Do(Propose{choices.Selection{Kind: "apps", Apps: []string{"2"}}})
		key.Press()
		_ = s.Do(Pause{})
		_ = s.Do(Resume{})
		d.allow(t)
		synctest.Wait()
		s.Thumbnail()
		d.ask(consent.Share)
		d.answer(t, screen.Answer{})

		// The other view direction: a panel looks at the advisor's screen, then the direction
		// changes.
		sa, sb := net.Pipe()
		streams.Go(func() { s.serveShow(context.Background(), outsideConn{sa, o}) })
		go io.WriteString(sb, "RFB 003.008\n")
		d.allow(t)
		panel := s.Look(context.Background(), func([]byte) error { o.call("panel"); return nil }, func() { o.call("panel's end") })
		if panel == nil {
			t.Fatal("nothing to look at")
		}
		synctest.Wait()
		_ = s.Do(Take{consent.Show})
		time.Sleep(time.Minute)
		d.ask(consent.View)
		d.allow(t)

		_ = s.Do(End{})
		<-ended.Done()
		s.send(finished{})
		streams.Wait()
		v.Close()
		theirs.Close()
		sb.Close()

		want := []string{
			"Ask", "Badge.Show", "Choices", "Clipboard.Set", "Clipboard.Watch", "Conn.Close", "Key", "Mark", "Next", "Open", "Owns", "Pointer", "Read", "Refresh", "ReleaseAll",
			"Scope.Close", "Swallow", "Write", "panel", "panel's end",
		}
		synctest.Wait()
		o.mu.Lock()
		defer o.mu.Unlock()
		if got := slices.Sorted(maps.Keys(o.called)); !slices.Equal(got, want) {
			t.Errorf("called: %q\n  want: %q", got, want)
		}
	})
}
