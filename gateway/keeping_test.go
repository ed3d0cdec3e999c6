package gateway

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lotse/tunnel"
)

// restart stops the gateway and starts another one with its data at its address.
func (r *rig) restart(change ...func(*Config)) *rig {
	r.t.Helper()
	r.stop()
	return start(r.t, append(change, func(c *Config) { c.Data, c.Listen = r.data, r.addr })...)
}

func (r *rig) keptPath() string { return filepath.Join(r.data, keptName) }

// ended reads from an agent's link until it ends and fails if the gateway ended the session.
func (c *customer) ended() {
	c.t.Helper()
	for {
		m, err := c.link.Recv()
		if err != nil {
			return
		}
		if m.Type == tunnel.TypeEnded {
			c.t.Errorf("the gateway ended the session: %+v", m)
		}
	}
}

func TestRestart(t *testing.T) {
	t.Parallel()
	r := start(t)
	a := r.signIn("anna")
	o, waiting := r.open(a), r.open(a)
	c := r.customer()
	control, joined := c.join(o.number)
	idle := r.customer()
	trying := r.customer()
	if err := trying.link.Enter("9998", "", ""); err != nil {
		t.Fatal(err)
	}
	trying.recv()

	r2 := r.restart()
	for _, l := range []*customer{c, idle, trying} {
		l.ended()
	}
	if _, err := control.Read(make([]byte, 1)); err == nil {
		t.Error("stream goes on")
	}
	<-o.done
	// The sign-in holds, also for what needs the CSRF header.
	list, err := a.Sessions(t.Context())
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	if _, err := a.NewSession(t.Context()); err != nil {
		t.Error(err)
	}
	o.connect()
	o.state(tunnel.StateAway)
	thief := r2.customer()
	if err := thief.link.Enter(o.place, "AAAAAAAAAAAAAAAAAAAAAA", ""); err != nil {
		t.Fatal(err)
	}
	if m := thief.recv(); m.Code != tunnel.RefusedLost {
		t.Errorf("stolen place: %+v", m)
	}
	back := r2.customer()
	if err := back.link.Enter(o.place, joined.Resume, ""); err != nil {
		t.Fatal(err)
	}
	if m := back.recv(); m.Type != tunnel.TypeJoined || m.Resume != joined.Resume || m.Advisor == nil || *m.Advisor != *joined.Advisor {
		t.Fatalf("%+v", m)
	}
	o.state(tunnel.StateJoined)
	view, shown, _ := openSealed(t, o, back, "view")
	echo(t, view, shown)
	waiting.connect()
	waiting.state(tunnel.StateWaiting)
	r2.customer().join(waiting.number)
	// Nobody can join a second time, as before the restart.
	if _, m, err := r2.customer().try(o.number.Digits()); err == nil || m.Code != tunnel.RefusedNumber {
		t.Errorf("%+v, %v", m, err)
	}
}

// TestRestartKeepsNoToken: a person who reads the file cannot sign in, change anything or come back
// as the customer.
func TestRestartKeepsNoToken(t *testing.T) {
	t.Parallel()
	r := start(t)
	cookie, csrf := r.credentials()
	o := r.open(r.signIn("anna"))
	_, joined := r.customer().join(o.number)
	r.stop()
	b, err := os.ReadFile(r.keptPath())
	if err != nil {
		t.Fatal(err)
	}
	for what, secret := range map[string]string{"cookie": cookie, "csrf": csrf, "resume": joined.Resume,
		"password": testHash(), "number": o.number.Digits()} {
		if strings.Contains(string(b), secret) {
			t.Errorf("the file has the %s", what)
		}
	}
	if st, err := os.Stat(r.keptPath()); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", st, err)
	}
	if !strings.Contains(string(b), `"place":"`+o.place+`"`) {
		t.Errorf("the session is missing: %s", b)
	}
}

// TestRestartForgets checks what ends a session or a sign-in while the gateway does not run.
func TestRestartForgets(t *testing.T) {
	t.Parallel()
	r := start(t)
	anna, bert := r.signIn("anna"), r.signIn("bert")
	ended, left := r.open(bert), r.open(anna)
	if err := ended.link.End(); err != nil {
		t.Fatal(err)
	}
	ended.state(tunnel.StateEnded)
	signedOut := r.signIn("anna")
	if err := signedOut.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.stop()
	acc, err := OpenAccounts(r.data)
	if err != nil {
		t.Fatal(err)
	}
	if err := acc.SetPassword("bert", "another long password"); err != nil {
		t.Fatal(err)
	}
	r2 := r.restart()
	for who, a := range map[string]*tunnel.Advisor{"changed password": bert, "signed out": signedOut} {
		if _, err := a.Sessions(t.Context()); !hasCode(err, tunnel.CodeUnauthorized) {
			t.Errorf("%s: %v", who, err)
		}
	}
	if list, err := anna.Sessions(t.Context()); err != nil || len(list) != 1 || list[0].Place != left.place {
		t.Errorf("%+v, %v", list, err)
	}
	r2.stop()
	// A session that nobody comes back to ends, and so does one whose account is gone.
	if err := acc.Remove("anna"); err != nil {
		t.Fatal(err)
	}
	r3 := r2.restart()
	eventually(t, "all sessions ended", func() bool { return !strings.Contains(r3.kept(), `"place"`) })
}

func (r *rig) kept() string {
	b, _ := os.ReadFile(r.keptPath())
	return string(b)
}

// TestCrash: what is open is in the file without a regular end of the gateway.
func TestCrash(t *testing.T) {
	t.Parallel()
	r := start(t)
	o := r.open(r.signIn("anna"))
	r.customer().join(o.number)
	eventually(t, "the joined session in the file", func() bool { return strings.Contains(r.kept(), `"resume"`) })
	if err := o.link.End(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the end in the file", func() bool { return !strings.Contains(r.kept(), `"resume"`) })
}

// TestDamagedFile: a damaged file is set aside, with a message, and the gateway starts.
func TestDamagedFile(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"cut off":   `{"version":1,"sessions":[{"id"`,
		"empty":     "",
		"version":   `{"version":2}`,
		"hash":      `{"version":1,"sign_ins":[{"cookie":"AA"}]}`,
		"not times": `{"version":1,"sessions":[{"created":"yesterday"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t)
			r.stop()
			if err := os.WriteFile(r.keptPath(), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			r2 := r.restart()
			if b, err := os.ReadFile(r.keptPath() + ".damaged"); err != nil || string(b) != content {
				t.Errorf("%q, %v", b, err)
			}
			if !strings.Contains(r2.logs.String(), "open sessions not read") {
				t.Error("no message")
			}
			r2.open(r2.signIn("anna"))
		})
	}
}

// TestOddPlaces: places that cannot be are not taken from the file.
func TestOddPlaces(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.stop()
	later := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	content := `{"version":1,"sessions":[{"place":"../x","account":"anna","expires":"` + later + `"},{"place":"12345","account":"anna","expires":"` + later + `"},{"place":"4821","account":"anna","expires":"` + later + `"}]}`
	if err := os.WriteFile(r.keptPath(), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	r2 := r.restart()
	list, err := r2.signIn("anna").Sessions(t.Context())
	if err != nil || len(list) != 1 || list[0].Place != "4821" {
		t.Errorf("%+v, %v", list, err)
	}
}

// TestShutdownWithoutFile: if the file cannot be written, both ends learn that the session is over.
func TestShutdownWithoutFile(t *testing.T) {
	t.Parallel()
	r := start(t)
	o := r.open(r.signIn("anna"))
	c := r.customer()
	c.join(o.number)
	eventually(t, "the file", func() bool { return strings.Contains(r.kept(), `"resume"`) })
	if err := os.Remove(r.keptPath()); err != nil {
		t.Fatal(err)
	}
	// A folder in its place cannot be replaced by a file.
	if err := os.Mkdir(r.keptPath(), 0o700); err != nil {
		t.Fatal(err)
	}
	stopped := make(chan struct{})
	go func() { r.stop(); close(stopped) }()
	if m := c.recv(); m.Type != tunnel.TypeEnded || m.Reason != tunnel.ReasonShutdown {
		t.Errorf("%+v", m)
	}
	if m := o.state(tunnel.StateEnded); m.Reason != tunnel.ReasonShutdown {
		t.Errorf("%+v", m)
	}
	receive(t, stopped, "stop")
}

// FuzzOpenFile: whatever is in the file, the gateway starts, and what it took from the file can be
// written and read again.
func FuzzOpenFile(f *testing.F) {
	const session = `{"version":1,"sessions":[{"id":"x","place":"4821","account":"anna","created":%q,"expires":%q,"joined":%q}]}`
	for _, times := range [][3]any{
		{"2026-11-30T10:00:00Z", "2026-11-30T11:00:00Z", "2026-11-30T10:01:00Z"},
		{"0000-01-01T00:00:00+12:00", "9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59-12:00"},
	} {
		f.Add(fmt.Appendf(nil, session, times[:]...))
	}
	f.Add([]byte(`{"version":1,"sign_ins":[{"cookie":"` + strings.Repeat("A", 43) + `","account":"anna","created":"0000-01-01T00:00:00+12:00","expires":"9999-12-31T23:59:59-12:00"}]}`))
	f.Add([]byte(`{"version":1,"resting":{"4821":"9999-12-31T23:59:59-12:00"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		cfg, err := Config{Data: t.TempDir(), TLS: TLSConfig{Mode: TLSDev}}.withDefaults()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(cfg.Data, keptName), b, 0o600); err != nil {
			t.Fatal(err)
		}
		read := func() (sessions, signIns int) {
			s, err := newServer(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { s.audit.Close(); s.downloads.close() }()
			if err := (keeping{s.dir}).save(&s.web); err != nil {
				t.Fatalf("not written again: %v", err)
			}
			return len(s.dir.sessions), len(s.web.open)
		}
		sessions, signIns := read()
		if again, signedIn := read(); again != sessions || signedIn != signIns {
			t.Errorf("%d sessions and %d sign-ins became %d and %d", sessions, signIns, again, signedIn)
		}
	})
}
