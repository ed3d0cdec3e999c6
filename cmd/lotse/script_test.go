package main

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts runs testdata/script/*.txtar: commands and their results. In addition to testscript's
// own commands there are
//
//	lotse CODE ARGUMENT…   runs the program, which must exit with that code
//	gateway                starts a gateway, in $DATA; sets $GATEWAY and $CA
//	stopgateway            stops it
//
// $LOTSE is the program, for scripts that run it on a terminal. Its language is English unless a
// script sets $LANG.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("DATA", filepath.Join(env.WorkDir, "data"))
			env.Setenv("XDG_RUNTIME_DIR", env.WorkDir)
			env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, "config"))
			env.Setenv("LOTSE_PASSWORD", testPassword)
			env.Setenv("LOTSE_DEV_PASSWORD", testPassword)
			env.Setenv("LOTSE", binary)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"lotse":       scriptLotse,
			"gateway":     scriptGateway,
			"stopgateway": scriptStopGateway,
		},
	})
}

// scriptProgram returns a run of the program in a script's folder and environment.
func scriptProgram(ts *testscript.TestScript, args ...string) *exec.Cmd {
	cmd := exec.Command(binary, args...)
	cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"DATA", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "LOTSE_PASSWORD", "LOTSE_DEV_PASSWORD", "LANG"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	return cmd
}

func scriptLotse(ts *testscript.TestScript, not bool, args []string) {
	if not || len(args) == 0 {
		ts.Fatalf("usage: lotse CODE ARGUMENT…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	cmd := scriptProgram(ts, args[1:]...)
	cmd.Stdout, cmd.Stderr = ts.Stdout(), ts.Stderr()
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		ts.Fatalf("%v", err)
	}
	if code := cmd.ProcessState.ExitCode(); code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

// running is a script's gateway.
const running = "running gateway"

func scriptGateway(ts *testscript.TestScript, _ bool, _ []string) {
	cmd := scriptProgram(ts, "gateway", "--dev", "--listen", "127.0.0.1:0", "--data", ts.Getenv("DATA"))
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	late := time.AfterFunc(2*time.Minute, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if url, ok := strings.CutPrefix(lines.Text(), "listening on "); ok {
			ts.Setenv("GATEWAY", url)
			ts.Setenv("CA", filepath.Join(ts.Getenv("DATA"), "ca.pem"))
			ts.Setenv(running, strconv.Itoa(cmd.Process.Pid))
			return
		}
	}
	ts.Fatalf("the gateway does not say where it listens")
}

// scriptStopGateway makes the gateway stop and waits until its process is gone, so that the audit
// trail is complete. Defer waits for the process itself.
func scriptStopGateway(ts *testscript.TestScript, _ bool, _ []string) {
	pid, err := strconv.Atoi(ts.Getenv(running))
	ts.Check(err)
	process, err := os.FindProcess(pid)
	ts.Check(err)
	ts.Check(process.Signal(syscall.SIGTERM))
	if state, err := process.Wait(); err != nil || state.ExitCode() != exitOK {
		ts.Fatalf("the gateway ended with %v, %v", state, err)
	}
}
