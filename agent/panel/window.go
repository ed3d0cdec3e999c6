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

// The panel in a window of its own, without address bar, is a browser with a
// profile of its own, in a folder that is thrown away. A second process runs it: it
// outlives this program, which may be killed at any moment, by as long as the
// window is open, and then removes the folder.

const (
	// windowVariable tells a process that it runs such a window, and by which browser.
	windowVariable = "LOTSE_PANEL_WINDOW"
	profilePattern = "lotse-panel-*"
	// profileStale is when a folder's owner cannot live any more.
	profileStale = 24 * time.Hour
	// windowLinger is how long the window stays after the program's end, to be read.
	windowLinger = time.Minute
	// windowFails is how soon a browser ends that cannot show a window.
	windowFails = 3 * time.Second
	// removePatience bounds waiting for a browser's last processes to close their files.
	removePatience = 20 * time.Second
	// raiseLine is what the program writes when the window shall come to the front.
	raiseLine = "raise"
)

// windowFlags keep the browser from asking, fetching and remembering.
var windowFlags = []string{
	"--no-first-run", "--no-default-browser-check", "--disable-sync", "--disable-background-networking", "--disable-background-mode",
	"--disable-component-update", "--disable-default-apps", "--disable-extensions", "--window-size=560,820",
}

// WindowMain makes this process the one that runs the panel's window, if that
// is what it was started for, and reports whether it did. The program calls it
// before anything else and ends when it returns true. raise brings the windows of a
// process to the front; nil: that cannot be done.
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

// window is the process that runs a window. It lives as long as the window or the
// pipe is open, and a little longer. nil is none.
type window struct {
	pipe io.WriteCloser
	over chan struct{} // closed when the window is; its process may still remove files
}

// raise has the window come to the front; false: there is none any more.
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

// Close releases the window.
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
		_, _ = io.Copy(io.Discard, out) // it closes this when the window is closed
		close(w.over)
		_ = cmd.Wait()
	}()
	// Not on its command line, which others can read.
	if _, err := fmt.Fprintln(in, address); err != nil {
		in.Close()
		return nil, err
	}
	return w, nil
}

// runWindow shows the address that in begins with, until the customer closes the
// window or in ended a while ago; then gone is called.
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
	defer gone() // before that, which may take a while
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

// removeProfile removes the folder as soon as nobody has its files open.
func removeProfile(dir string) {
	for end := time.Now().Add(removePatience); removeAll(dir) != nil && time.Now().Before(end); {
		time.Sleep(100 * time.Millisecond)
	}
}

// removeAll also removes where os.RemoveAll cannot: it asks for a function that not
// every file system of Windows has, and wine has not.
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

// removeStale removes what a computer that was switched off has left.
func removeStale(temp string, now time.Time) {
	found, _ := filepath.Glob(filepath.Join(temp, profilePattern))
	for _, dir := range found {
		if info, err := os.Lstat(dir); err == nil && info.IsDir() && now.Sub(info.ModTime()) > profileStale {
			_ = removeAll(dir)
		}
	}
}

// opener is the command that shows an address, which follows it, in the customer's browser.
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

// Opener is the name of the program that would open the panel in the usual browser, without
// its folder.
func Opener() (string, error) {
	command, err := opener()
	if err != nil {
		return "", err
	}
	return filepath.Base(command[0]), nil
}

// openBrowser shows address in the customer's browser.
func openBrowser(address string) error {
	command, err := opener()
	if err != nil {
		return err
	}
	cmd := exec.Command(command[0], append(command[1:], address)...)
	if err := cmd.Start(); err != nil {
		return err
	}
	// Anyone who opens pages may live on as the browser; nobody waits for it.
	go func() { _ = cmd.Wait() }()
	return nil
}
