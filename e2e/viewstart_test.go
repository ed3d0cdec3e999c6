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

// TestStartedViewers checks that `lotse view` starts a viewer and passes it the port's one-time
// password, which is on no command line. The port admits that viewer and then closes.
func TestStartedViewers(t *testing.T) {
	for _, c := range []struct {
		name, program, pkg string
		args               []string
		password           bool
	}{
		{"TigerVNC", "xtigervncviewer", "tigervnc-viewer", []string{"-MenuKey=", "-AutoSelect=0", "-PreferredEncoding=ZRLE"}, true},
		{"TightVNC", "xtightvncviewer", "xtightvncviewer", []string{"-nojpeg", "{}"}, true},
		{"SSVNC", "ssvncviewer", "ssvnc", []string{"-nojpeg", "-noraiseonbeep", "{}"}, true},
		// The viewer reads the password from its environment.
		{"TigerVNC by VNC_PASSWORD", "xtigervncviewer", "tigervnc-viewer", []string{"-MenuKey=", "-AutoSelect=0", "-PreferredEncoding=ZRLE", "-PasswordFile="}, true},
		// Remmina has no way to receive a password.
		{"Remmina", "remmina", "remmina remmina-plugin-vnc dbus", nil, false},
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
				// The shell drops the address that `lotse view` appends.
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

// passwordFolders returns the folders that `lotse view` has made in its folder for temporary
// files.
func passwordFolders(t *testing.T, temporary string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(temporary, "lotse-view-*"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(found, func(f string) bool { s, err := os.Stat(f); return err != nil || !s.IsDir() })
}
