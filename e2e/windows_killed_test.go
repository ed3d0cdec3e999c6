package e2e

import (
	"fmt"
	"image"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"lotse/rfb/rfbtest"
)

// killable is an agent in the state in which a case of TestWindowsKilled kills it.
type killable struct {
	agent *process
	ses   *session
	v     *rfbtest.Viewer // nil: there is none
}

// viewed starts an agent that answers every question by itself, and a viewer that has received
// a frame.
func (m *windowsMachine) viewed(s *stack, answer string, args ...string) (k killable) {
	m.t.Helper()
	k.ses = s.newSession()
	k.agent = m.agent(s, append([]string{"--gateway", s.url, "--panel", "terminal", "--answer", answer, "--number", k.ses.number}, args...)...)
	k.ses.Line(`"state":"joined"`)
	_, port := s.view(k.ses.number)
	var err error
	if k.v, err = rfbtest.Dial(net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), rfbtest.Config{}); err != nil {
		m.t.Fatal(err)
	}
	if err := k.v.Refresh(); err != nil {
		m.t.Fatal(err)
	}
	return k
}

// TestWindowsKilled checks, for every state of a session, what happens when the agent is
// killed: the keys that it held down are released, the advisor is told, and nothing of the
// agent remains.
func TestWindowsKilled(t *testing.T) {
	s := newStack(t)
	m := newWindows(t, "640x480", "lotse-agent")
	m.notepad()
	chosen := m.program("chosen", "colour", "0000c8", "40", "300", "100", "80")
	defer chosen.Kill()
	terminal := func(ses *session) *process {
		return m.agent(s, "--gateway", s.url, "--panel", "terminal", "--number", ses.number)
	}
	for _, moment := range []struct {
		name string
		get  func() killable
	}{
		{"just after the start", func() killable {
			k := killable{agent: m.agent(s, "--gateway", s.url)}
			eventually(t, "a process", func() error { return wants(m.running() != "") })
			return k
		}},
		{"at the panel, before the number", func() killable {
			k := killable{agent: m.agent(s, "--gateway", s.url)}
			k.agent.Line("panel: ")
			return k
		}},
		{"while joining", func() killable {
			// This gateway accepts the connection and sends nothing.
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			k := killable{agent: m.agent(s, "--gateway", "https://"+l.Addr().String(), "--panel", "terminal", "--number", "482193057")}
			_ = l.(*net.TCPListener).SetDeadline(time.Now().Add(patience))
			c, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close() })
			return k
		}},
		{"while asked", func() killable {
			k := killable{ses: s.newSession()}
			k.agent = terminal(k.ses)
			k.ses.Line(`"state":"joined"`)
			k.ses.Write("view")
			k.agent.questionFrom(0, "the question", func(q question) bool { return q.right == "view" && q.armed })
			return k
		}},
		{"while viewed", func() killable { return m.viewed(s, "view") }},
		{"with control, a key and a button held", func() killable {
			k := m.viewed(s, "control")
			k.ses.Write("control")
			k.ses.Line(`"given","right":"control"`)
			const shift, left = 0xffe1, 1
			if err := k.v.SendKey(shift, true); err != nil {
				t.Fatal(err)
			}
			if err := k.v.SendPointer(image.Pt(300, 200), left); err != nil {
				t.Fatal(err)
			}
			eventually(t, "key and button", func() error {
				down := " " + m.reader.ask("keys") + " "
				if !strings.Contains(down, " 0x1 ") || !strings.Contains(down, " 0x10 ") {
					return fmt.Errorf("down: %q", down)
				}
				return nil
			})
			return k
		}},
		{"while one program is shared", func() killable { return m.viewed(s, "view", "--share", "app:chosen.exe") }},
		{"during the end", func() killable {
			k := killable{ses: s.newSession()}
			k.agent = terminal(k.ses)
			k.ses.Line(`"state":"joined"`)
			k.ses.Write("end")
			k.agent.Line("the advisor ended it")
			return k
		}},
	} {
		begin := time.Now()
		k := moment.get()
		mark := 0
		if k.ses != nil {
			mark = k.ses.Mark()
		}
		k.agent.Kill()
		if k.v != nil {
			k.ses.LineAfter(mark, `"state":"away"`)
			err := k.v.Request(false, k.v.Bounds())
			for err == nil {
				_, err = k.v.NextUpdate()
			}
			k.v.Close()
		}
		eventually(t, moment.name+": windows, keys and buttons", func() error {
			windows, down := m.reader.ask("windows lotse-agent.exe"), m.reader.ask("keys")
			if windows != "" || down != "" {
				return fmt.Errorf("windows %q, down %q", windows, down)
			}
			return nil
		})
		m.nothingRuns()
		switch words := run(t, m.env(), "wine", "reg", "query", `HKCU\Software`, "/s"); {
		case !strings.Contains(words, "HKEY_CURRENT_USER"):
			t.Fatalf("no registry: %s", words)
		case strings.Contains(strings.ToLower(words), "lotse-agent"):
			t.Errorf("%s: in the registry", moment.name)
		}
		if t.Failed() {
			t.Fatal(moment.name)
		}
		t.Logf("%s: %.1f s", moment.name, time.Since(begin).Seconds())
		if k.ses != nil {
			k.ses.Stop()
		}
	}
	m.nothingLeft() // also checks the registry
}
