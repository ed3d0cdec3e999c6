//go:build unix

package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"lotse/logs"
)

// TestLogByArea checks that the levels come from the command line, otherwise from the settings
// file. It also checks that a signal switches all areas to debug and back.
func TestLogByArea(t *testing.T) {
	settings := filepath.Join(t.TempDir(), "agent.toml")
	text := "gateway = \"https://support.example.com\"\n[log]\nlevel = \"error,agent=warn\"\n"
	if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"error,agent=warn":  {"--config", settings},
		"info,tunnel=debug": {"--config", settings, "--log", "info,tunnel=debug"},
		"warn,rfb=error":    {"--config", settings, "--log-level", "warn,rfb=error"},
	} {
		o, code := parse(args)
		if code != exitOK {
			t.Fatalf("%v: exit code %d", args, code)
		}
		var out syncBuffer
		l, stop, err := newLogger(o, &out)
		if err != nil {
			t.Fatal(err)
		}

		levels, _ := logs.Parse(want, logs.AgentAreas)
		// check compares the log of all areas with the lines that these levels permit.
		check := func(levels *logs.Levels) {
			t.Helper()
			var expected, got []string
			out.take()
			for _, area := range logs.AgentAreas {
				a := logs.Area(l, area)
				a.Debug("line")
				a.Info("line")
				a.Warn("line")
				for _, level := range []string{"DEBUG", "INFO", "WARN"} {
					if map[string]int{"DEBUG": -4, "INFO": 0, "WARN": 4}[level] >= int(levels.Level(area)) {
						expected = append(expected, "level="+level+" msg=line area="+area)
					}
				}
			}
			for line := range strings.Lines(out.take()) {
				_, line, _ = strings.Cut(strings.TrimSpace(line), " ")
				got = append(got, line)
			}
			if strings.Join(got, "\n") != strings.Join(expected, "\n") {
				t.Errorf("%s: logged\n%s\nwant\n%s", want, got, expected)
			}
		}
		check(levels)
		debug, _ := logs.Parse("debug", logs.AgentAreas)
		for _, now := range []*logs.Levels{debug, levels} {
			if err := syscall.Kill(os.Getpid(), syscall.SIGUSR1); err != nil {
				t.Fatal(err)
			}
			said := out.await(t, "log levels switched")
			if !strings.Contains(said, "level=WARN msg=\"log levels switched\" area=agent levels="+now.String()) &&
				!strings.Contains(said, `levels="`+now.String()+`"`) {
				t.Errorf("%s: it said %s", want, said)
			}
			check(now)
		}
		stop()

	}
	for _, wrong := range []string{"loud", "info,audit=debug", "info,info"} {
		if _, code := parse([]string{"--config", settings, "--log", wrong}); code != exitUsage {
			t.Errorf("--log %s: exit code %d", wrong, code)
		}
	}
}

// syncBuffer is an io.Writer that other goroutines may read.
type syncBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

var _ io.Writer = (*syncBuffer)(nil)

func (s *syncBuffer) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}

// take returns what was written and clears the buffer.
func (s *syncBuffer) take() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.b.Reset()
	return s.b.String()
}

// await waits until the buffer contains words, and returns its text.
func (s *syncBuffer) await(t *testing.T, words string) string {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		s.mu.Lock()
		text := s.b.String()
		s.mu.Unlock()
		switch {
		case strings.Contains(text, words):
			return text
		case time.Now().After(deadline):
			t.Fatalf("nobody said %q", words)
		}
	}
}
