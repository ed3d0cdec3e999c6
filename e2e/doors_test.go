package e2e

import (
	"crypto/des"
	"encoding/json"
	"fmt"
	"io"
	"math/bits"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// doorStack is a stack whose gateway opens its doors to other viewers.
type doorStack struct {
	*stack
	vnc, repeater, servers string // each is host:port
}

func newDoorStack(t testing.TB) *doorStack {
	t.Helper()
	data := t.TempDir()
	s := &doorStack{stack: &stack{t: t, data: data, caFile: filepath.Join(data, "ca.pem")}}
	s.gateway = start(t, []string{"LOTSE_DEV_PASSWORD=" + devPassword}, ours(t, "lotse"), "gateway", "--dev", "--data", data,
		"--listen", "127.0.0.1:0", "--vnc-listen", "127.0.0.1:0", "--vnc-tls-port", "--repeater-listen", "127.0.0.1:0", "--repeater-servers", "127.0.0.1:0", "--websockify")
	line := s.gateway.Line("listening on https://")
	s.url = line[strings.Index(line, "https://"):]
	for what, to := range map[string]*string{"VNC viewers on ": &s.vnc, "repeater viewers on ": &s.repeater, "repeater servers on ": &s.servers} {
		_, *to, _ = strings.Cut(s.gateway.Line(what), what)
	}
	return s
}

// publicVNC returns the VNC port's address as the gateway tells it to advisors.
func (s *doorStack) publicVNC(t testing.TB) string {
	return net.JoinHostPort("localhost", strconv.Itoa(portOf(t, s.vnc)))
}

func portOf(t testing.TB, address string) int {
	t.Helper()
	_, p, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(p)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// pass is the number and the password that admit one viewer.
type pass struct{ User, Password string }

// password requests the number and the password for one viewer at the VNC port or the repeater.
func (s *session) password(door string) (p pass) {
	s.t.Helper()
	mark := s.Mark()
	s.Write(map[string]string{"vnc": "password", "repeater": "password repeater"}[door])
	line := s.LineAfter(mark, `"event":"password"`)
	if err := json.Unmarshal([]byte(line), &p); err != nil || p.Password == "" || p.User == s.number {
		s.t.Fatalf("%s: %v", line, err)
	}
	return p
}

// foreignSession opens a session whose number is meant for a foreign server.
func (s *doorStack) foreignSession() *session {
	s.t.Helper()
	p := start(s.t, s.env(), ours(s.t, "lotse"), "session", "new", "--gateway", s.url, "--user", "advisor", "--json", "--foreign")
	var made struct{ Number string }
	line := p.Line(`"number"`)
	if err := json.Unmarshal([]byte(line), &made); err != nil {
		s.t.Fatalf("%s: %v", line, err)
	}
	return &session{process: p, number: made.Number}
}

// doorViewer is a viewer that enters through one of the doors.
type doorViewer struct {
	name, program, pkg string
	table              string // package whose version goes into the table
	env                func(s *doorStack, p pass) []string
	args               func(t *testing.T, s *doorStack, p pass) []string
	login              func(screen *display, p pass) // types what the viewer's user types
	refusal, dialog    string                        // what stands before a refusal's text; the title of a window that shows it
	door               string
	entrance           string // name of the door in the table; "": doorNames[door]
	tolerance          int
}

var doorViewers = []doorViewer{
	{
		name: "TigerVNC", table: "tigervnc-viewer", program: "xtigervncviewer", pkg: "tigervnc-viewer", door: "vnc", tolerance: 0,
		env: func(_ *doorStack, p pass) []string {
			return []string{"VNC_USERNAME=" + p.User, "VNC_PASSWORD=" + p.Password}
		},
		args: func(t *testing.T, s *doorStack, _ pass) []string {
			return []string{"-SecurityTypes=X509Plain", "-X509CA=" + s.caFile, "-MenuKey=", "-QualityLevel=9", "localhost::" + strconv.Itoa(portOf(t, s.vnc))}
		},
		refusal: "Authentication failure: ", dialog: "TigerVNC Viewer",
	},
	{
		// This viewer takes certificate authorities from the system only; a private mount
		// replaces the system's file. A window asks for the number and the password.
		name: "gtk-vnc", table: "gvncviewer", program: "unshare", pkg: "util-linux", door: "vnc",
		args: func(t *testing.T, s *doorStack, _ pass) []string {
			return []string{"--mount", "--map-root-user", "sh", "-c", `mount --bind "$0" /etc/ssl/certs/ca-certificates.crt && exec "$@"`, s.caFile,
				need(t, "gvncviewer", "gvncviewer"), "localhost:" + strconv.Itoa(portOf(t, s.vnc)-5900)}
		},
		login: func(screen *display, p pass) {
			screen.xdotool("search", "--sync", "--onlyvisible", "--name", "Authentication required", "windowfocus", "--sync")
			screen.xdotool("type", p.User)
			screen.xdotool("key", "Tab")
			screen.xdotool("type", p.Password)
			screen.xdotool("key", "Return")
		},
		refusal: "Error: ",
	},
	{
		name: "TigerVNC", table: "tigervnc-viewer", program: "xtigervncviewer", pkg: "tigervnc-viewer", door: "vnc", entrance: "TLS port (X509Plain)",
		env: func(_ *doorStack, p pass) []string {
			return []string{"VNC_USERNAME=" + p.User, "VNC_PASSWORD=" + p.Password}
		},
		args: func(t *testing.T, s *doorStack, _ pass) []string {
			return []string{"-SecurityTypes=X509Plain", "-X509CA=" + s.caFile, "-MenuKey=", "-QualityLevel=9",
				"localhost::" + strconv.Itoa(portOf(t, strings.TrimPrefix(s.url, "https://")))}
		},
		refusal: "Authentication failure: ", dialog: "TigerVNC Viewer",
	},
	{
		name: "SSVNC", table: "ssvnc", program: "ssvncviewer", pkg: "ssvnc", door: "repeater",
		args: func(t *testing.T, s *doorStack, p pass) []string {
			return []string{"-nojpeg", "-noraiseonbeep", "-passwd", passwordFile(t, p.Password), "-repeater", "ID:" + p.User, s.repeater}
		},
		refusal: "Reason: ", dialog: "Message",
	},
	{
		// Remmina treats a refusal as a wrong password and asks for another one.
		name: "Remmina", table: "remmina", program: "dbus-run-session", pkg: "dbus", door: "repeater", tolerance: 0,
		args: func(t *testing.T, s *doorStack, p pass) []string {
			file := filepath.Join(t.TempDir(), "lotse.remmina")
			profile := fmt.Sprintf("[remmina]\nname=lotse\nprotocol=VNC\nserver=%s\nproxy=%s\npassword=%s\nquality=9\ncolordepth=32\nviewmode=1\n"+
				"window_width=1000\nwindow_height=760\nscale=0\n", p.User, s.repeater, p.Password)
			if err := os.WriteFile(file, []byte(profile), 0o600); err != nil {
				t.Fatal(err)
			}
			return []string{need(t, "remmina", "remmina remmina-plugin-vnc"), "-c", file}
		},
	},
}

// passwordFile writes a password file in the format of VNC viewers: DES with a well-known key.
func passwordFile(t *testing.T, password string) string {
	t.Helper()
	key := []byte{23, 82, 107, 6, 35, 78, 88, 7}
	for i := range key {
		key[i] = bits.Reverse8(key[i])
	}
	block, err := des.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 8)
	copy(b, password)
	block.Encrypt(b, b)
	file := filepath.Join(t.TempDir(), "passwd")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestDoors checks a session through each door at which the gateway opens the seal. It covers a
// refusal, consent, the picture, no input before control is given, and input afterwards.
func TestDoors(t *testing.T) {
	for _, v := range doorViewers {
		// The test's name becomes part of a path that a shell reads. It must not contain
		// parentheses.
		short := v.name
		if v.entrance == "" {
			v.entrance = doorNames[v.door]
		} else {
			short, _, _ = strings.Cut(v.name+" "+v.entrance, " (")
		}
		t.Run(short, func(t *testing.T) {
			s := newDoorStack(t)
			customer := customerDisplay(t, "800x600")
			customer.paint()
			v.refuses(t, s, customer)
			file := customer.typewriter()
			ses := s.newSession()
			agent := s.agent(customer, ses.number)
			ses.Line(`"state":"joined"`)
			screen := viewerDisplay(t, "1024x800")
			mark, told := agent.Mark(), ses.Mark()
			v.open(t, s, ses, screen)

			allow(customer, agent, mark, "view")
			ses.LineAfter(told, `"line":"gateway"`)
			at := shows(t, screen, customer, v.tolerance)
			typeInto := func(text string) {
				screen.xdotool("mousemove", strconv.Itoa(at.X+200), strconv.Itoa(at.Y+360))
				screen.xdotool("click", "1")
				screen.xdotool("type", "--delay", "25", text)
				screen.xdotool("key", "Return")
			}
			typeInto("not allowed")
			customer.stays(t, "typed without the right to control", file, "", screen.colourAt(at))
			mark = agent.Mark()
			ses.Write("control")
			allow(customer, agent, mark, "control")
			ses.Line(`"given","right":"control"`)
			ses.takesInput()
			typeInto("by the door " + v.door)
			eventually(t, "typed text", func() error {
				if got := typed(file); got != "by the door "+v.door+"\n" {
					return fmt.Errorf("%q", got)
				}
				return nil
			})
			ses.Write("end")
			if code := agent.Exit(); code != 0 {
				t.Errorf("agent ended with %d", code)
			}
			seen := []string{"picture", "consent", "typing", "end"}
			if v.refusal != "" {
				seen = append(seen, "refusal as text")
			}
			works(v.name, v.table, v.entrance, seen...)
		})
	}
}

// open starts the viewer with a number and a password of its own.
func (v doorViewer) open(t *testing.T, s *doorStack, ses *session, screen *display, more ...string) *process {
	t.Helper()
	home, p := t.TempDir(), ses.password(v.door)
	env := append(screen.env(), "HOME="+home, "XDG_RUNTIME_DIR="+home, "XDG_CONFIG_HOME="+home, "GTK_A11Y=none", "NO_AT_BRIDGE=1", "LC_ALL=C.UTF-8")
	if v.env != nil {
		env = append(env, v.env(s, p)...)
	}
	window := start(t, env, need(t, v.program, v.pkg), append(more, v.args(t, s, p)...)...)
	if v.login != nil {
		v.login(screen, p)
	}
	return window
}

// doorNames are the names of the doors in docs/viewers.md.
var doorNames = map[string]string{"vnc": "VNC port (X509Plain)", "repeater": "repeater"}

// refuses checks a session in which the customer refuses. The viewer shows no picture. It shows
// the customer's text if it can.
func (v doorViewer) refuses(t *testing.T, s *doorStack, customer *display) {
	t.Helper()
	ses := s.newSession()
	s.agent(customer, ses.number, "--answer", "deny")
	ses.Line(`"state":"joined"`)
	screen := viewerDisplay(t, "1024x800")
	window := v.open(t, s, ses, screen)
	ses.Line(`"event":"refused"`)
	if v.refusal != "" {
		window.Line(v.refusal + "The customer did not allow the view.")
	}
	if v.dialog != "" {
		eventually(t, "the viewer's window with the words", func() error {
			search := exec.Command(need(t, "xdotool", "xdotool"), "search", "--onlyvisible", "--name", v.dialog)
			search.Env = append(os.Environ(), screen.env()...)
			if out, err := search.CombinedOutput(); err != nil {
				select {
				case <-window.Ended():
					return fmt.Errorf("%s has ended; %s", v.program, out)
				default:
					return fmt.Errorf("%w: %s", err, out)
				}
			}
			return nil
		})
	}
	if _, shown := locate(customer.picture(), screen.picture(), v.tolerance); shown {
		t.Error("a picture after a refusal")
	}
	window.Stop()
	ses.Write("end")
	ses.Exit()
}

// TestListeningViewer checks that `lotse view --to` connects to a viewer that listens, and that
// the session is sealed up to `lotse view`.
func TestListeningViewer(t *testing.T) {
	s := newStack(t)
	customer := customerDisplay(t, "800x600")
	customer.paint()
	ses := s.newSession()
	s.agent(customer, ses.number, "--answer", "view")
	ses.Line(`"state":"joined"`)
	screen := viewerDisplay(t, "1024x800")
	port := freePort(t)
	viewer := start(t, append(screen.env(), "HOME="+t.TempDir()), need(t, "xtigervncviewer", "tigervnc-viewer"), "-MenuKey=", "-QualityLevel=9", "-listen", strconv.Itoa(port))
	viewer.Line("Listening on port")
	mark := ses.Mark()
	view := start(t, s.env(), ours(t, "lotse"), "view", ses.number, "--gateway", s.url, "--user", "advisor", "--to", "127.0.0.1:"+strconv.Itoa(port))
	view.Line("ready: connected")
	ses.LineAfter(mark, `"line":"sealed"`)
	shows(t, screen, customer, 0)
	ses.Write("end")
	if code := view.Exit(); code != 0 {
		t.Errorf("view ended with %d", code)
	}
	works("TigerVNC, listening", "tigervnc-viewer", "`lotse view --to`", "picture", "end")
}

// TestForeignServer checks that SSVNC can watch an x11vnc server through the repeater.
func TestForeignServer(t *testing.T) {
	s := newDoorStack(t)
	customer := customerDisplay(t, "800x600")
	customer.paint()
	ses := s.foreignSession()
	start(t, customer.env(), need(t, "x11vnc", "x11vnc"), "-display", customer.name, "-rfbport", "0", "-nopw", "-noxdamage", "-nocursorshape",
		"-connect_or_exit", "repeater=ID:"+ses.number+"+"+s.servers)
	ses.Line(`"foreign":"here"`)
	screen := viewerDisplay(t, "1024x800")
	start(t, append(screen.env(), "HOME="+t.TempDir()), need(t, "ssvncviewer", "ssvnc"), "-nojpeg", "-noraiseonbeep", "-repeater", "ID:"+ses.number, s.repeater)
	shows(t, screen, customer, 0)
	ses.Write("end")
	ses.Exit()
	works("x11vnc as server, SSVNC as viewer", "x11vnc", "repeater", "picture", "end")
}

// foreignPage is a page on another site with unmodified noVNC. Its fragment is JSON with the
// address and the options of RFB.
const foreignPage = `<!doctype html><body style="margin:0"><div id=screen style="width:1000px;height:700px"></div>
<script type=module>
import RFB from "/core/rfb.js";
const { url, options } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
new RFB(document.getElementById("screen"), url, options);
</script>`

// elsewhere serves foreignPage and opens it.
func elsewhere(t *testing.T, address string, options map[string]any) *tab {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, foreignPage)
			return
		}
		http.FileServer(http.Dir("../novnc-web/node_modules/@novnc/novnc")).ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	fragment, err := json.Marshal(map[string]any{"url": address, "options": options})
	if err != nil {
		t.Fatal(err)
	}
	page := newBrowser(t).tab("elsewhere")
	page.open(server.URL + "/#" + url.PathEscape(string(fragment)))
	return page
}

// TestWebsockify checks that an unmodified noVNC on another page can watch through an address
// that is valid once.
func TestWebsockify(t *testing.T) {
	s := newDoorStack(t)
	customer := customerDisplay(t, "800x600")
	customer.paint()
	ses := s.newSession()
	s.agent(customer, ses.number, "--answer", "view")
	ses.Line(`"state":"joined"`)
	mark := ses.Mark()
	elsewhere(t, ses.websockify(), nil).seesDesktop(customer, 0)
	ses.LineAfter(mark, `"line":"gateway"`)
	works("noVNC elsewhere", "chromium", "websockify", "picture")
}

// TestRepeaterID checks noVNC's own repeater option through an unmodified websockify.
func TestRepeaterID(t *testing.T) {
	s := newDoorStack(t)
	customer := customerDisplay(t, "800x600")
	customer.paint()
	ses := s.newSession()
	s.agent(customer, ses.number, "--answer", "view")
	ses.Line(`"state":"joined"`)
	port := freePort(t)
	bridge := start(t, nil, need(t, "websockify", "websockify"), "127.0.0.1:"+strconv.Itoa(port), s.repeater)
	bridge.Line("proxying from")
	p := ses.password("repeater")
	page := elsewhere(t, "ws://127.0.0.1:"+strconv.Itoa(port), map[string]any{
		"repeaterID": p.User, "credentials": map[string]string{"password": p.Password},
	})
	page.seesDesktop(customer, 0)
	works("noVNC with repeaterID, by websockify", "chromium", "repeater", "picture")
}

// TestPageViewerPassword checks that TigerVNC gets in with the password that the page creates.
func TestPageViewerPassword(t *testing.T) {
	s := newDoorStack(t)
	customer := customerDisplay(t, "800x600")
	customer.paint()
	ses := s.newSession()
	s.agent(customer, ses.number, "--answer", "view")
	ses.Line(`"state":"joined"`)
	b := newBrowser(t)
	page := b.tab("advisor")
	page.signsIn(s.url + "/advisor#n=" + ses.number)
	page.click("confirm-yes") // another program holds the session
	page.click("more")
	page.click("own-viewer-open")
	page.click("vnc-password")
	page.wait("viewer-secret")
	file := filepath.Join(t.TempDir(), "lotse.tigervnc")
	page.do("download", map[string]any{"id": "viewer-file", "value": file})
	user, password, command := page.text("viewer-user"), page.text("viewer-secret"), strings.Fields(page.text("viewer-command"))
	screen := viewerDisplay(t, "1024x800")
	env := append(screen.env(), "HOME="+t.TempDir(), "VNC_USERNAME="+user, "VNC_PASSWORD="+password)
	start(t, env, need(t, "xtigervncviewer", "tigervnc-viewer"), append([]string{"-X509CA=" + s.caFile, "-MenuKey=", "-QualityLevel=9"}, command[1:]...)...)
	shows(t, screen, customer, 0)

	// The settings file has the same content. TigerVNC takes its name as an argument.
	page.click("vnc-password")
	page.waitFor("viewer-secret", `:not(:text-is("`+password+`"))`)
	user, password = page.text("viewer-user"), page.text("viewer-secret")
	screen = viewerDisplay(t, "1024x800")
	env = append(screen.env(), "HOME="+t.TempDir(), "VNC_USERNAME="+user, "VNC_PASSWORD="+password)
	start(t, env, need(t, "xtigervncviewer", "tigervnc-viewer"), "-X509CA="+s.caFile, "-MenuKey=", "-QualityLevel=9", file)
	shows(t, screen, customer, 0)
	if link := "vnc://" + s.publicVNC(t); page.text("viewer-link") != link {
		t.Errorf("the link says %s, want %s", page.text("viewer-link"), link)
	}
	b.noComplaints()
}

// TestForeignServerPage checks that the page opens a number for an x11vnc, which asks for its
// own password, and shows its screen.
func TestForeignServerPage(t *testing.T) {
	s := newDoorStack(t)
	customer := customerDisplay(t, "800x600")
	customer.paint()
	page := newBrowser(t).tab("advisor")
	page.open(s.url + "/advisor")
	page.fill("signin-name", "advisor")
	page.fill("signin-password", devPassword)
	page.click("signin-submit")
	page.click("new-session")
	page.click("foreign-heading")
	page.click("foreign-open")
	page.wait("foreign-command")
	command := strings.Fields(page.text("foreign-command"))
	args := append([]string{"-display", customer.name, "-rfbport", "0", "-passwd", "its own", "-noxdamage", "-nocursorshape"}, command[1:]...)
	start(t, customer.env(), need(t, command[0], "x11vnc"), args...)
	page.click("foreign-watch")
	page.fill("foreign-password", "its own")
	page.click("foreign-send")
	page.seesDesktop(customer, 40) // JPEG, and x11vnc never refines a picture
	if words := page.text("foreign-warning"); !strings.Contains(words, "decided by that server") {
		t.Errorf("the page warns: %s", words)
	}
	works("x11vnc as server, browser page as viewer", "x11vnc", "repeater", "picture", "warning")
}
