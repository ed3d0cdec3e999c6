package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"lotse/leaktest"
	"lotse/proctest"
)

func TestMain(m *testing.M) {
	if os.Getenv(neighbourVariable) != "" {
		beNeighbour(os.Stdin, os.Stdout)
		return
	}
	leaktest.Main(m, stopSharedBrowser)
}

// patience is how long anything may take before a test fails. Nothing waits this long when all is
// well.
const patience = proctest.Patience

// need returns the path of a program and fails the test if it is missing. A skipped test would
// hide that it is missing.
func need(t testing.TB, program, pkg string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatalf("%s is missing: apt-get install %s (make test does it where it may)", program, pkg)
	}
	return path
}

// ours returns the path of a program of this project.
func ours(t testing.TB, name string) string {
	t.Helper()
	path, err := filepath.Abs("../bin/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%s is not built: make build", path)
	}
	return path
}

// process is a running program whose lines of output are kept.
type process struct {
	*proctest.Process
	t    testing.TB
	name string
}

// start runs a program until the test ends. The program dies with the test even when that is
// killed.
func start(t testing.TB, env []string, path string, args ...string) *process {
	t.Helper()
	return startWith(t, env, nil, path, args...)
}

// startWith hands files to the program, which finds the first as descriptor 3.
func startWith(t testing.TB, env []string, files []*os.File, path string, args ...string) *process {
	t.Helper()
	p := proctest.Start(t, proctest.Command{Path: path, Args: args, Env: env, Files: files})
	return &process{p, t, filepath.Base(path)}
}

// run runs a program, checks that it succeeds, and returns its output.
func run(t testing.TB, env []string, path string, args ...string) string {
	t.Helper()
	return proctest.Run(t, proctest.Command{Path: path, Args: args, Env: env})
}

// tryRun is run for a program that may fail.
func tryRun(env []string, path string, args ...string) (string, error) {
	return proctest.Try(proctest.Command{Path: path, Args: args, Env: env})
}

// eventually waits until f returns nil. It polls because real programs offer no event to wait
// for.
func eventually(t testing.TB, what string, f func() error) {
	t.Helper()
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end); {
		began := time.Now()
		if err = f(); err == nil {
			return
		}
		// The interval grows with the cost of f, so that f does not slow down what it waits
		// for.
		time.Sleep(max(50*time.Millisecond, 2*time.Since(began)))
	}
	t.Fatalf("%s: %v", what, err)
}
