package agent

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lotse/agent/files"
	"lotse/consent"
	"lotse/screen"
	"lotse/tunnel"
)

// gift is a file that the customer gives.
type gift struct {
	id   string
	done chan error
	stop context.CancelFunc // the page is gone
}

// gives makes the customer give a file.
func (d *desk) gives(name, content string) *gift {
	ctx, stop := context.WithCancel(context.Background())
	g := &gift{done: make(chan error, 1), stop: stop}
	go func() {
		defer stop()
		g.done <- d.GiveFile(ctx, name, int64(len(content)), strings.NewReader(content), func(id string) { g.id = id })
	}()
	synctest.Wait()
	return g
}

// offered returns the names of the files that the end was offered since, and removes them.
func (e end) offered() (names []string) {
	synctest.Wait()
	for {
		select {
		case m := <-e.out:
			if m, ok := m.(tunnel.FileOffer); ok {
				names = append(names, m.Name)
			}
		default:
			return names
		}
	}
}

// fetch takes a file over a stream of its own.
func (d *desk) fetch(id string, size int) (string, error) {
	var got bytes.Buffer
	receiver := &tunnel.FileReceiver{Size: int64(size), Write: func(b []byte) error { got.Write(b); return nil }}
	conn := d.stream()
	defer conn.Close()
	err := receiver.Fetch(conn, id)
	return got.String(), err
}

func TestGiveFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, e := fileDesk(t)
		g := d.gives("../notes.txt", "the customer's notes")
		if got := e.offered(); len(got) != 1 || got[0] != "notes.txt" {
			t.Fatalf("offered %v", got)
		}
		if got := connects(d.Session).offered(); len(got) != 1 {
			t.Errorf("an end that connects later is offered %v", got)
		}
		if f := d.shownFile(t); !f.Given || f.State != files.Accepted || f.Key != "" || f.ID != g.id {
			t.Errorf("panels show %+v", f)
		}
		if got, err := d.fetch(g.id, 20); err != nil || got != "the customer's notes" {
			t.Fatalf("%q, %v", got, err)
		}
		if err := <-g.done; err != nil {
			t.Error(err)
		}
		e.wantTold(t, "done")
		if f := d.shownFile(t); f.State != files.Done || len(f.SHA256) != 64 || f.Taken != 20 {
			t.Errorf("then panels show %+v", f)
		}
		if _, err := d.fetch(g.id, 20); err == nil {
			t.Error("it can be taken twice")
		}
		if got := connects(d.Session).offered(); got != nil {
			t.Errorf("offered afterwards: %v", got)
		}
		_ = d.Do(End{})
		d.send(finished{})
		if snap, _ := d.Snapshot(); strings.Count(snap.Record, "notes.txt") != 2 || !strings.Contains(snap.Record, d.shownFile(t).SHA256) {
			t.Errorf("the record is %s", snap.Record)
		}
	})
}

// TestGiveFileWithControl checks that an advisor who has, or has had, control cannot give a file by
// clicking in the panel: nothing leaves the computer before a yes in the question window.
func TestGiveFileWithControl(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, e := fileDesk(t)
		d.ask(consent.View)
		d.allow(t)
		d.addViewer(false)
		d.ask(consent.Control)
		d.allow(t)
		for _, when := range []string{"with control", "after control"} {
			g := d.gives("passwords.kdbx", "secret")
			if got := e.offered(); got != nil {
				t.Fatalf("%s: offered %v before the answer", when, got)
			}
			if _, err := d.fetch(g.id, 6); err == nil {
				t.Fatalf("%s: taken before the answer", when)
			}
			if q := d.answer(t, screen.Answer{}); !strings.Contains(q.Wish, "passwords.kdbx") {
				t.Errorf("%s: the question is %+v", when, q)
			}
			if _, err := d.fetch(g.id, 6); err == nil {
				t.Errorf("%s: taken after a no", when)
			}
			if err := <-g.done; err != nil || d.rights().Clipboard {
				t.Errorf("%s: %v", when, err)
			}
			time.Sleep(time.Minute) // until the customer may be asked again
			_ = d.Do(Take{consent.Control})
		}
		g := d.gives("notes.txt", "notes")
		d.allow(t)
		if got := e.offered(); len(got) != 1 {
			t.Errorf("offered %v", got)
		}
		if got, err := d.fetch(g.id, 5); err != nil || got != "notes" {
			t.Errorf("%q, %v", got, err)
		}
	})
}

// TestGiveFileEnds lists what ends a file that the customer gives, and what only interrupts it.
func TestGiveFileEnds(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(d *desk, e end, g *gift)
		told string
	}{
		"the customer takes it back":   {func(d *desk, _ end, g *gift) { _ = d.Do(StopFile{g.id}) }, "ended cancelled"},
		"the page is gone":             {func(_ *desk, _ end, g *gift) { g.stop() }, "ended lost"},
		"the advisor does not want it": {func(d *desk, e end, g *gift) { d.send(fileWithdrawn{g.id, e.control}) }, "ended refused"},
		"the session is over":          {func(d *desk, _ end, _ *gift) { _ = d.Do(End{}) }, ""}, // the end says it
	} {
		synctest.Test(t, func(t *testing.T) {
			d, e := fileDesk(t)
			g := d.gives("notes.txt", strings.Repeat("x", 100))
			conn := d.takes(t, g.id)
			c.end(d, e, g)
			synctest.Wait()
			select {
			case <-g.done:
			default:
				t.Errorf("%s: it goes on", name)
			}
			_, _ = conn.Write(tunnel.AppendFileCount(nil, 50))
			if _, err := io.ReadAll(conn); err != nil && !errors.Is(err, io.ErrClosedPipe) {
				t.Errorf("%s: %v", name, err)
			}
			if got := strings.Join(e.told(), ", "); got != c.told {
				t.Errorf("%s: told %q", name, got)
			}
			if _, err := d.fetch(g.id, 100); err == nil {
				t.Errorf("%s: taken afterwards", name)
			}
		})
	}
}

// takes opens a stream that takes a file and counts nothing.
func (d *desk) takes(t *testing.T, id string) net.Conn {
	t.Helper()
	conn := d.stream()
	t.Cleanup(func() { conn.Close() })
	_, _ = conn.Write(tunnel.FileHeader{File: id}.Append(nil))
	if _, err := conn.Write(tunnel.AppendFileCount(nil, 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// TestGiveFileWhilePaused checks that a pause stops the bytes, and that they go on afterwards.
func TestGiveFileWhilePaused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := fileDesk(t)
		g := d.gives("notes.txt", "the customer's notes")
		conn := d.takes(t, g.id)
		if _, err := d.fetch(g.id, 20); err == nil {
			t.Error("two streams take the same file")
		}
		_ = d.Do(Pause{})
		synctest.Wait()
		if _, err := conn.Write(tunnel.AppendFileCount(nil, 1)); err == nil {
			t.Error("the stream goes on while paused")
		}
		if _, err := d.fetch(g.id, 20); err == nil {
			t.Error("taken while paused")
		}
		_ = d.Do(Resume{})
		d.allow(t)
		if got, err := d.fetch(g.id, 20); err != nil || got != "the customer's notes" {
			t.Errorf("%q, %v", got, err)
		}
	})
}

func TestGiveFileRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := fileDesk(t)
		for why, name := range map[string]string{tunnel.FileBadName: "..", tunnel.FileTooLarge: "large"} {
			size := int64(1)
			if why == tunnel.FileTooLarge {
				size = tunnel.MaxFileSize + 1
			}
			var refused FileRefusal
			err := d.GiveFile(context.Background(), name, size, strings.NewReader("x"), func(string) { t.Error("accepted") })
			if !errors.As(err, &refused) || string(refused) != why {
				t.Errorf("%s: %v", why, err)
			}
		}
		_ = d.Do(End{})
		synctest.Wait()
		if err := d.GiveFile(context.Background(), "a", 1, strings.NewReader("x"), nil); err != FileRefusal(tunnel.FileNobody) {
			t.Errorf("after the end: %v", err)
		}
	})
}
