package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lotse/gateway/clock"
	"lotse/tunnel"
)

// lockedBuffer collects logs of several goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// stoppedClock always tells the same time.
type stoppedClock struct {
	clock.System
	now time.Time
}

func (c stoppedClock) Now() time.Time { return c.now }

// testConfig is of a trail in a folder.
func testConfig(dir string, size int64, files int, out io.Writer) Config {
	return Config{
		Folder: dir, Size: size, Files: files, Clock: clock.System{},
		Log:     slog.New(slog.NewTextHandler(out, nil)),
		Network: func(a netip.Addr) string { return netip.PrefixFrom(a, 24).Masked().String() },
	}
}

// testTrail writes records into a folder, as a gateway that starts and stops.
func testTrail(t *testing.T, dir string, size int64, files int, records ...Record) *lockedBuffer {
	t.Helper()
	logs := &lockedBuffer{}
	a, err := Open(testConfig(dir, size, files, logs))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		a.Record(r)
		if len(a.queue) > queueLength/2 {
			a.take(<-a.queue)
		}
	}
	a.Finish()
	a.Run()
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	return logs
}

// session are records that are not folded.
func sessionRecords(n int) (out []Record) {
	for i := range n {
		out = append(out, Record{Event: Opened, Account: "anna", Session: fmt.Sprint("session", i), From: "192.0.2.1"})
	}
	return out
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func writeFile(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestAuditChain: the chain continues across restarts and files, and a chain printed earlier is
// found later.
func TestAuditChain(t *testing.T) {
	dir := t.TempDir()
	testTrail(t, dir, 4000, 100, sessionRecords(10)...)
	first, err := Verify(dir, "")
	if err != nil || first.Lines != 11 || first.Files != 1 || first.FirstFile != 1 {
		t.Fatalf("%+v, %v", first, err)
	}
	for range 5 {
		if logs := testTrail(t, dir, 4000, 100, sessionRecords(10)...); logs.String() != "" {
			t.Errorf("logged: %s", logs.String())
		}
	}
	r, err := Verify(dir, first.Chain)
	if err != nil || r.Files < 3 || r.Lines != 60+r.Files || !r.Expected || r.Torn {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := Verify(dir, strings.Repeat("0", 64)); err == nil {
		t.Error("a chain that never was is found")
	}
	st, err := os.Stat(filepath.Join(dir, newestName))
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
}

// TestAuditTampering: each change is found, with its place.
func TestAuditTampering(t *testing.T) {
	lines := func(b []byte) [][]byte { return bytes.SplitAfter(b, []byte("\n")) }
	for name, c := range map[string]struct {
		change func(t *testing.T, dir string)
		file   string
		line   int
	}{
		"a word is edited": {edit(olderName(2), func(b []byte) []byte { return bytes.Replace(b, []byte("session3"), []byte("session4"), 1) }), olderName(2), 0},
		"a line is edited and its chain made to fit": {edit(newestName, func(b []byte) []byte {
			l := lines(b)
			_, before, _ := splitLine(bytes.TrimSpace(l[0]))
			l[1], _, _ = before.appendLine(nil, Record{Event: Start})
			return bytes.Join(l, nil)
		}), newestName, 3},
		"a line is removed":       {edit(newestName, func(b []byte) []byte { return bytes.Join(slices.Delete(lines(b), 2, 3), nil) }), newestName, 3},
		"the last line is cut":    {edit(newestName, func(b []byte) []byte { l := lines(b); return bytes.Join(l[:len(l)-2], nil) }), newestName, 0},
		"the last line is torn":   {edit(newestName, func(b []byte) []byte { return b[:len(b)-5] }), newestName, 0},
		"two lines are exchanged": {edit(newestName, func(b []byte) []byte { l := lines(b); l[1], l[2] = l[2], l[1]; return bytes.Join(l, nil) }), newestName, 2},
		"a line is doubled":       {edit(newestName, func(b []byte) []byte { l := lines(b); return bytes.Join(slices.Insert(l, 2, l[1]), nil) }), newestName, 3},
		"a line without chain":    {edit(newestName, func(b []byte) []byte { return append(b, "{\"event\":\"signed_in\"}\n"...) }), newestName, 0},
		"a line beyond length":    {edit(newestName, func(b []byte) []byte { return append(b, append(bytes.Repeat([]byte("x"), 3*maxLine), '\n')...) }), newestName, 0},
		"a file's end is cut":     {edit(olderName(1), func(b []byte) []byte { l := lines(b); return bytes.Join(l[:len(l)-2], nil) }), olderName(2), 1},
		"a file is removed":       {remove(olderName(2)), olderName(3), 1},
		"the oldest is removed":   {remove(olderName(1)), olderName(1), 0},
		"the newest is removed":   {remove(newestName), newestName, 0},
		"a file is emptied":       {edit(olderName(2), func([]byte) []byte { return nil }), olderName(3), 1},
		"the end is another": {edit(newestName, func(b []byte) []byte {
			l := lines(b)
			n := len(l) - 2
			_, before, _ := splitLine(bytes.TrimSpace(l[n-1]))
			l[n], _, _ = before.appendLine(nil, Record{Event: Stop})
			return bytes.Join(l, nil)
		}), newestName, 0},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			testTrail(t, dir, 1500, 100, sessionRecords(10)...)
			testTrail(t, dir, 1500, 100, sessionRecords(10)...)
			for _, r := range sessionRecords(20) {
				testTrail(t, dir, 1500, 100, r)
			}
			if r, err := Verify(dir, ""); err != nil || r.Files < 4 {
				t.Fatalf("%+v, %v", r, err)
			}
			c.change(t, dir)
			_, err := Verify(dir, "")
			var b *Break
			if !errors.As(err, &b) || b.File != c.file || c.line > 0 && b.Line != c.line {
				t.Errorf("%v", err)
			}
			// The gateway still starts and continues the trail.
			testTrail(t, dir, 1500, 100, sessionRecords(3)...)
		})
	}
}

func edit(name string, change func([]byte) []byte) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		t.Helper()
		path := filepath.Join(dir, name)
		before := readFile(t, path)
		after := change(bytes.Clone(before))
		if bytes.Equal(before, after) {
			t.Fatal("nothing was changed")
		}
		writeFile(t, path, after)
	}
}

func remove(name string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		t.Helper()
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAuditRecovers: a line left incomplete by a crash is removed and reported. A missing or
// damaged end is reported too, and the trail continues in a new file.
func TestAuditRecovers(t *testing.T) {
	for name, c := range map[string]struct {
		change func([]byte) []byte
		event  string
		good   bool // the trail verifies afterwards
	}{
		"torn":    {func(b []byte) []byte { return append(b, `{"time":"2026-01-`...) }, Recovered, true},
		"missing": {func(b []byte) []byte { return b[:bytes.LastIndexByte(b[:len(b)-1], '\n')+1] }, Broken, false},
		"broken":  {func(b []byte) []byte { return bytes.Replace(b, []byte("session3"), []byte("session4"), 1) }, Broken, false},
		"empty":   {func([]byte) []byte { return nil }, Broken, false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			testTrail(t, dir, 1<<20, 100, sessionRecords(10)...)
			edit(newestName, c.change)(t, dir)
			logs := testTrail(t, dir, 1<<20, 100, sessionRecords(3)...)
			if !strings.Contains(logs.String(), "level=ERROR") {
				t.Error("nothing in the log")
			}
			if b := readFile(t, filepath.Join(dir, newestName)); !bytes.Contains(b, []byte(`"event":"`+c.event+`"`)) || !bytes.Contains(b, []byte("session2")) {
				t.Errorf("%s", b)
			}
			if _, err := Verify(dir, ""); (err == nil) != c.good {
				t.Errorf("%v", err)
			}
			if logs := testTrail(t, dir, 1<<20, 100, sessionRecords(3)...); logs.String() != "" {
				t.Errorf("noted a second time: %s", logs.String())
			}
		})
	}
}

// TestAuditOfOlderVersion: lines without a chain are kept and covered as a whole.
func TestAuditOfOlderVersion(t *testing.T) {
	dir := t.TempDir()
	old := []byte("{\"time\":\"2025-01-01T00:00:00Z\",\"event\":\"signed_in\"}\n{\"event\":\"signed_out\"}\n")
	writeFile(t, filepath.Join(dir, newestName), old)
	if r, err := Verify(dir, ""); err != nil || r.Unchained != 2 || r.Lines != 0 {
		t.Errorf("before: %+v, %v", r, err)
	}
	testTrail(t, dir, 1<<20, 100, sessionRecords(3)...)
	if !bytes.Equal(readFile(t, filepath.Join(dir, olderName(0))), old) {
		t.Error("the old file was changed")
	}
	if r, err := Verify(dir, ""); err != nil || r.Unchained != 2 || r.Lines != 4 {
		t.Errorf("after: %+v, %v", r, err)
	}
	edit(olderName(0), func(b []byte) []byte { return bytes.Replace(b, []byte("out"), []byte("in"), 1) })(t, dir)
	var b *Break
	if _, err := Verify(dir, ""); !errors.As(err, &b) || b.File != newestName || b.Line != 1 {
		t.Errorf("changed: %v", err)
	}
}

// TestAuditRotation: files have the configured size, the configured number is kept, and the trail
// verifies.
func TestAuditRotation(t *testing.T) {
	dir := t.TempDir()
	for i := range 60 {
		testTrail(t, dir, 2000, 3, sessionRecords(5+i%3)...)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	total := int64(0)
	for _, e := range entries {
		st, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		total += st.Size()
	}
	if len(entries) != 5 || total > 5*4000 { // three older files, the newest, audit.head
		t.Errorf("%d files, %d bytes", len(entries), total)
	}
	if r, err := Verify(dir, ""); err != nil || r.FirstFile < 10 || r.Files != 4 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestAuditFullDisk: a full disk ends nothing. Lost records are counted and reported once there is
// space, and the trail verifies.
func TestAuditFullDisk(t *testing.T) {
	dir, logs := t.TempDir(), &lockedBuffer{}
	cfg := testConfig(dir, 1<<20, 10, logs)
	cfg.Clock = stoppedClock{now: time.Now()}
	a, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	say := func(n int) {
		for _, r := range sessionRecords(n) {
			a.Record(r)
		}
		a.take(<-a.queue)
	}
	say(3)
	good := a.file.file
	if a.file.file, err = os.OpenFile("/dev/full", os.O_WRONLY, 0); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		say(7)
	}
	if n := strings.Count(logs.String(), "level=ERROR"); n != 1 {
		t.Errorf("%d errors in the log within a minute", n)
	}
	a.file.file.Close()
	a.file.file = good
	say(1)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if b := readFile(t, filepath.Join(dir, newestName)); !bytes.Contains(b, []byte(`"event":"audit_lost","folded":700`)) {
		t.Errorf("%s", b)
	}
	if r, err := Verify(dir, ""); err != nil || r.Lines != 1+3+1+1 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestAuditStalledDisk covers finding M10: while the disk does not answer, sessions are opened,
// entered and ended, and memory is limited.
func TestAuditStalledDisk(t *testing.T) {
	a, err := Open(testConfig(t.TempDir(), 1<<20, 10, io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	// Nobody reads from the pipe, so the write ends at its deadline, with a full pipe.
	if err := out.SetWriteDeadline(time.Now().Add(time.Second / 10)); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Write(make([]byte, 8<<20)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("the pipe took everything: %v", err)
	}
	if err := out.SetWriteDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	good := a.file.file
	a.file.file, a.file.size = out, 0
	var writing sync.WaitGroup
	writing.Go(a.Run)
	// Run takes what waits, and the number of lost records, once. Then it waits for the disk.
	records := sessionRecords(2 * queueLength)
	for recorded := false; !recorded || a.lost.Load() == 0; recorded = true {
		for _, r := range records {
			a.Record(r)
		}
	}
	in.Close()
	a.Finish()
	writing.Wait()
	out.Close()
	a.file.file = good
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestAuditFold covers finding M10: a flood is written as a few lines with its extent. Events that
// strangers cannot cause are written one by one in between.
func TestAuditFold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		a, err := Open(testConfig(dir, 1<<30, 10, io.Discard))
		if err != nil {
			t.Fatal(err)
		}
		var writing sync.WaitGroup
		writing.Go(a.Run)
		const perSecond, minutes = 1000, 5
		for second := range 60 * minutes {
			for i := range perSecond {
				a.Record(Record{Event: Refused, Reason: tunnel.RefusedRate, From: fmt.Sprintf("10.%d.%d.%d", i%100, second%100, i%250)})
			}
			a.Record(Record{Event: Opened, Session: fmt.Sprint(second)})
			time.Sleep(time.Second)
		}
		a.Finish()
		writing.Wait()
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		refused, folded, opened, lines := 0, int64(0), 0, 0
		for line := range bytes.Lines(readFile(t, filepath.Join(dir, newestName))) {
			var r Record
			if err := json.Unmarshal(line, &r); err != nil {
				t.Fatal(err)
			}
			switch {
			case r.Event == Opened:
				opened++
			case r.Folded > 0:
				lines++
				folded += r.Folded
				if len(r.Networks) != foldNetworks || r.Others == 0 || r.Seconds < 1 || r.Seconds > 70 || r.Reason != tunnel.RefusedRate {
					t.Errorf("%+v", r)
				}
			case r.Event == Refused:
				refused++
			}
		}
		if int64(refused)+folded != perSecond*60*minutes || opened != 60*minutes {
			t.Errorf("%d in full and %d folded of %d; %d sessions of %d", refused, folded, perSecond*60*minutes, opened, 60*minutes)
		}
		if lines > minutes+1 || refused > foldFull*(minutes+1) {
			t.Errorf("%d lines and %d of the flood in %d minutes", lines, refused, minutes)
		}
	})
}

// TestAuditFoldKinds: a flood of many kinds of events is limited, too.
func TestAuditFoldKinds(t *testing.T) {
	f, now := newFolding(netip.Addr.String), time.Unix(1e9, 0)
	written := 0
	for i := range 100_000 {
		written += len(f.add(nil, Record{Event: Enter, Session: fmt.Sprint(i), From: "192.0.2.1"}, now))
	}
	if written > foldKinds+foldFull || len(f.kinds) > foldKinds+len(foldable) {
		t.Errorf("%d lines, %d kinds", written, len(f.kinds))
	}
	rest := int64(0)
	for _, r := range f.all(now) {
		rest += r.Folded
	}
	if int64(written)+rest != 100_000 {
		t.Errorf("%d and %d", written, rest)
	}
}

// FuzzAuditVerify changes one byte of a trail. VerifyAudit finds every real change, and the gateway
// starts with any content.
func FuzzAuditVerify(f *testing.F) {
	dir := f.TempDir()
	a, err := Open(testConfig(dir, 1<<20, 10, io.Discard))
	if err != nil {
		f.Fatal(err)
	}
	for _, r := range sessionRecords(5) {
		a.Record(r)
	}
	a.Finish()
	a.Run()
	if err := a.Close(); err != nil {
		f.Fatal(err)
	}
	good, err := os.ReadFile(filepath.Join(dir, newestName))
	if err != nil {
		f.Fatal(err)
	}
	head, err := os.ReadFile(filepath.Join(dir, headName))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(10, byte('x'), []byte(nil))
	f.Add(len(good)-1, byte(' '), []byte("{}\n"))
	f.Fuzz(func(t *testing.T, at int, b byte, more []byte) {
		dir := t.TempDir()
		changed := bytes.Clone(good)
		changed[uint(at)%uint(len(good))] = b
		changed = append(changed, more...)
		writeFile(t, filepath.Join(dir, newestName), changed)
		writeFile(t, filepath.Join(dir, headName), head)
		_, err := Verify(dir, "")
		whole := bytes.HasPrefix(changed, good) && !bytes.Contains(more, []byte("\n"))
		if whole != (err == nil) {
			t.Fatalf("%v", err)
		}
		testTrail(t, dir, 1<<20, 10, sessionRecords(1)...)
	})
}
