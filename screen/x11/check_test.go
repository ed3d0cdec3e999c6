//go:build linux

package x11_test

import (
	"strings"
	"testing"

	"lotse/screen"
	"lotse/screen/screentest"
	"lotse/screen/x11"
	"lotse/screen/x11/x11test"
)

// f12 is the keysym of the key.
const f12 = 0xffc9

// checked is what Check says of each part.
func checked(t *testing.T, display string) map[string]screen.Verdict {
	t.Helper()
	found := x11.Check(screen.Options{Display: display, Logger: screentest.Log(t)}, f12)
	got := map[string]screen.Verdict{}
	for _, f := range found {
		t.Logf("%s %s: %s (%s)", f.Result, f.Name, f.Found, f.Fix)
		got[f.Name] = f.Result
		if display != "" && strings.Contains(f.Found+f.Fix, "display "+display) || f.Found == "" || (f.Fix == "") != (f.Result == screen.Works) {
			t.Errorf("%+v", f)
		}
	}
	return got
}

// TestCheck: a server that has everything, and servers that lack one thing.
func TestCheck(t *testing.T) {
	all := func(changed map[string]screen.Verdict) map[string]screen.Verdict {
		want := map[string]screen.Verdict{}
		for _, name := range []string{
			"display", "capture", "input", "hot key", "local input", "window list", "share of programs", "clipboard",
			"question window", "badge",
		} {
			want[name] = screen.Works
		}
		for name, v := range changed {
			want[name] = v
		}
		return want
	}
	for name, c := range map[string]struct {
		args []string
		want map[string]screen.Verdict
	}{
		"everything": {nil, nil},
		"Composite":  {[]string{"-extension", "Composite"}, map[string]screen.Verdict{"share of programs": screen.Limited}},
		"XTEST":      {[]string{"-extension", "XTEST"}, map[string]screen.Verdict{"input": screen.Missing}},
		"DAMAGE": {[]string{"-extension", "DAMAGE"},
			map[string]screen.Verdict{"capture": screen.Limited, "share of programs": screen.Limited}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := x11test.Start(t, "Xvfb", append([]string{"-screen", "0", "640x480x24"}, c.args...)...)
			x.StartOpenbox(t)
			got, want := checked(t, x.Display), all(c.want)
			for part, v := range want {
				if got[part] != v {
					t.Errorf("%s: %q, want %q", part, got[part], v)
				}
			}
			if len(got) != len(want) {
				t.Errorf("%d parts, want %d", len(got), len(want))
			}
		})
	}
	t.Run("no display", func(t *testing.T) {
		got := checked(t, ":4711")
		if len(got) != 1 || got["display"] != screen.Missing {
			t.Error(got)
		}
	})
	t.Run("no window manager", func(t *testing.T) {
		t.Parallel()
		x := x11test.Start(t, "Xtigervnc", "-geometry", "640x480", "-depth", "24")
		if got := checked(t, x.Display); got["window list"] != screen.Limited || got["input"] != screen.Works {
			t.Error(got)
		}
	})
}
