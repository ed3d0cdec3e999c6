package main

import (
	"context"
	"errors"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lotse/agent"
	"lotse/screen"
	"lotse/screen/screentest"
	"lotse/tunnel"
)

// TestTraceFile checks that the trace is in the file at the end, and that other users cannot
// read it.
func TestTraceFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "trace")
	trace, stop, err := openTrace(file)
	if err != nil {
		t.Fatal(err)
	}
	d := screentest.NewDisplay(image.Pt(8, 8))
	cfg := agent.Config{
		Client: &tunnel.Client{Gateway: "https://127.0.0.1:1"}, Trace: trace, Panel: noPanel{},
		Display: screen.Parts{Screen: d, Input: d},
	}
	if err := agent.Run(t.Context(), cfg); err == nil {
		t.Error("a session without a panel")
	}
	stop()
	b, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(b), `"event":"start"`) {
		t.Errorf("%s %v", b, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if none, stop, err := openTrace(""); none != nil || err != nil {
		t.Error("a trace that nobody asked for")
	} else {
		stop()
	}
	if _, _, err := openTrace(filepath.Join(t.TempDir(), "no", "folder")); err == nil {
		t.Error("no error")
	}
}

// noPanel is a panel whose Run fails.
type noPanel struct{}

func (noPanel) Run(context.Context, *agent.Session) error { return errors.New("no panel") }
