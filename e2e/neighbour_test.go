package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"lotse/rfb"
	"lotse/rfb/rfbtest"
)

const neighbourID = 64002

// watched runs the neighbour's program and collects what it has seen.
type watched struct {
	t    *testing.T
	tell func(string)
	// Static after newNeighbour.
	except map[int]bool // ports of the test's own parts

	mu     sync.Mutex
	seen   []sighting
	rounds map[string]bool
	told   map[int]bool // ports that the neighbour knows
}

// newNeighbour starts another user's program. It tries every port of the programs that the test
// starts, except the given ones.
func newNeighbour(t *testing.T, except ...int) *watched {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("NOT TESTED: only root can start a program as another user")
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = []string{neighbourVariable + "=" + strconv.FormatInt(time.Now().Unix(), 10), "GOMAXPROCS=1", "TMPDIR=" + os.TempDir()}
	cmd.Dir = "/"
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: neighbourID, Gid: neighbourID}, Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w := &watched{t: t, rounds: map[string]bool{}, told: map[int]bool{}, except: map[int]bool{}}
	for _, port := range except {
		w.except[port] = true
	}
	var writing sync.Mutex
	w.tell = func(line string) {
		writing.Lock()
		defer writing.Unlock()
		fmt.Fprintln(in, line)
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for lines := json.NewDecoder(out); ; {
			var s sighting
			if lines.Decode(&s) != nil {
				return
			}
			w.mu.Lock()
			if s.Round != "" {
				w.rounds[s.Round] = true
			} else {
				w.seen = append(w.seen, s)
			}
			w.mu.Unlock()
		}
	})
	wg.Go(func() {
		for {
			w.scout()
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	})
	t.Cleanup(func() {
		close(stop)
		in.Close()
		_ = cmd.Process.Kill()
		wg.Wait()
		_ = cmd.Wait()
	})
	return w
}

// scout tells the neighbour the new ports.
func (w *watched) scout() {
	ports := listeningPorts(descendants())
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, port := range ports {
		if !w.told[port] && !w.except[port] {
			w.told[port] = true
			w.tell("port " + strconv.Itoa(port))
		}
	}
}

// round returns after the neighbour has looked at everything and tried every port once more.
func (w *watched) round(name string) {
	w.t.Helper()
	w.scout()
	w.tell("round " + strings.ReplaceAll(name, " ", "_"))
	eventually(w.t, "the neighbour's round: "+name, func() error {
		w.mu.Lock()
		defer w.mu.Unlock()
		if !w.rounds[strings.ReplaceAll(name, " ", "_")] {
			return fmt.Errorf("not over")
		}
		return nil
	})
}

func (w *watched) sightings() []sighting {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.seen)
}

// has reports whether the neighbour has seen data at a place whose name contains where.
func (w *watched) has(where, data string) bool {
	return slices.ContainsFunc(w.sightings(), func(s sighting) bool {
		return strings.Contains(s.Where, where) && bytes.Contains(s.Data, []byte(data))
	})
}

// never fails the test for each sighting of a secret.
func (w *watched) never(what string, secret string) {
	w.t.Helper()
	if len(secret) < 8 {
		w.t.Fatalf("%s is not known to the test: %q", what, secret)
	}
	for _, s := range w.sightings() {
		if strings.Contains(s.Where, secret) || bytes.Contains(s.Data, []byte(secret)) {
			w.t.Errorf("another user has seen %s in %s", what, s.Where)
		}
	}
}

// unserved fails the test if a port sent the neighbour a single byte.
func (w *watched) unserved(what string, port int) {
	w.t.Helper()
	w.mu.Lock()
	tried := w.told[port]
	w.mu.Unlock()
	if !tried {
		w.t.Errorf("the neighbour did not try the port of %s", what)
	}
	for _, s := range w.sightings() {
		if strings.HasPrefix(s.Where, "port 127.0.0.1:"+strconv.Itoa(port)+" ") {
			w.t.Errorf("the port of %s answered another user: %s: %q", what, s.Where, s.Data[:min(len(s.Data), 200)])
		}
	}
}

func (w *watched) noSharedMemory(p *process) {
	w.t.Helper()
	if w.has("shared memory of process "+strconv.Itoa(p.PID()), "") {
		w.t.Errorf("another user can read the pictures of %s", p.name)
	}
}

// portIn returns the port of the first address in a line.
func portIn(t *testing.T, line string) int {
	t.Helper()
	_, rest, _ := strings.Cut(line, "127.0.0.1:")
	digits := strings.TrimLeft(rest, ":")
	if end := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' }); end >= 0 {
		digits = digits[:end]
	}
	port, err := strconv.Atoi(digits)
	if err != nil {
		t.Fatalf("no port in %q", line)
	}
	return port
}

// TestNeighbour checks that another user of the customer's or the advisor's computer learns no
// number, token, password or pixel, and that our own user is served meanwhile. The neighbour
// reads command lines, environments, files, shared memory and loopback ports. He keeps the
// ports busy before, during and after each program.
//
// Two ports are left out. The display's own VNC port is the customer's keyboard in this test,
// and the gateway's port is open to everyone.
func TestNeighbour(t *testing.T) {
	// This temporary folder has the same mode as the system's and contains nothing else.
	temp, err := os.MkdirTemp("/tmp", "nb")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(temp) })
	if err := os.Chmod(temp, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", temp)
	s := newStack(t)
	customer := customerDisplay(t, "900x700")
	customer.paint()
	typedFile := customer.typewriter()
	screen := viewerDisplay(t, "1100x900")
	w := newNeighbour(t, customer.vncPort, portIn(t, s.url))
	// t.TempDir() is accessible to its own user only.
	canary := filepath.Join(os.TempDir(), fmt.Sprintf("lotse-canary-%d", os.Getpid()))
	defer os.Remove(canary)
	if err := os.WriteFile(canary, []byte("a file that everybody can read"), 0o644); err != nil {
		t.Fatal(err)
	}
	openToAll := httptest.NewServer(http.NotFoundHandler())
	defer openToAll.Close()
	w.round("before")

	ses := s.newSession()
	w.round("lotse session")
	agent, panel := s.openedByAgent(customer, ses.number)
	panel.wait("session")
	ses.Line(`"state":"joined"`)
	w.round("panel")
	advisor := []string{"--gateway", s.url, "--user", "advisor"}
	port := vncPort(t)
	view := start(t, s.env(), ours(t, "lotse"), append([]string{"view", "-", "--many", "--listen", "127.0.0.1:" + strconv.Itoa(port)}, advisor...)...)
	view.Write(ses.number)
	view.Line("ready:")
	w.round("view waits for a viewer")

	// A viewer of our own user comes and is served.
	mark := agent.Mark()
	come := make(chan error, 1)
	var viewer *rfbtest.Viewer
	go func() {
		var err error
		viewer, err = rfbtest.Dial(net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), rfbtest.Config{})
		come <- err
	}()
	panel.waitFor("question", `[data-right="view"]`)
	w.round("question")
	allow(customer, agent, mark, "view")
	if err := <-come; err != nil {
		t.Fatal(err)
	}
	defer viewer.Close()
	if err := viewer.SetEncodings(rfbtest.Raw); err != nil {
		t.Fatal(err)
	}
	mark = agent.Mark()
	ses.Write("control")
	allow(customer, agent, mark, "control")
	ses.Line(`"given","right":"control"`)
	w.round("control")
	if err := viewer.Refresh(); err != nil {
		t.Errorf("the own viewer: %v", err)
	}

	// A started viewer has a one-time password.
	started := start(t, append(s.env(), screen.env()...), ours(t, "lotse"),
		append(append([]string{"view", "-", "--listen", "127.0.0.1:0"}, advisor...),
			"--", "sh", "-c", `echo "password $VNC_PASSWORD"; read go; exec `+need(t, "xtigervncviewer", "tigervnc-viewer")+` -MenuKey= -AutoSelect=0 -PreferredEncoding=ZRLE -PasswordFile "$1" "$2"`, "viewer", "{passwd}", "{}")...)
	started.Write(ses.number)
	startedPort := portIn(t, started.Line("ready:"))
	password := strings.TrimPrefix(started.Line("password "), "password ")
	w.round("before the started viewer")
	started.Write("go")
	shows(t, screen, customer, 0)
	w.round("started viewer")

	// Now the advisor shows his screen.
	started.Stop()
	view.Stop()
	mark = agent.Mark()
	show := start(t, append(s.env(), screen.env()...), ours(t, "lotse"), append([]string{"show", "-"}, advisor...)...)
	show.Write(ses.number)
	allow(customer, agent, mark, "show")
	show.Line("showing: ")
	w.round("show")
	panel.wait("show")

	token, key := agent.Line("panel: "), panel.eval(`() => sessionStorage.getItem("lotse-panel-key")`)
	panel.click("end")
	panel.wait("ended")
	ses.Line(`"state":"ended"`)
	for _, p := range []*process{show, agent, ses.process} {
		p.Exit()
	}
	w.round("after")

	// The neighbour saw what it could see. This proves that it would have seen the secrets.
	for where, data := range map[string]string{canary: "everybody can read", "/cmdline": "lotse-agent\x00--gateway", strings.TrimPrefix(openToAll.URL, "http://"): "404"} {
		if !w.has(where, data) {
			t.Errorf("the neighbour did not see %q in %s", data, where)
		}
	}
	_, token, _ = strings.Cut(token, "#t=")
	w.never("the panel's token", token)
	w.never("the panel's key", key)
	w.never("the viewer's password", password)
	hidden, err := rfb.PasswordFile(password)
	if err != nil {
		t.Fatal(err)
	}
	w.never("the viewer's password", string(hidden))
	w.never("the advisor's password", devPassword)
	for _, between := range []string{"", " ", "-", "."} {
		w.never("the session number", ses.number[:3]+between+ses.number[3:6]+between+ses.number[6:])
	}
	w.unserved("the panel", portIn(t, agent.Line("panel: ")))
	w.unserved("lotse view", port)
	w.unserved("lotse view with a viewer", startedPort)
	for _, p := range []*process{agent, view, show} {
		w.noSharedMemory(p)
	}
	if got := typed(typedFile); got != "" {
		t.Errorf("somebody typed %q", got)
	}
}
