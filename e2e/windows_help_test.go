package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"image"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// windowsMachine is a customer's Windows computer: a wine prefix, and an X server that shows
// its windows. Keys pressed by xdotool are keys of a physical keyboard for its programs.
type windowsMachine struct {
	*display
	prefix string
	exe    string // the agent's path, unique to this machine
	reader *process
	before []string
}

// winePrefixTime limits the creation of a prefix, which happens once on a machine.
const winePrefixTime = 5 * time.Minute

// newWindows returns a machine with an American keyboard. name is the file name of the
// downloaded agent, without .exe.
func newWindows(t testing.TB, size, name string) *windowsMachine {
	t.Helper()
	// With the German layout wine does not type characters on AltGr until a real key has shown
	// it where they are. The agent types by the customer's layout.
	return newWindowsOn(t, size, name, "us")
}

func newWindowsOn(t testing.TB, size, name, keyboard string) *windowsMachine {
	t.Helper()
	need(t, "wine", "wine wine64")
	m := &windowsMachine{prefix: os.Getenv("LOTSE_WINE_E2E")}
	if m.prefix == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		m.prefix = filepath.Join(cache, "lotse-wine-e2e")
	}
	if err := os.MkdirAll(m.prefix, 0o700); err != nil {
		t.Fatal(err)
	}
	m.lock(t)
	browser := filepath.Join(m.prefix, "browser")
	script := "#!/bin/sh\nprintf '%s\\n' \"$1\" >\"$WINEPREFIX/opened.new\" && mv \"$WINEPREFIX/opened.new\" \"$WINEPREFIX/opened\"\n"
	if err := os.WriteFile(browser, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(m.openedFile()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), winePrefixTime)
	defer cancel()
	made := exec.CommandContext(ctx, "../ci/wine.sh", m.prefix, browser)
	made.WaitDelay = time.Second
	if out, err := made.CombinedOutput(); err != nil {
		t.Fatalf("no wine prefix: %v\n%s", err, out)
	}
	m.display = viewerDisplay(t, size)
	run(t, m.display.env(), need(t, "setxkbmap", "x11-xkb-utils"), keyboard)
	t.Cleanup(m.shutdown)
	m.exe = filepath.Join(t.TempDir(), name+".exe")
	body, err := os.ReadFile(ours(t, "windows/lotse-agent-windows-amd64.exe"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(m.exe, body, 0o700); err != nil {
		t.Fatal(err)
	}
	m.reader = m.puppet("reader")
	m.before = m.files()
	return m
}

// lock reserves this prefix for the test until it ends.
func (m *windowsMachine) lock(t testing.TB) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(m.prefix, ".busy"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
}

func (m *windowsMachine) env() []string {
	return append(m.display.env(), "WINEPREFIX="+m.prefix, "WINEARCH=win64", "WINEDEBUG=-all", "WINEDLLOVERRIDES=mscoree=;mshtml=;winebus.sys=;wineusb.sys=")
}

// shutdown ends all programs of the machine.
func (m *windowsMachine) shutdown() {
	_, _ = tryRun(m.env(), "wineserver", "-k")
	_, _ = tryRun(m.env(), "wineserver", "-w")
}

func (m *windowsMachine) openedFile() string { return filepath.Join(m.prefix, "opened") }

// opened waits for the address that the agent asked the browser to open.
func (m *windowsMachine) opened() (url string) {
	m.t.Helper()
	eventually(m.t, "the browser", func() error {
		b, err := os.ReadFile(m.openedFile())
		url = strings.TrimSpace(string(b))
		return err
	})
	return url
}

// browser returns a Chromium whose connections come from this Windows. The panel accepts only
// connections of its own Windows user, and a program outside of wine has no Windows user.
func (m *windowsMachine) browser() *browser {
	m.t.Helper()
	port := strings.TrimPrefix(m.puppet("proxy").Line("ready "), "ready ")
	return newBrowserBehind(m.t, "http://127.0.0.1:"+strings.TrimSpace(port))
}

// opensPanel opens a panel by an address with a token, from this Windows.
func (m *windowsMachine) opensPanel(address string) {
	m.t.Helper()
	b := m.browser()
	p := b.tab("panel")
	p.open(address)
	p.wait("number")
	p.do("close", nil)
}

// wineHand is the customer's mouse. Input that xdotool sends to the X server is physical for
// wine.
type wineHand struct{ m *windowsMachine }

func (h wineHand) move(p image.Point) {
	h.m.t.Helper()
	h.m.xdotool("mousemove", strconv.Itoa(p.X), strconv.Itoa(p.Y))
}

func (h wineHand) click(p image.Point) {
	h.m.t.Helper()
	// Wine does not notice a move that a press follows at once.
	h.m.xdotool("mousemove", strconv.Itoa(p.X), strconv.Itoa(p.Y), "sleep", "0.1", "click", "1")
}

// answers presses buttons of the agent's next question with the customer's mouse. It returns
// when the advisor's input counts again.
func (m *windowsMachine) answers(agent *process, mark int, right string, buttons ...string) {
	m.t.Helper()
	agent.presses(wineHand{m}, mark, right, buttons...)
	agent.handsStill()
}

// wine starts a Windows program.
func (m *windowsMachine) wine(env []string, args ...string) *process {
	m.t.Helper()
	return start(m.t, append(m.env(), env...), "wine", args...)
}

// agent starts the customer's program.
func (m *windowsMachine) agent(s *stack, args ...string) *process {
	m.t.Helper()
	return m.agentWith(s, nil, args...)
}

func (m *windowsMachine) agentWith(s *stack, env []string, args ...string) *process {
	m.t.Helper()
	return m.wine(append(env, "LOTSE_CA_FILE=Z:"+s.caFile), append([]string{m.exe, "--log-level", "debug"}, args...)...)
}

// puppet starts a program of screen/windows' tests and waits until it is ready. Each program
// has its own file name, because a share chooses programs by their file.
func (m *windowsMachine) puppet(role string, args ...string) *process {
	m.t.Helper()
	return m.program(role, role, args...)
}

func (m *windowsMachine) program(name, role string, args ...string) *process {
	m.t.Helper()
	body, err := os.ReadFile(ours(m.t, "puppets.exe"))
	if err != nil {
		m.t.Fatal(err)
	}
	file := filepath.Join(m.t.TempDir(), name+".exe")
	if err := os.WriteFile(file, body, 0o700); err != nil {
		m.t.Fatal(err)
	}
	p := m.wine([]string{"LOTSE_WINDOWS_PUPPET=" + strings.Join(append([]string{role}, args...), " ")}, file)
	p.Line("ready")
	return p
}

// ask sends a line to a puppet and returns its answer.
func (p *process) ask(question string) string {
	p.t.Helper()
	mark := p.Mark()
	p.Write(question)
	return strings.TrimSuffix(p.LineAfter(mark, ""), "\r")
}

// edge puts a puppet in the place of Edge. LOTSE_WINDOWS_PUPPET selects what it does.
func (m *windowsMachine) edge() {
	m.t.Helper()
	edge := filepath.Join(m.prefix, "drive_c", "Program Files (x86)", "Microsoft", "Edge", "Application", "msedge.exe")
	body, err := os.ReadFile(ours(m.t, "puppets.exe"))
	if err != nil {
		m.t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(edge), 0o700); err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { os.RemoveAll(filepath.Dir(filepath.Dir(filepath.Dir(edge)))) })
	if err := os.WriteFile(edge, body, 0o700); err != nil {
		m.t.Fatal(err)
	}
}

// unixPath returns the path outside of wine for a path on drive C.
func (m *windowsMachine) unixPath(path string) string {
	return filepath.Join(m.prefix, "drive_c", strings.ReplaceAll(strings.TrimPrefix(path, "C:"), `\`, "/"))
}

// notepad opens an editor and waits for its window.
func (m *windowsMachine) notepad() {
	m.t.Helper()
	m.wine(nil, "notepad")
	m.xdotool("search", "--sync", "--onlyvisible", "--class", "notepad.exe", "windowmove", "120", "60", "windowsize", "520", "300", "windowactivate")
	eventually(m.t, "notepad", func() error {
		if m.reader.ask("notepad") != `""` {
			return fmt.Errorf("not there")
		}
		return nil
	})
}

// written returns the text in notepad.
func (m *windowsMachine) written() (text string) {
	m.t.Helper()
	answer := m.reader.ask("notepad")
	if err := json.Unmarshal([]byte(answer), &text); err != nil {
		m.t.Fatalf("notepad: %s", answer)
	}
	return strings.ReplaceAll(text, "\r\n", "\n")
}

func (m *windowsMachine) writes(want string) {
	m.t.Helper()
	eventually(m.t, "text in notepad", func() error {
		if got := m.written(); got != want {
			return fmt.Errorf("%q, want %q", got, want)
		}
		return nil
	})
}

// neverWrites fails the test if notepad's text contains part. It first waits for the barrier of
// blinks at the advisor's page, so that earlier input has taken effect.
func (m *windowsMachine) neverWrites(what, part string, advisor *tab) {
	m.t.Helper()
	m.blinks(m.t, advisor.colourAt)
	if got := m.written(); strings.Contains(got, part) {
		m.t.Fatalf("%s: %q", what, got)
	}
}

// files lists the files in the folders in which programs usually store something.
func (m *windowsMachine) files() (list []string) {
	m.t.Helper()
	for _, dir := range []string{"users", "windows/temp", "ProgramData"} {
		_ = filepath.WalkDir(filepath.Join(m.prefix, "drive_c", dir), func(path string, _ fs.DirEntry, err error) error {
			if err == nil {
				list = append(list, path)
			}
			return nil
		})
	}
	own, _ := filepath.Glob(filepath.Join(filepath.Dir(m.exe), "*"))
	return append(list, own...)
}

// running lists the agent's processes.
func (m *windowsMachine) running() string {
	// Wine's process list shows the path in Windows' notation; the dots match its separators.
	dir := filepath.Dir(m.exe)
	out, _ := exec.Command("pgrep", "-af", filepath.Base(filepath.Dir(dir))+"."+filepath.Base(dir)+".").Output()
	return string(out)
}

// afterTheEnd are the browser's errors when a page's last request arrives after the agent has
// ended.
var afterTheEnd = []string{"ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE", "status of 502"} // 502 comes from the proxy on wine

// nothingRuns checks that no process of the agent runs and that the agent has left no file.
func (m *windowsMachine) nothingRuns() {
	m.t.Helper()
	eventually(m.t, "the end of all of the agent's processes", func() error {
		if out := m.running(); out != "" {
			return fmt.Errorf("still running: %s", out)
		}
		return nil
	})
	after := m.files()
	for _, f := range after {
		if !slices.Contains(m.before, f) {
			m.t.Errorf("left behind: %s", f)
		}
	}
}

// forgetsNumbers removes the agent's memory of wrong numbers, the only file that it may leave.
func (m *windowsMachine) forgetsNumbers() {
	m.t.Helper()
	var found []string
	for _, f := range m.files() {
		if base := filepath.Base(f); base == "lotse-tried" {
			found = append(found, f)
		}
	}
	if len(found) != 1 {
		m.t.Fatalf("what is remembered: %v", found)
	}
	if err := os.RemoveAll(found[0]); err != nil {
		m.t.Fatal(err)
	}
}

// nothingLeft is nothingRuns and also checks that the registry does not mention the agent.
func (m *windowsMachine) nothingLeft() {
	m.t.Helper()
	m.nothingRuns()
	m.shutdown() // this writes the registry to its files
	for _, hive := range []string{"user.reg", "system.reg", "userdef.reg"} {
		b, err := os.ReadFile(filepath.Join(m.prefix, hive))
		if err != nil {
			m.t.Fatal(err)
		}
		for _, line := range strings.Split(string(b), "\n") {
			// The test's own browser is registered with a path in this prefix.
			if low := strings.ToLower(line); strings.Contains(low, "lotse") && !strings.Contains(low, "browsers") {
				m.t.Errorf("in the registry: %s", line)
			}
		}
	}
}
