package arguments

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"lotse/leaktest"
)

const programVariable = "LOTSE_ARGUMENTS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(programVariable) != "" {
		seen, _ := os.ReadFile("/proc/self/cmdline")
		fmt.Printf("%q\n%q\n", seen, strings.Join(os.Args, "\x00"))
		return
	}
	leaktest.Main(m)
}

// TestCommandLine checks that other users cannot read the number from the command line, but
// that the program can.
func TestCommandLine(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("nothing is overwritten on this system")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"view", "482193057", "--number=482 193 057@support.example.com", "plain", "ID:482-193-057"}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), programVariable+"=1")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := fmt.Sprintf("%q", strings.Join([]string{self, "view", "xxxxxxxxx", "--number=xxx xxx xxx@support.example.com", "plain", "ID:xxx-xxx-xxx"}, "\x00")+"\x00")
	own := fmt.Sprintf("%q", strings.Join(append([]string{self}, args...), "\x00"))
	if got := string(out); got != seen+"\n"+own+"\n" {
		t.Errorf("got\n%s\nwant\n%s\n%s", got, seen, own)
	}
}

func TestMasked(t *testing.T) {
	for in, want := range map[string]string{
		"":                               "",
		"482193057":                      "xxxxxxxxx",
		"482 193 057":                    "xxx xxx xxx",
		"4.8–2—1 930-57":                 "x.x–x—x xxx-xx",
		"12345678":                       "12345678",
		"https://127.0.0.1:40123":        "https://127.0.0.1:40123",
		"--number=482193057@example.com": "--number=xxxxxxxxx@example.com",
		"123456789012 and 12":            "xxxxxxxxxxxx and 12",
		"48219\xff3057":                  "48219\xff3057",
	} {
		if got := Masked(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzMasked(f *testing.F) {
	f.Add("482 193 057")
	f.Fuzz(func(t *testing.T, s string) {
		if got := Masked(s); len(got) != len(s) {
			t.Errorf("%q: %q", s, got)
		}
	})
}

func TestReadLine(t *testing.T) {
	for in, want := range map[string]string{"482193057\nrest": "482193057", "482 193 057\r\nrest": "482 193 057", "482193057": "482193057", "\nrest": ""} {
		r := strings.NewReader(in)
		got, err := ReadLine(iotest.OneByteReader(r))
		rest, _ := io.ReadAll(r)
		if err != nil || got != want || strings.Contains(in, "rest") != (string(rest) == "rest") {
			t.Errorf("%q: %q, %v, and then %q", in, got, err, rest)
		}
	}
	if _, err := ReadLine(strings.NewReader("")); !errors.Is(err, io.EOF) {
		t.Errorf("nothing: %v", err)
	}
	if _, err := ReadLine(strings.NewReader(strings.Repeat("1", 1000))); err == nil {
		t.Error("a line without end")
	}
}
