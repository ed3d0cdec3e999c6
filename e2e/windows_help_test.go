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

// windowsMachine is a customer's Windows: a wine prefix and an X server on which
// its windows appear. Keys of xdotool are there what a keyboard's are on Windows.
type windowsMachine struct {
	*display
	prefix string
	exe    string // the agent, at a path that is this machine's alone
	reader *process
	before []string
}

// winePrefixTime bounds making a prefix, once on a machine.
const winePrefixTime = 5 * time.Minute

// newWindows is a machine with an American keyboard; name is what the downloaded
// agent is called, without .exe.
func newWindows(t testing.TB, size, name string) *windowsMachine {
	t.Helper()
	// Not the German layout: wine does not type what lies on AltGr unless a real
	// key has shown it where that is. The agent types by the customer's layout.
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

// lock keeps others from this prefix until the test's end.
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

// shutdown ends all of the machine.
func (m *windowsMachine) shutdown() {
	_, _ = tryRun(m.env(), "wineserver", "-k")
	_, _ = tryRun(m.env(), "wineserver", "-w")
}

func (m *windowsMachine) openedFile() string { return filepath.Join(m.prefix, "opened") }

// opened waits for the address that the browser was told to open.
func (m *windowsMachine) opened() (url string) {
	m.t.Helper()
	eventually(m.t, "the browser", func() error {
		b, err := os.ReadFile(m.openedFile())
		url = strings.TrimSpace(string(b))
		return err
	})
	return url
}

// browser is a Chromium whose connections come from this Windows: the panel takes
// those of its own user only, and a program outside of wine is nobody there.
func (m *windowsMachine) browser() *browser {
	m.t.Helper()
	port := strings.TrimPrefix(m.puppet("proxy").Line("ready "), "ready ")
	return newBrowserBehind(m.t, "http://127.0.0.1:"+strings.TrimSpace(port))
}

// opensPanel opens a panel by an address with a token, as a program of this Windows.
func (m *windowsMachine) opensPanel(address string) {
	m.t.Helper()
	b := m.browser()
	p := b.tab("panel")
	p.open(address)
	p.wait("number")
	p.do("close", nil)
}

// wineHand is the customer's mouse: what xdotool does on the X server is a device's for
// wine.
type wineHand struct{ m *windowsMachine }

func (h wineHand) move(p image.Point) {
	h.m.t.Helper()
	h.m.xdotool("mousemove", strconv.Itoa(p.X), strconv.Itoa(p.Y))
}

func (h wineHand) click(p image.Point) {
	h.m.t.Helper()
	// Wine takes a move and a press in one step for no move.
	h.m.xdotool("mousemove", strconv.Itoa(p.X), strconv.Itoa(p.Y), "sleep", "0.1", "click", "1")
}

// answers presses buttons of the agent's next question, by hand, and returns when the
// advisor's input counts again.
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

// puppet is a program of screen/windows' tests, ready. Each has a file name of its
// own, as it is what programs are chosen by.
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

// ask asks a puppet.
func (p *process) ask(question string) string {
	p.t.Helper()
	mark := p.Mark()
	p.Write(question)
	return strings.TrimSuffix(p.LineAfter(mark, ""), "\r")
}

// edge puts a puppet where Edge is; LOTSE_WINDOWS_PUPPET says which.
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

// unixPath is where a file of drive C lies.
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

// written is what stands in notepad.
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

// neverWrites fails the test if notepad has a text, once the advisor's page has shown
// what the desktop did behind it.
func (m *windowsMachine) neverWrites(what, part string, advisor *tab) {
	m.t.Helper()
	m.blinks(m.t, advisor.colourAt)
	if got := m.written(); strings.Contains(got, part) {
		m.t.Fatalf("%s: %q", what, got)
	}
}

// files lists what lies where programs leave things.
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
	// Wine shows the path as Windows writes it.
	dir := filepath.Dir(m.exe)
	out, _ := exec.Command("pgrep", "-af", filepath.Base(filepath.Dir(dir))+"."+filepath.Base(dir)+".").Output()
	return string(out)
}

// afterTheEnd is what a page says whose last request met an agent that had ended, or, on
// wine, the proxy that had taken the connection.
var afterTheEnd = []string{"ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE", "status of 502"} // the last by the proxy on wine

// nothingRuns: no process of the agent's, no file.
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

// forgetsNumbers removes what the agent remembers of numbers that did not match: the
// only thing that it may leave behind.
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

// nothingLeft is nothingRuns, and no word in the registry.
func (m *windowsMachine) nothingLeft() {
	m.t.Helper()
	m.nothingRuns()
	m.shutdown() // writes the registry
	for _, hive := range []string{"user.reg", "system.reg", "userdef.reg"} {
		b, err := os.ReadFile(filepath.Join(m.prefix, hive))
		if err != nil {
			m.t.Fatal(err)
		}
		for _, line := range strings.Split(string(b), "\n") {
			// The test's own browser is registered at this prefix.
			if low := strings.ToLower(line); strings.Contains(low, "lotse") && !strings.Contains(low, "browsers") {
				m.t.Errorf("in the registry: %s", line)
			}
		}
	}
}
