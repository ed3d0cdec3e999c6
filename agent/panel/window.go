package panel

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// A window of its own for the panel, without an address bar, is a browser with a temporary
// profile. A second process runs this browser, because the program may be killed at any moment.
// The second process outlives the program for as long as the window is open, and then removes
// the profile's folder.

const (
	// windowVariable tells a process to run such a window, with the browser in its value.
	windowVariable = "LOTSE_PANEL_WINDOW"
	profilePattern = "lotse-panel-*"
	// profileStale is the age at which a folder's owner certainly no longer runs.
	profileStale = 24 * time.Hour
	// windowLinger is how long the window stays open after the program's end, so that it can be
	// read.
	windowLinger = time.Minute
	// windowFails is the time within which a browser that cannot show a window ends.
	windowFails = 3 * time.Second
	// removePatience is the maximum wait until a browser's last processes have closed their
	// files.
	removePatience = 20 * time.Second
	// raiseLine is what the program writes to bring the window to the front.
	raiseLine = "raise"
)

// windowFlags prevent the browser from asking questions, downloading anything and storing
// anything.
var windowFlags = []string{
	"--no-first-run", "--no-default-browser-check", "--disable-sync", "--disable-background-networking", "--disable-background-mode",
	"--disable-component-update", "--disable-default-apps", "--disable-extensions", "--window-size=440,720",
}

// WindowMain runs the panel's window if this process was started for that, and reports whether
// it did. The program must call it before anything else, and end if the result is true. raise
// brings the windows of a process to the front; nil means that this is not possible.
func WindowMain(raise func(process int)) bool {
	browser, ok := os.LookupEnv(windowVariable)
	if !ok {
		return false
	}
	_ = os.Unsetenv(windowVariable)
	if err := runWindow(browser, os.Stdin, raise, func() { os.Stdout.Close() }); err != nil {
		fmt.Fprintln(os.Stderr, "lotse-agent: the panel's window:", err)
	}
	return true
}

// window is the process that runs a window. It lives while the window or the pipe is open, and
// a little longer. A nil *window is no window.
type window struct {
	pipe io.WriteCloser
	over chan struct{} // closed together with the window; its process may still remove files
}

// raise brings the window to the front. It returns false if there is no window any more.
func (w *window) raise() bool {
	if w == nil {
		return false
	}
	select {
	case <-w.over:
		return false
	default:
	}
	_, err := fmt.Fprintln(w.pipe, raiseLine)
	return err == nil
}

// Close closes the pipe, which ends the window after windowLinger.
func (w *window) Close() {
	if w != nil {
		w.pipe.Close()
	}
}

// openWindow starts the process that runs the window.
func openWindow(browser, address string) (*window, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), windowVariable+"="+browser)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	w := &window{pipe: in, over: make(chan struct{})}
	go func() {
		_, _ = io.Copy(io.Discard, out) // the process closes it when the window is closed
		close(w.over)
		_ = cmd.Wait()
	}()
	// The command line cannot contain the address, because others can read it.
	if _, err := fmt.Fprintln(in, address); err != nil {
		in.Close()
		return nil, err
	}
	return w, nil
}

// runWindow shows the address in the first line of in. It returns when the customer has closed
// the window, or windowLinger after in has ended. It calls gone before it removes the profile.
func runWindow(browser string, in io.Reader, raise func(process int), gone func()) error {
	removeStale(os.TempDir(), time.Now())
	lines := bufio.NewReader(in)
	address, err := lines.ReadString('\n')
	if err != nil {
		return err
	}
	address = strings.TrimSpace(address)
	profile, err := os.MkdirTemp("", profilePattern)
	if err != nil {
		return err
	}
	defer removeProfile(profile)
	defer gone() // before removeProfile, which may take a while
	cmd := exec.Command(browser, append([]string{"--app=" + address, "--user-data-dir=" + profile}, windowFlags...)...)
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return openBrowser(address)
	}
	closed := make(chan error, 1)
	go func() { closed <- cmd.Wait() }()
	over := make(chan struct{})
	go func() {
		defer close(over)
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			if raise != nil && strings.TrimSpace(line) == raiseLine {
				raise(cmd.Process.Pid)
			}
		}
	}()
	select {
	case err := <-closed:
		if err != nil && time.Since(began) < windowFails {
			return openBrowser(address)
		}
		return nil
	case <-over:
	}
	linger := time.NewTimer(windowLinger)
	defer linger.Stop()
	select {
	case <-closed:
	case <-linger.C:
		_ = cmd.Process.Kill() // its children end with it
		<-closed
	}
	return nil
}

// removeProfile removes the folder as soon as no process has its files open.
func removeProfile(dir string) {
	for end := time.Now().Add(removePatience); removeAll(dir) != nil && time.Now().Before(end); {
		time.Sleep(100 * time.Millisecond)
	}
}

// removeAll removes dir even if os.RemoveAll fails. That uses a function which some file
// systems of Windows do not have, and neither does Wine.
func removeAll(dir string) error {
	if os.RemoveAll(dir) == nil {
		return nil
	}
	var all []string
	_ = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, _ error) error {
		all = append(all, path)
		return nil
	})
	for _, path := range slices.Backward(all) {
		_ = os.Remove(path)
	}
	_, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return fmt.Errorf("panel: %s could not be removed", dir)
}

// removeStale removes the folders of processes that were killed, for example by switching the
// computer off.
func removeStale(temp string, now time.Time) {
	found, _ := filepath.Glob(filepath.Join(temp, profilePattern))
	for _, dir := range found {
		if info, err := os.Lstat(dir); err == nil && info.IsDir() && now.Sub(info.ModTime()) > profileStale {
			_ = removeAll(dir)
		}
	}
}

// opener returns a command that shows an address in the customer's default browser. The address
// must be appended.
func opener() ([]string, error) {
	switch runtime.GOOS {
	case "windows":
		return []string{"rundll32", "url.dll,FileProtocolHandler"}, nil
	case "darwin":
		return []string{"open"}, nil
	}
	for _, name := range []string{"xdg-open", "x-www-browser", "gnome-open", "firefox", "chromium"} {
		if program, err := exec.LookPath(name); err == nil {
			return []string{program}, nil
		}
	}
	return nil, errors.New("panel: no program that opens web pages was found")
}

// Opener returns the name, without its folder, of the program that would open the panel in the
// default browser.
func Opener() (string, error) {
	command, err := opener()
	if err != nil {
		return "", err
	}
	return filepath.Base(command[0]), nil
}

// openBrowser shows address in the customer's default browser.
func openBrowser(address string) error {
	command, err := opener()
	if err != nil {
		return err
	}
	cmd := exec.Command(command[0], append(command[1:], address)...)
	if err := cmd.Start(); err != nil {
		return err
	}
	// The command may become the browser itself, so nothing waits for its end.
	go func() { _ = cmd.Wait() }()
	return nil
}
