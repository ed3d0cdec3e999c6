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

// fileID returns an ID that differs by its last character.
func fileID(last byte) string { return strings.Repeat("x", 21) + string([]byte{last}) }

// offers makes an advisor's end offer a file, with as many bytes as the name has.
func (e end) offers(s *Session, id, name string) {
	s.send(fileOffered{tunnel.FileOffer{ID: id, Name: name, Size: int64(len(name))}, e.control})
	synctest.Wait()
}

// told returns what the end was told about files since, as "state why", and removes it.
func (e end) told() (out []string) {
	for {
		select {
		case m := <-e.out:
			if m, ok := m.(tunnel.FileState); ok {
				out = append(out, strings.TrimSpace(m.State+" "+m.Why))
			}
		default:
			return out
		}
	}
}

func (e end) wantTold(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	if got := strings.Join(e.told(), ", "); got != strings.Join(want, ", ") {
		t.Errorf("told %q, want %q", got, strings.Join(want, ", "))
	}
}

// fileDesk returns a desk that an advisor's end has joined, whose panel saves files.
func fileDesk(t *testing.T) (*desk, end) {
	t.Helper()
	d := newDesk(t, Config{SavesFiles: true})
	return d, connects(d.Session)
}

// shownFile returns the first file that panels show.
func (d *desk) shownFile(t *testing.T) files.OfferedFile {
	t.Helper()
	snap, _ := d.Snapshot()
	if len(snap.Files) == 0 {
		t.Fatal("panels show no file")
	}
	return snap.Files[0]
}

// download is a browser that saves a file.
type download struct {
	bytes.Buffer
	began files.OfferedFile
	done  chan error
}

// save saves the first file as the panel's page does.
func (d *desk) save(t *testing.T, ctx context.Context) *download {
	t.Helper()
	key := d.shownFile(t).Key
	if key == "" {
		t.Fatal("the file cannot be saved")
	}
	out := &download{done: make(chan error, 1)}
	go func() {
		out.done <- d.SaveFile(ctx, key, func(f files.OfferedFile) io.Writer {
			out.began = f
			return out
		}, func() {})
	}()
	synctest.Wait()
	return out
}

// stream opens a file stream. The result is the sender's end.
func (d *desk) stream() net.Conn {
	here, there := net.Pipe()
	d.streams.Go(func() { serveFile(context.Background(), d.Session, here) })
	return there
}

// bring sends the file over a stream.
func (d *desk) bring(id, content string) error {
	sender := &tunnel.FileSender{ID: id, Size: int64(len(content)), File: strings.NewReader(content)}
	return sender.Send(d.stream())
}

// refusesStream fails the test if the file may be sent now.
func (d *desk) refusesStream(t *testing.T, when, id string) {
	t.Helper()
	conn := d.stream()
	defer conn.Close()
	if _, err := conn.Write(tunnel.FileHeader{File: id}.Append(nil)); err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	if n, err := conn.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("%s: the stream was accepted", when)
	}
}

const letter = "letter.docx"

func TestFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, e := fileDesk(t)
		id := fileID('a')
		e.offers(d.Session, id, letter)
		e.wantTold(t, "waiting")
		d.refusesStream(t, "before the answer", id)
		snap, _ := d.Snapshot()
		if q := snap.Question; q == nil || q.Right != "files" || q.File == nil || q.File.Name != letter || q.File.Kind != "document" {
			t.Fatalf("question %+v", q)
		}
		if d.shownFile(t).Key != "" {
			t.Error("it could be saved before the answer")
		}
		q := d.answer(t, screen.Answer{Allow: true})
		if !strings.Contains(q.Hint, letter) {
			t.Errorf("the question is %+v", q)
		}
		e.wantTold(t, "accepted")
		d.refusesStream(t, "before it is saved", id)
		out := d.save(t, context.Background())
		e.wantTold(t, "wanted")
		if d.shownFile(t).State != files.Saving || d.shownFile(t).Key != "" {
			t.Errorf("while saving: %+v", d.shownFile(t))
		}
		d.refusesStream(t, "another file", fileID('b'))
		if err := d.bring(id, letter); err != nil {
			t.Fatal(err)
		}
		if err := <-out.done; err != nil || out.String() != letter || out.began.Name != letter || out.began.Size != int64(len(letter)) {
			t.Errorf("saved %q, %v; began with %+v", out.String(), err, out.began)
		}
		e.wantTold(t, "done")
		if f := d.shownFile(t); f.State != files.Done || len(f.SHA256) != 64 || f.Taken != int64(len(letter)) {
			t.Errorf("then panels show %+v", f)
		}
		d.refusesStream(t, "afterwards", id)
		if d.rights() != (tunnel.Rights{}) {
			t.Errorf("rights %+v", d.rights())
		}
	})
}

func TestFileRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, e := fileDesk(t)
		for i, answer := range []screen.Answer{{}, {Never: true}} {
			e.offers(d.Session, fileID(byte('a'+i)), letter)
			e.wantTold(t, "waiting")
			d.answer(t, answer)
			e.wantTold(t, "ended refused")
			d.refusesStream(t, "refused", fileID(byte('a'+i)))
			time.Sleep(time.Minute) // until a refused right may be asked for again
		}
		e.offers(d.Session, fileID('c'), letter)
		e.wantTold(t, "ended refused")
		if _, asked := d.asker.Question(); asked {
			t.Error("asked although the customer does not want to be asked")
		}
		_ = d.Do(Silence{Right: consent.Files})
		e.offers(d.Session, fileID('d'), letter)
		e.wantTold(t, "waiting")
		synctest.Wait()
		time.Sleep(questionTimeout)
		e.wantTold(t, "ended silence")
	})
}

// TestFilesInTurn checks that each file has a question of its own, and that a question goes with
// its offer.
func TestFilesInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, e := fileDesk(t)
		for _, c := range []byte("abc") {
			e.offers(d.Session, fileID(c), string([]byte{c})+".txt")
		}
		e.wantTold(t, "waiting", "waiting", "waiting")
		asked := func(name string) {
			t.Helper()
			synctest.Wait()
			snap, _ := d.Snapshot()
			if snap.Question == nil || snap.Question.File == nil || snap.Question.File.Name != name {
				t.Fatalf("question %+v, want %s", snap.Question, name)
			}
		}
		asked("a.txt")
		d.send(fileWithdrawn{fileID('b'), e.control})
		asked("a.txt")
		d.send(fileWithdrawn{fileID('a'), e.control})
		asked("c.txt")
		other := connects(d.Session)
		d.send(fileWithdrawn{fileID('c'), other.control})
		asked("c.txt") // another end cannot withdraw it
		d.send(controlGone{e.control})
		synctest.Wait()
		if snap, _ := d.Snapshot(); snap.Question != nil {
			t.Error("asked for a file whose sender is gone")
		}
		other.offers(d.Session, fileID('c'), "c.txt") // it is back
		asked("c.txt")
		d.allow(t)
		other.wantTold(t, "waiting", "accepted")
	})
}

// TestFileWhilePaused checks that a pause stops the bytes at once, and that they go on afterwards.
func TestFileWhilePaused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, e := fileDesk(t)
		id := fileID('a')
		e.offers(d.Session, id, letter)
		d.allow(t)
		out := d.save(t, context.Background())
		conn := d.stream()
		_, _ = conn.Write(tunnel.FileHeader{File: id}.Append(nil))
		count := make([]byte, 8)
		_, _ = io.ReadFull(conn, count)
		_, _ = conn.Write([]byte(letter[:3]))
		_, _ = io.ReadFull(conn, count)
		e.wantTold(t, "waiting", "accepted", "wanted")
		_ = d.Do(Pause{})
		e.wantTold(t, "accepted")
		if _, err := conn.Write([]byte(letter[3:5])); err == nil {
			t.Error("bytes arrive while paused")
		}
		d.refusesStream(t, "while paused", id)
		if out.String() != letter[:3] {
			t.Errorf("saved %q", out.String())
		}
		_ = d.Do(Resume{})
		d.allow(t)
		e.wantTold(t, "wanted")
		if err := d.bring(id, letter); err != nil {
			t.Fatal(err)
		}
		if err := <-out.done; err != nil || out.String() != letter {
			t.Errorf("saved %q, %v", out.String(), err)
		}
	})
}

// TestFileStreamBreaks checks that a stream that ends early is wanted again, from where it ended.
func TestFileStreamBreaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, e := fileDesk(t)
		id := fileID('a')
		e.offers(d.Session, id, letter)
		d.allow(t)
		out := d.save(t, context.Background())
		e.wantTold(t, "waiting", "accepted", "wanted")
		conn := d.stream()
		_, _ = conn.Write(tunnel.FileHeader{File: id}.Append(nil))
		count := make([]byte, 8)
		_, _ = io.ReadFull(conn, count)
		d.refusesStream(t, "beside another stream", id)
		_, _ = conn.Write([]byte(letter[:3]))
		_, _ = io.ReadFull(conn, count)
		conn.Close()
		e.wantTold(t, "wanted")
		d.send(controlGone{e.control}) // the line is lost, too
		d.send(lost{})
		d.refusesStream(t, "while away", id)
		time.Sleep(2 * tunnel.FileClaim)
		d.send(joined{advisor: &tunnel.Person{Name: "anna"}})
		again := connects(d.Session)
		again.offers(d.Session, id, letter)
		again.wantTold(t, "wanted")
		if err := d.bring(id, letter); err != nil {
			t.Fatal(err)
		}
		if err := <-out.done; err != nil || out.String() != letter {
			t.Errorf("saved %q, %v", out.String(), err)
		}
		again.wantTold(t, "done")
		again.offers(d.Session, id, letter) // a sender that missed it
		again.wantTold(t, "done")
	})
}

// TestFileEnds lists what ends a file that is being saved.
func TestFileEnds(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(d *desk, e end, cancel func())
		told string
	}{
		"stopped in the panel":     {func(d *desk, _ end, _ func()) { _ = d.Do(StopFile{fileID('a')}) }, "ended cancelled"},
		"cancelled in the browser": {func(_ *desk, _ end, cancel func()) { cancel() }, "ended cancelled"},
		"withdrawn":                {func(d *desk, e end, _ func()) { d.send(fileWithdrawn{fileID('a'), e.control}) }, "ended cancelled"},
		"the session is over":      {func(d *desk, _ end, _ func()) { _ = d.Do(End{}) }, "ended cancelled"},
		"its sender is lost": {func(d *desk, e end, _ func()) {
			d.send(controlGone{e.control})
			time.Sleep(tunnel.FileClaim)
		}, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			d, e := fileDesk(t)
			e.offers(d.Session, fileID('a'), letter)
			d.allow(t)
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			out := d.save(t, ctx)
			conn := d.stream()
			_, _ = conn.Write(tunnel.FileHeader{File: fileID('a')}.Append(nil))
			_, _ = io.ReadFull(conn, make([]byte, 8))
			e.wantTold(t, "waiting", "accepted", "wanted")
			c.end(d, e, cancel)
			synctest.Wait()
			select {
			case err := <-out.done:
				if err == nil {
					t.Errorf("%s: the download seems to be complete", name)
				}
			default:
				t.Fatalf("%s: the download goes on", name)
			}
			if _, err := conn.Write([]byte("x")); err == nil {
				t.Errorf("%s: the stream goes on", name)
			}
			if got := strings.Join(e.told(), ", "); got != c.told {
				t.Errorf("%s: told %q", name, got)
			}
			if f := d.shownFile(t); f.State != files.Ended || f.Why == "" {
				t.Errorf("%s: panels show %+v", name, f)
			}
			if err := d.SaveFile(ctx, "", nil, nil); !errors.Is(err, ErrNoFile) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

// TestFileDamaged checks that a wrong hash ends the download before its last byte.
func TestFileDamaged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, e := fileDesk(t)
		id := fileID('a')
		e.offers(d.Session, id, letter)
		d.allow(t)
		out := d.save(t, context.Background())
		conn := d.stream()
		go func() { _, _ = io.Copy(io.Discard, conn) }()
		_, _ = conn.Write(tunnel.FileHeader{File: id}.Append(nil))
		_, _ = conn.Write([]byte(letter + strings.Repeat("\x00", 32)))
		if err := <-out.done; err == nil || out.String() != letter[:len(letter)-1] {
			t.Errorf("saved %q, %v", out.String(), err)
		}
		e.wantTold(t, "waiting", "accepted", "wanted", "ended damaged")
	})
}

// TestFileOffers checks what a hostile advisor gains by offers alone: nothing, and no lines in the
// record.
func TestFileOffers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, e := fileDesk(t)
		for n := range 300 {
			id := fileID('a')[:19] + string([]byte{byte('a' + n/100), byte('a' + n/10%10), byte('a' + n%10)})
			e.offers(d.Session, id, letter)
			d.send(fileWithdrawn{id, e.control})
			e.told()
		}
		synctest.Wait()
		if snap, _ := d.Snapshot(); len(snap.Files) > 2*tunnel.MaxFiles || snap.Question != nil {
			t.Errorf("%d files, question %+v", len(snap.Files), snap.Question)
		}
		_ = d.Do(End{})
		d.send(finished{})
		snap, _ := d.Snapshot()
		if strings.Contains(snap.Record, letter) || strings.Count(snap.Record, "\n") > 10 {
			t.Errorf("the record is %s", snap.Record)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s, _ := joinedSession(t, Config{})
		e := connects(s)
		e.offers(s, fileID('a'), letter)
		e.wantTold(t, "ended nobody") // no panel could save it
	})
	synctest.Test(t, func(t *testing.T) {
		s, _ := aloneSession(t, Config{SavesFiles: true})
		e := connects(s)
		e.offers(s, fileID('a'), letter)
		e.wantTold(t, "ended nobody")
	})
}

// TestOperatorLimits checks that the operator's limits hold in both directions, also when they come
// with a connection that is there again.
func TestOperatorLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, e := fileDesk(t)
		limit := func(l *tunnel.FileLimits) {
			d.send(lost{})
			d.send(joined{advisor: &tunnel.Person{Name: "anna"}, files: l})
			synctest.Wait()
			e.told()
		}
		give := func(name string) error {
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			return d.GiveFile(ctx, name, int64(len(name)), strings.NewReader(name), func(string) { stop() })
		}
		for i, test := range []struct {
			limits  *tunnel.FileLimits
			name    string
			allowed bool
		}{
			{nil, "setup.exe", true},
			{&tunnel.FileLimits{Off: true}, "a.txt", false},
			{&tunnel.FileLimits{MaxBytes: 8}, "abcd.txt", true},
			{&tunnel.FileLimits{MaxBytes: 8}, "abcde.txt", false},
			{&tunnel.FileLimits{Kinds: []string{"document", "text"}}, "a.pdf", true},
			{&tunnel.FileLimits{Kinds: []string{"document", "text"}}, "a.exe", false},
			{&tunnel.FileLimits{Kinds: []string{"document", "text"}}, "a.txt.exe", false},
		} {
			limit(test.limits)
			want := "ended operator"
			if test.allowed {
				want = "waiting"
			}
			id := fileID(byte('a' + i))
			e.offers(d.Session, id, test.name)
			e.wantTold(t, want)
			d.send(fileWithdrawn{id, e.control})
			synctest.Wait()
			e.told()
			err := give(test.name)
			var refused FileRefusal
			if errors.As(err, &refused); (refused == tunnel.FileForbidden) == test.allowed {
				t.Errorf("%+v, %s given: %v", test.limits, test.name, err)
			}
			synctest.Wait()
			e.told()
		}
	})
}
