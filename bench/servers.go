package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"lotse/proctest"
	"lotse/screen/x11/x11test"
)

// patience is how long a program may take to print an expected line.
const patience = 15 * time.Second

// process is a running program.
type process struct{ *proctest.Program }

func start(env []string, files []*os.File, path string, args ...string) (*process, error) {
	p, err := proctest.Launch(proctest.Command{Path: path, Args: args, Env: env, Files: files, Patience: patience})
	return &process{p}, err
}

// line waits for a line that contains text. An error contains all lines so far.
func (p *process) line(text string) (string, error) {
	l, _, err := p.Await(0, text)
	if err != nil {
		err = fmt.Errorf("%w:\n%s", err, strings.Join(p.Output(), "\n"))
	}
	return l, err
}

func (p *process) stop() { p.Close() }

// startX starts an X server and returns its display.
func startX(size string) (*process, string, error) {
	p, display, err := x11test.Launch("Xvfb", "-screen", "0", size+"x24", "-nolisten", "tcp")
	return &process{p}, display, err
}

// server is a VNC server that a viewer can connect to.
type server struct {
	address string
	pids    []int        // processes whose processor time counts
	control func() error // requests control; nil: control needs no request
	stop    func()
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// peers are the other servers: program and arguments for a display and a port.
var peers = map[string]func(display string, port int) []string{
	"x11vnc": func(d string, port int) []string {
		return []string{"x11vnc", "-display", d, "-rfbport", strconv.Itoa(port), "-localhost", "-nopw", "-forever", "-shared", "-quiet"}
	},
	"x0vncserver": func(d string, port int) []string {
		return []string{"X0tigervnc", "-display", d, "-rfbport", strconv.Itoa(port), "-SecurityTypes", "None", "-localhost=1"}
	},
}

func startPeer(name, display string) (*server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	args := peers[name](display, port)
	p, err := start([]string{"DISPLAY=" + display}, nil, args[0], args[1:]...)
	if err != nil {
		return nil, err
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			time.Sleep(200 * time.Millisecond)
			return &server{address: address, pids: []int{p.PID()}, stop: p.stop}, nil
		}
	}
	p.stop()
	return nil, errors.New(name + " does not listen")
}

const devPassword = "correct horse battery staple"

// startLotse starts a gateway, a session, an agent and `lotse view`.
func startLotse(bin, display string) (*server, error) {
	return startLotseOver(shape{}, false, bin, display)
}

// startLotseOver starts Lotse with a line of this shape between the agent and the gateway; without
// a rate there is none. If file is set, the customer gives a file of a gigabyte meanwhile.
func startLotseOver(line shape, file bool, bin, display string) (_ *server, err error) {
	dir, err := os.MkdirTemp("", "lotse-bench-")
	if err != nil {
		return nil, err
	}
	var all []*process
	stop := func() {
		for i := len(all) - 1; i >= 0; i-- {
			all[i].stop()
		}
		os.RemoveAll(dir)
	}
	defer func() {
		if err != nil {
			stop()
		}
	}()
	env := []string{"LOTSE_DEV_PASSWORD=" + devPassword, "LOTSE_PASSWORD=" + devPassword, "LOTSE_CA_FILE=" + filepath.Join(dir, "ca.pem"),
		"LOTSE_NO_BROWSER=1", "LC_ALL=C.UTF-8", "DISPLAY=" + display, "XAUTHORITY=/dev/null"}
	run := func(says, program string, args ...string) (*process, string, error) {
		p, err := start(env, nil, filepath.Join(bin, program), args...)
		if err != nil {
			return nil, "", err
		}
		all = append(all, p)
		l, err := p.line(says)
		return p, l, err
	}
	_, l, err := run("listening on https://", "lotse", "gateway", "--dev", "--data", dir, "--listen", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	url := l[strings.Index(l, "https://"):]
	session, l, err := run(`"number"`, "lotse", "session", "new", "--gateway", url, "--user", "advisor", "--json")
	if err != nil {
		return nil, err
	}
	var made struct{ Number string }
	if err = json.Unmarshal([]byte(l), &made); err != nil {
		return nil, err
	}
	near := url
	if line.bytesPerSecond > 0 {
		shared, err := newSharedLine(line, strings.TrimPrefix(url, "https://"))
		if err != nil {
			return nil, err
		}
		defer func(old func()) { stop = func() { old(); shared.stop() } }(stop)
		near = "https://" + shared.listener.Addr().String()
	}
	agent, err := start(env, nil, filepath.Join(bin, "lotse-agent"), "--gateway", near, "--number", made.Number,
		"--panel", "terminal", "--display", display, "--answer", "control", "--log-level", "info")
	if err != nil {
		return nil, err
	}
	all = append(all, agent)
	if _, err = session.line(`"state":"joined"`); err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	if _, _, err = run("ready:", "lotse", "view", made.Number, "--gateway", url, "--user", "advisor", "--listen", address, "--many"); err != nil {
		return nil, err
	}
	if file {
		if err = giveFile(dir, agent, func(folder string) error {
			_, _, err := run("ready:", "lotse", "receive", made.Number, folder, "--gateway", url, "--user", "advisor")
			return err
		}); err != nil {
			return nil, err
		}
	}
	return &server{address: address, pids: []int{agent.PID()}, stop: stop, control: func() error {
		return session.Write("control")
	}}, nil
}

// giveFile makes the agent give a file that lasts longer than any run. receive starts what takes it
// into a folder.
func giveFile(dir string, agent *process, receive func(folder string) error) error {
	folder := filepath.Join(dir, "received")
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	if err := receive(folder); err != nil {
		return err
	}
	path := filepath.Join(dir, "given")
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err = errors.Join(f.Truncate(1<<30), f.Close()); err != nil {
		return err
	}
	if _, err = agent.line("Connected with"); err != nil {
		return err
	}
	if err = agent.Write("f " + path); err != nil {
		return err
	}
	_, err = agent.line("is taking")
	return err
}

// cpu returns the processor time that the processes have used.
func cpu(pids []int) (sum time.Duration) {
	for _, pid := range pids {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue
		}
		f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
		for _, at := range []int{11, 12} { // utime, stime, in hundredths of a second
			n, _ := strconv.Atoi(f[at])
			sum += time.Duration(n) * 10 * time.Millisecond
		}
	}
	return sum
}

// memory returns the resident memory of the processes in kB.
func memory(pids []int) (kb int) {
	for _, pid := range pids {
		b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		_, rest, ok := strings.Cut(string(b), "VmRSS:")
		if f := strings.Fields(rest); ok && len(f) > 0 {
			n, _ := strconv.Atoi(f[0])
			kb += n
		}
	}
	return kb
}
