package whereto

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestFind checks the sources and their order on real files.
func TestFind(t *testing.T) {
	folder := t.TempDir()
	file := func(name string, attributes map[string]string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte("program"), 0o700); err != nil {
			t.Fatal(err)
		}
		for k, v := range attributes {
			if err := unix.Setxattr(path, k, []byte(v), 0); err != nil {
				t.Fatalf("this file system (%s) has no extended attributes: %v", runtime.GOOS, err)
			}
		}
		return path
	}
	marked := map[string]string{"user.xdg.origin.url": "https://other.example/download/x"}
	for _, c := range []struct {
		path, gateway string
		from          Source
		refused       bool
	}{
		{file("lotse-support.example.com", marked), example, FileName, false}, // takes precedence over the mark
		{file("lotse-agent", marked), "https://other.example", Download, false},
		{file("lotse-agent.exe", map[string]string{"user.xdg.referrer.url": "https://third.example/"}), "https://third.example", Download, false},
		{file("lotse-agent (1)", map[string]string{"user.xdg.origin.url": "http://other.example/download/x"}), "", Download, true},
		{file("lotse-192.0.2.1", marked), "", FileName, true}, // an unusable name is not skipped
		{file("help", nil), "", Nowhere, false},
		{filepath.Join(folder, "missing"), "", Nowhere, false}, {"", "", Nowhere, false},
	} {
		gateway, from, err := Find(c.path, "")
		if gateway != c.gateway || from != c.from || (err != nil) != c.refused {
			t.Errorf("%s: %q, %q, %v", c.path, gateway, from, err)
		}
		var said *Error
		if c.refused && (!errors.As(err, &said) || !strings.Contains(err.Error(), string(c.from)) || !strings.Contains(err.Error(), "Download the program again")) {
			t.Errorf("%s: %v", c.path, err)
		}
	}
}
