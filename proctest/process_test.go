//go:build linux

package proctest_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"lotse/leaktest"
	"lotse/proctest"
)

// roleVariable makes this test's binary one of the programs that the tests start.
const roleVariable = "LOTSE_PROCTEST_ROLE"

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(play(role))
	}
	leaktest.Main(m)
}

// play is the program.
func play(role string) int {
	switch role {
	case "echo": // repeats each line; "exit N" ends it with that code
		fmt.Println("ready")
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			if n, ok := strings.CutPrefix(in.Text(), "exit "); ok {
				fmt.Fprintln(os.Stderr, "an error")
				code, _ := strconv.Atoi(n)
				return code
			}
			fmt.Println("heard", in.Text())
		}
	case "parent": // leaves a child that holds the output
		p, err := os.StartProcess(os.Args[0], os.Args[:1], &os.ProcAttr{
			Env: []string{roleVariable + "=stubborn"}, Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}})
		if err != nil {
			fmt.Println(err)
			return 1
		}
		fmt.Println("child", p.Pid)
	case "stubborn": // never ends
		fmt.Println("I stay")
		for {
			time.Sleep(time.Hour)
		}
	case "file": // shows what its first file contains
		line, _ := bufio.NewReader(os.NewFile(3, "first")).ReadString('\n')
		fmt.Print(line)
	}
	return 0
}

func command(role string) proctest.Command {
	return proctest.Command{Path: os.Args[0], Env: []string{roleVariable + "=" + role}}
}

func TestLines(t *testing.T) {
	p := proctest.Start(t, command("echo"))
	p.Line("ready")
	p.Write("one two")
	if l := p.Line("one", "two"); l != "heard one two" {
		t.Errorf("got %q", l)
	}
	mark := p.Mark()
	p.Write("one three")
	if l := p.LineAfter(mark, "one"); l != "heard one three" {
		t.Errorf("got %q", l)
	}
	if l := p.Said(mark, "two"); l != "" {
		t.Errorf("%q came before the mark", l)
	}
	line, next, err := p.Await(0, "heard")
	if err != nil || line != "heard one two" || next != 2 {
		t.Errorf("got %q, next %d, %v", line, next, err)
	}
	p.Write("exit 3")
	if code := p.Exit(); code != 3 {
		t.Errorf("exit code %d", code)
	}
	if _, _, err := p.Await(next, "never"); !errors.Is(err, proctest.ErrEnded) {
		t.Errorf("after the end: %v", err)
	}
	if all := strings.Join(p.Output(), "|"); all != "ready|heard one two|heard one three|an error" {
		t.Errorf("output %s", all)
	}
}

func TestErrorsApart(t *testing.T) {
	var errs strings.Builder
	c := command("echo")
	c.Errors = &errs
	p := proctest.Start(t, c)
	p.Write("exit 0")
	p.Exit()
	<-p.Drained()
	if errs.String() != "an error\n" || len(p.Output()) != 1 {
		t.Errorf("errors %q, output %q", errs.String(), p.Output())
	}
}

func TestImpatient(t *testing.T) {
	c := command("echo")
	c.Patience = time.Millisecond
	p, err := proctest.Launch(c)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, _, err := p.Await(0, "never"); err == nil || errors.Is(err, proctest.ErrEnded) {
		t.Errorf("a line that never comes: %v", err)
	}
	if _, err := p.Wait(); err == nil {
		t.Error("Wait returned without an error for a program that runs")
	}
}

func TestCloseKillsChildren(t *testing.T) {
	p, err := proctest.Launch(command("parent"))
	if err != nil {
		t.Fatal(err)
	}
	l, _, err := p.Await(0, "child ")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.Await(0, "I stay"); err != nil {
		t.Fatal(err)
	}
	child, _ := strconv.Atoi(strings.TrimPrefix(l, "child "))
	p.Close() // returns only when nobody holds the output
	// It is being killed. A dead process that nobody has waited for still has its number.
	for end := time.Now().Add(proctest.Patience); ; time.Sleep(time.Millisecond) {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", child))
		_, state, _ := strings.Cut(string(stat), ") ")
		if err != nil || strings.HasPrefix(state, "Z") || strings.HasPrefix(state, "X") {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the child is alive: %s", stat)
		}
	}
}

func TestFiles(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := w.WriteString("by descriptor 3\n"); err != nil {
		t.Fatal(err)
	}
	w.Close()
	c := command("file")
	c.Files = []*os.File{r}
	proctest.Start(t, c).Line("by descriptor 3")
}

func TestSend(t *testing.T) {
	p := proctest.Start(t, command("stubborn"))
	p.Line("I stay")
	p.Send(syscall.SIGKILL)
	if code := p.Exit(); code != -1 {
		t.Errorf("exit code %d after a signal", code)
	}
}

func TestTry(t *testing.T) {
	c := command("echo")
	out, err := proctest.Try(c) // its input is empty
	if err != nil || out != "ready\n" {
		t.Errorf("got %q, %v", out, err)
	}
	c.Path = "/nonexistent"
	if _, err := proctest.Try(c); err == nil {
		t.Error("a program that does not exist was run")
	}
}
