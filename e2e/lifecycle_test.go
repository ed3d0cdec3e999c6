package e2e

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// controlled is a session in which the advisor's TigerVNC controls the customer's xterm.
type controlled struct {
	stack        *stack
	customer     *display
	screen       *display
	file         string
	session      *session
	agent        *process
	view, viewer *process
	port         int // port of the view process
}

func newControlled(t testing.TB, gatewayFor func(*stack) string) *controlled {
	t.Helper()
	c := &controlled{stack: newStack(t), customer: customerDisplay(t, "800x600"), screen: viewerDisplay(t, "1000x760")}
	c.customer.paint()
	c.file = c.customer.typewriter()
	c.session = c.stack.newSession()
	toAgent := *c.stack
	if gatewayFor != nil {
		toAgent.url = gatewayFor(c.stack)
	}
	c.agent = toAgent.agent(c.customer, c.session.number, "--answer", "control")
	c.session.Line(`"state":"joined"`)
	c.view, c.port = c.stack.view(c.session.number)
	c.viewer = c.connect(c.port)
	shows(t, c.screen, c.customer, 0)
	c.session.Write("control")
	c.session.Line(`"given","right":"control"`)
	return c
}

func (c *controlled) connect(port int) *process {
	return start(c.stack.t, append(c.screen.env(), "HOME="+c.stack.t.TempDir()), need(c.stack.t, "xtigervncviewer", "tigervnc-viewer"), "-MenuKey=", hostPort(port))
}

// keysDown returns the keycodes that the customer's X server considers pressed.
func (d *display) keysDown() (down []int) {
	d.t.Helper()
	c, err := xgb.NewConnDisplay(d.name)
	if err != nil {
		d.t.Fatal(err)
	}
	defer c.Close()
	reply, err := xproto.QueryKeymap(c).Reply()
	if err != nil {
		d.t.Fatal(err)
	}
	for i, bits := range reply.Keys {
		for bit := range 8 {
			if bits&(1<<bit) != 0 {
				down = append(down, 8*i+bit)
			}
		}
	}
	return down
}

// holdShift presses Shift in the viewer and keeps it pressed.
func (c *controlled) holdShift() {
	c.stack.t.Helper()
	c.screen.xdotool("mousemove", "300", "400", "keydown", "Shift_L")
	eventually(c.stack.t, "the held key", func() error {
		if len(c.customer.keysDown()) == 0 {
			return fmt.Errorf("not down")
		}
		return nil
	})
}

func (c *controlled) nothingHeld() {
	c.stack.t.Helper()
	eventually(c.stack.t, "release of the held key", func() error {
		if down := c.customer.keysDown(); len(down) > 0 {
			return fmt.Errorf("still down: %v", down)
		}
		return nil
	})
}

// portClosed checks that nothing listens at port.
func portClosed(t testing.TB, port int) {
	t.Helper()
	if c, err := net.DialTimeout("tcp", "127.0.0.1:"+strconv.Itoa(port), time.Second); err == nil {
		c.Close()
		t.Errorf("port %d is still open", port)
	}
}

func TestViewerKilled(t *testing.T) {
	c := newControlled(t, nil)
	c.holdShift()
	mark := c.session.Mark()
	c.viewer.Kill()
	c.session.LineAfter(mark, `"event":"taken","right":"control"`)
	c.session.LineAfter(mark, `"viewers":[]`)
	c.nothingHeld()
}

func TestHelperKilled(t *testing.T) {
	c := newControlled(t, nil)
	c.holdShift()
	mark := c.session.Mark()
	c.view.Kill()
	c.session.LineAfter(mark, `"event":"taken","right":"control"`)
	c.nothingHeld()
}

// TestAgentKilled checks that the keys which the agent held down are released when the agent is
// killed.
func TestAgentKilled(t *testing.T) {
	c := newControlled(t, nil)
	c.holdShift()
	c.agent.Kill()
	c.nothingHeld()
	c.session.Line(`"state":"away"`)
	c.viewer.Exit()
	eventually(t, "the end of all of the agent's processes", func() error {
		if out, err := exec.Command("pgrep", "-f", "lotse-agent.*"+c.stack.url).Output(); err == nil {
			return fmt.Errorf("still running: %s", out)
		}
		return nil
	})
	agent := strconv.Itoa(c.agent.PID())
	eventually(t, "the end of the agent's shared memory", func() error {
		for line := range strings.Lines(run(t, nil, "ipcs", "-m", "-p")) {
			if f := strings.Fields(line); len(f) == 4 && f[2] == agent { // the process that created the segment
				return fmt.Errorf("left behind: %s", line)
			}
		}
		return nil
	})
}

func TestAgentStopped(t *testing.T) {
	c := newControlled(t, nil)
	c.holdShift()
	c.agent.Stop()
	c.nothingHeld()
	c.session.Line(`"reason":"customer","state":"ended"`)
	if code := c.session.Exit(); code != 0 {
		t.Errorf("session ended with %d", code)
	}
	c.view.Exit()
	c.viewer.Exit()
}

// TestGatewayRestarts checks that both ends come back to their session after the gateway was
// stopped, and after it was killed.
func TestGatewayRestarts(t *testing.T) {
	c := newControlled(t, nil)
	c.holdShift()
	mark, sessionMark := c.agent.Mark(), c.session.Mark()
	address := strings.TrimPrefix(c.stack.url, "https://")
	c.stack.gateway.Stop()
	c.agent.LineAfter(mark, "The connection is lost")
	c.nothingHeld()
	c.viewer.Exit()
	c.stack.startGateway(address)
	c.session.LineAfter(sessionMark, `"state":"joined"`)
	_, port := c.stack.view(c.session.number)
	c.connect(port)
	shows(t, c.screen, c.customer, 0)

	mark, sessionMark = c.agent.Mark(), c.session.Mark()
	c.stack.gateway.Kill()
	c.agent.LineAfter(mark, "The connection is lost")
	c.stack.startGateway(address)
	c.session.LineAfter(sessionMark, `"state":"joined"`)
	c.session.Write("end")
	c.agent.Line("the advisor ended it")
	c.agent.Exit()
	c.session.Exit()
}

// TestGatewayForgets checks that both ends end if a new gateway does not know their session.
func TestGatewayForgets(t *testing.T) {
	c := newControlled(t, nil)
	c.holdShift()
	mark := c.agent.Mark()
	c.stack.gateway.Kill()
	c.agent.LineAfter(mark, "The connection is lost")
	c.nothingHeld()
	c.viewer.Exit()
	_ = os.Remove(filepath.Join(c.stack.data, "open.json"))
	c.stack.startGateway(strings.TrimPrefix(c.stack.url, "https://"))
	if code := c.session.Exit(); code == 0 {
		t.Error("the session's program ended as if all were well")
	}
	c.agent.LineAfter(mark, "The session is over")
	c.agent.Exit()
}

func TestAdvisorEnds(t *testing.T) {
	c := newControlled(t, nil)
	c.session.Write("end")
	c.agent.Line("the advisor ended it")
	if code := c.agent.Exit(); code != 0 {
		t.Errorf("agent ended with %d", code)
	}
	c.view.Exit()
	portClosed(t, c.port)
	c.viewer.Exit()
	c.session.Exit()
}

// wire is a proxy between the agent and the gateway whose connections can be cut.
type wire struct {
	t        testing.TB
	listener net.Listener
	target   string
	mu       sync.Mutex
	down     bool
	thawed   chan struct{} // nil unless frozen
	conns    map[net.Conn]bool
	left     int  // how many bytes pass before the wire breaks; 0: it does not
	broken   bool // it has broken by itself
	wg       sync.WaitGroup
}

func newWire(t testing.TB, target string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{t: t, listener: l, target: target, conns: map[net.Conn]bool{}}
	w.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			w.wg.Go(func() { w.carry(c) })
		}
	})
	t.Cleanup(func() { l.Close(); w.cut(); w.wg.Wait() })
	return w
}

func (w *wire) carry(c net.Conn) {
	defer c.Close()
	w.mu.Lock()
	down := w.down
	w.mu.Unlock()
	if down {
		return
	}
	up, err := net.Dial("tcp", w.target)
	if err != nil {
		return
	}
	defer up.Close()
	w.mu.Lock()
	w.conns[c], w.conns[up] = true, true
	w.mu.Unlock()
	w.wg.Go(func() { io.Copy(counter{valve{up, w}}, c); up.Close(); c.Close() })
	io.Copy(counter{valve{c, w}}, up)
	w.mu.Lock()
	delete(w.conns, c)
	delete(w.conns, up)
	w.mu.Unlock()
}

// valve is a connection that blocks writes while its wire is frozen. Neither end is told.
type valve struct {
	net.Conn
	w *wire
}

func (v valve) Write(b []byte) (int, error) {
	v.w.mu.Lock()
	thawed := v.w.thawed
	v.w.mu.Unlock()
	if thawed != nil {
		<-thawed
	}
	return v.Conn.Write(b)
}

// counter is a valve that breaks the wire after so many bytes.
type counter struct{ valve }

func (c counter) Write(b []byte) (int, error) {
	n, err := c.valve.Write(b)
	c.w.mu.Lock()
	breaks := c.w.left > 0 && c.w.left <= n
	c.w.left = max(0, c.w.left-n)
	c.w.broken = c.w.broken || breaks
	c.w.mu.Unlock()
	if breaks {
		c.w.cut()
	}
	return n, err
}

// cutAfter cuts the wire when so many bytes have passed.
func (w *wire) cutAfter(bytes int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left, w.broken = bytes, false
}

// breaks waits until the wire has broken by itself.
func (w *wire) breaks() {
	w.t.Helper()
	eventually(w.t, "the wire breaks", func() error {
		w.mu.Lock()
		defer w.mu.Unlock()
		if !w.broken {
			return fmt.Errorf("%d bytes to go", w.left)
		}
		return nil
	})
}

// freeze stops all traffic for the rest of the test.
func (w *wire) freeze() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.thawed = make(chan struct{})
}

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = true
	if w.thawed != nil {
		close(w.thawed)
		w.thawed = nil
	}
	for c := range w.conns {
		c.Close()
	}
}

func (w *wire) reconnect() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = false
}

// TestNetworkDrop checks that the agent resumes the session after its connection was cut, that
// the view stays given, and that control does not.
func TestNetworkDrop(t *testing.T) {
	var w *wire
	c := newControlled(t, func(s *stack) string {
		w = newWire(t, strings.TrimPrefix(s.url, "https://"))
		return "https://" + w.listener.Addr().String()
	})
	c.holdShift()
	mark, agentMark := c.session.Mark(), c.agent.Mark()
	w.cut()
	c.agent.LineAfter(agentMark, "The connection is lost")
	c.nothingHeld()
	c.session.LineAfter(mark, `"state":"away"`)
	w.reconnect()
	c.session.LineAfter(mark, `"state":"joined"`)
	// A new viewer sees the screen at once but cannot type.
	_, port := c.stack.view(c.session.number)
	c.connect(port)
	at := shows(t, c.screen, c.customer, 0)
	if strings.Contains(strings.Join(c.agent.Output()[agentMark:], "\n"), "right=view outcome=given") {
		t.Error("the view had to be given again")
	}
	c.screen.xdotool("mousemove", strconv.Itoa(at.X+200), strconv.Itoa(at.Y+360), "click", "1", "type", "lost")
	c.screen.xdotool("key", "Return")
	c.customer.stays(t, "control outlived the drop", c.file, "", c.screen.colourAt(at))
}

// TestNothingLeftBehind checks that the agent leaves nothing on the customer's machine.
func TestNothingLeftBehind(t *testing.T) {
	s := newStack(t)
	customer := customerDisplay(t, "640x480")
	ses := s.newSession()
	home := t.TempDir()
	agent := start(t, append(append(s.env(), customer.env()...), "HOME="+home, "TMPDIR="+home, "XDG_CONFIG_HOME="+home, "XDG_CACHE_HOME="+home, "XDG_RUNTIME_DIR="+home),
		ours(t, "lotse-agent"), "--gateway", s.url, "--number", ses.number, "--panel", "terminal", "--answer", "view", "--display", customer.name)
	ses.Line(`"state":"joined"`)
	ses.Write("end")
	agent.Exit()
	filepath.WalkDir(home, func(path string, d os.DirEntry, err error) error {
		if path != home {
			t.Errorf("left behind: %s", path)
		}
		return nil
	})
}

func TestWrongNumber(t *testing.T) {
	s := newStack(t)
	customer := customerDisplay(t, "640x480")
	ses := s.newSession()
	for try := range 3 {
		wrong := ses.number[:8] + string('0'+(ses.number[8]-'0'+byte(try)+1)%10)
		if wrong == "999999999" {
			wrong = ses.number[:8] + "5"
		}
		// The second start does not try the number again, so it does not count as a try.
		for range 2 {
			agent := s.agent(customer, wrong, "--answer", "view")
			if code := agent.Exit(); code != 5 {
				t.Fatalf("try %d: exit code %d, want 5", try, code)
			}
			agent.Line("wrong or no longer valid")
		}
		ses.Line(fmt.Sprintf(`"tries":%d`, try+1))
	}
	// The third wrong try makes the number invalid, and the advisor is told.
	ses.Line("burnt")
	if code := ses.Exit(); code == 0 {
		t.Error("the session's program ended as if all were well")
	}
	agent := s.agent(customer, ses.number, "--answer", "view")
	if code := agent.Exit(); code != 5 {
		t.Errorf("a burnt number: exit code %d, want 5", code)
	}
}
