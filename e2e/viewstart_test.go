package e2e

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestStartedViewers: `lotse view` starts a viewer and gives it the port's one-time
// password, which stands on no command line; the port takes that viewer and closes.
func TestStartedViewers(t *testing.T) {
	for _, c := range []struct {
		name, program, pkg string
		args               []string
		password           bool
	}{
		{"TigerVNC", "xtigervncviewer", "tigervnc-viewer", []string{"-MenuKey=", "-AutoSelect=0", "-PreferredEncoding=ZRLE"}, true},
		{"TightVNC", "xtightvncviewer", "xtightvncviewer", []string{"-nojpeg", "{}"}, true},
		{"SSVNC", "ssvncviewer", "ssvnc", []string{"-nojpeg", "-noraiseonbeep", "{}"}, true},
		// By its environment, as its user knows.
		{"TigerVNC by VNC_PASSWORD", "xtigervncviewer", "tigervnc-viewer", []string{"-MenuKey=", "-AutoSelect=0", "-PreferredEncoding=ZRLE", "-PasswordFile="}, true},
		// Without a way to be given one.
		{"Remmina", "remmina", "remmina remmina-plugin-vnc dbus-x11", nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := need(t, c.program, c.pkg)
			s := newStack(t)
			customer := customerDisplay(t, "640x480")
			customer.paint()
			ses := s.newSession()
			s.agent(customer, ses.number, "--answer", "view")
			ses.Line(`"state":"joined"`)
			screen := viewerDisplay(t, "1024x800")
			home, port := t.TempDir(), vncPort(t)
			env := append(append(s.env(), screen.env()...), "HOME="+home, "TMPDIR="+home, "XDG_CONFIG_HOME="+home, "GTK_A11Y=none", "NO_AT_BRIDGE=1")
			args := []string{"view", ses.number, "--gateway", s.url, "--user", "advisor", "--listen", "127.0.0.1:" + strconv.Itoa(port)}
			program := []string{path}
			if strings.HasSuffix(c.name, "VNC_PASSWORD") {
				args = append(args, "--password")
			}
			if c.program == "remmina" {
				file := filepath.Join(home, "lotse.remmina")
				profile := fmt.Sprintf("[remmina]\nname=lotse\nprotocol=VNC\nserver=127.0.0.1:%d\nquality=9\ncolordepth=32\nviewmode=1\nwindow_width=1000\nwindow_height=760\nscale=0\n", port)
				if err := os.WriteFile(file, []byte(profile), 0o600); err != nil {
					t.Fatal(err)
				}
				// A shell in between drops the address that is appended.
				program = []string{need(t, "dbus-run-session", "dbus"), "sh", "-c", "exec remmina -c " + file, "remmina"}
			}
			args = append(append(append(args, "--"), program...), c.args...)
			view := start(t, env, ours(t, "lotse"), args...)
			shows(t, screen, customer, 0)
			if left := passwordFolders(t, home); c.password && len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
			if conn, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(port)); err == nil {
				conn.Close()
				t.Error("the port is still open")
			}
			ses.Write("end")
			view.Line("viewer ended")
			view.Exit()
		})
	}
}

// passwordFolders are those of `lotse view` in its folder for temporary files.
func passwordFolders(t *testing.T, temporary string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(temporary, "lotse-view-*"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(found, func(f string) bool { s, err := os.Stat(f); return err != nil || !s.IsDir() })
}
