//go:build !windows

package panel

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestPanelWindow checks that the browser gets the address and its own folder, which is removed
// when the window has been closed. The browser here is a shell script; TestWindowsPanelWindow
// in e2e runs the real program on Wine.
func TestPanelWindow(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	note := filepath.Join(t.TempDir(), "note")
	browser := filepath.Join(t.TempDir(), "browser")
	script := "#!/bin/sh\nfor a; do case $a in --user-data-dir=*) echo x >\"${a#*=}/x\";; esac; done\nprintf '%s\\n' \"$@\" >" + note + "\n"
	if err := os.WriteFile(browser, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	stale, fresh := filepath.Join(temp, "lotse-panel-1"), filepath.Join(temp, "lotse-panel-2")
	for _, dir := range []string{stale, fresh} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Now().Add(-2 * profileStale)
	if err := os.Chtimes(stale, old, old); err != nil {
		t.Fatal(err)
	}
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	const address = "http://127.0.0.1:9/"
	if _, err := out.WriteString(address + "\n"); err != nil {
		t.Fatal(err)
	}
	if err := runWindow(browser, in, nil, func() {}); err != nil {
		t.Fatal(err)
	}
	out.Close()
	args, err := os.ReadFile(note)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(args); !strings.HasPrefix(got, "--app="+address+"\n--user-data-dir="+temp) {
		t.Errorf("started with %s", got)
	}
	left, _ := filepath.Glob(filepath.Join(temp, "*"))
	if len(left) != 1 || left[0] != fresh {
		t.Errorf("left: %v", left)
	}
}

// TestPanelWindowIsRaised checks that the process that runs the window is told to raise it, and
// that raise reports when the window is gone.
func TestPanelWindowIsRaised(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	browser := filepath.Join(t.TempDir(), "browser")
	if err := os.WriteFile(browser, []byte("#!/bin/sh\nexec sleep 60\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	w := &window{pipe: out, over: make(chan struct{})}
	if _, err := out.WriteString("http://127.0.0.1:9/#t=x\n"); err != nil {
		t.Fatal(err)
	}
	raised, ended := make(chan int, 1), make(chan struct{})
	go func() {
		defer close(ended)
		_ = runWindow(browser, in, func(process int) { raised <- process }, func() { close(w.over) })
	}()
	if !w.raise() {
		t.Fatal("a window that is open cannot be raised")
	}
	browserProcess, err := os.FindProcess(<-raised)
	if err != nil {
		t.Fatal(err)
	}
	if err := browserProcess.Kill(); err != nil { // as if the customer closed it
		t.Fatal(err)
	}
	<-w.over
	defer func() { <-ended }()
	if w.raise() {
		t.Error("a window that was closed was raised")
	}
	w.Close()
	if (*window)(nil).raise() {
		t.Error("no window was raised")
	}
}

// TestNoTokenOnTheCommandLine checks that a browser is started without a token on its command
// line, which others can read. The first page that connects is taken for that browser, the
// second is refused.
func TestNoTokenOnTheCommandLine(t *testing.T) {
	note := filepath.Join(t.TempDir(), "note")
	folder := t.TempDir()
	script := "#!/bin/sh\nprintf '%s\\n' \"$@\" >" + note + ".new && mv " + note + ".new " + note + "\n"
	if err := os.WriteFile(filepath.Join(folder, "xdg-open"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
	printed := make(chan string, 1)
	p := &Panel{Opened: func(url string) { printed <- url }}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.run(ctx, newFakeSession()) }()
	defer func() { cancel(); <-done }()
	<-printed
	var args []byte
	for deadline := time.Now().Add(time.Minute); args == nil && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		args, _ = os.ReadFile(note)
	}
	address := strings.TrimSpace(string(args))
	if address != p.origin+"/" {
		t.Fatalf("the browser is started with %q", args)
	}
	open := func() int {
		r, err := http.Post(address+"api/open", "application/json", strings.NewReader(`{"token":""}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		return r.StatusCode
	}
	if first, second := open(), open(); first != 200 || second != 403 {
		t.Errorf("the first page gets %d, the second %d", first, second)
	}
	http.DefaultClient.CloseIdleConnections()
}
