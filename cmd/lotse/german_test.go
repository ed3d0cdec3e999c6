package main

import (
	"os"
	"strings"
	"testing"

	"lotse/tunnel"
)

// germanSystem is the environment of a German system.
var germanSystem = []string{"LC_ALL=", "LC_MESSAGES=", "LANG=de_DE.UTF-8"}

// TestGermanSession: what a session prints on a German system, from the number to the end.
func TestGermanSession(t *testing.T) {
	t.Parallel()
	_, url, ca, _ := devGateway(t)
	login := []string{"--gateway", url, "--user", "advisor", "--ca-file", ca}
	p := begin(t, germanSystem, append([]string{"session", "new"}, login...)...)
	number := strings.TrimPrefix(p.line("Sitzungsnummer: "), "Sitzungsnummer: ")
	p.line("Stand: wartet auf den Kunden")
	p.Write("control")
	p.line("im Moment ist kein Kunde in der Sitzung")
	p.Write("steuern")
	p.line("nicht verstanden; Befehle: view, control, clipboard")

	// A viewer waits for the customer.
	v := begin(t, germanSystem, append([]string{"view", number, "--listen", "127.0.0.1:0"}, login...)...)
	waitFor(t, "the message", func() bool {
		return strings.Contains(v.errs.String(), "warten, bis der Kunde die Nummer eingibt … Strg+C bricht ab")
	})
	_ = v.Signal(os.Interrupt)
	if code := v.Exit(); code != exitSession ||
		!strings.HasSuffix(v.errs.String(), "lotse: abgebrochen, bevor der Kunde die Nummer eingegeben hatte\n") {
		t.Errorf("code %d, %s", code, v.errs.String())
	}

	a := newAgent(t, url, ca)
	a.join(number)
	p.line("jemand gibt gerade die Nummer ein")
	p.line("Ende zu Ende verschlüsselt; Vergleichszahl: ")
	p.line(`Kunde: Benutzer "petra" an "PETRA-PC"`)
	p.line("jetzt: es wird kein Bildschirm gezeigt; Viewer: 0")
	a.send(a.control, tunnel.Event{Event: "given", Right: "control", By: "customer"})
	p.line("Steuerung: erlaubt durch den Kunden")
	p.Write("share")
	p.line("beim Kunden ist die Auswahl, was zu sehen ist, nicht möglich: ")
	if err := a.link.End(""); err != nil {
		t.Fatal(err)
	}
	p.line("Stand: beendet (der Kunde hat sie beendet)")
	if code := p.Exit(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
}

// TestGermanFailure: why a session ended without a customer.
func TestGermanFailure(t *testing.T) {
	t.Parallel()
	_, url, ca, _ := devGateway(t)
	p := begin(t, germanSystem, "session", "new", "--gateway", url, "--user", "advisor", "--ca-file", ca)
	number := strings.TrimPrefix(p.line("Sitzungsnummer: "), "Sitzungsnummer: ")
	p.line("Stand: wartet auf den Kunden")
	page := &tunnel.Client{Gateway: url, RootCAs: newRoots(t, ca)}
	t.Cleanup(page.CloseIdle)
	advisor, err := page.SignIn(t.Context(), "advisor", testPassword)
	if err == nil {
		err = advisor.EndSession(t.Context(), strings.ReplaceAll(number, " ", "")[:4])
	}
	if err != nil {
		t.Fatal(err)
	}
	if code := p.Exit(); code != exitSession ||
		!strings.Contains(p.errs.String(), "lotse: die Sitzung endete, bevor ein Kunde kam: Sie haben sie beendet") {
		t.Errorf("code %d, %s", code, p.errs.String())
	}
}
