package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fileSize is large enough that a line can be cut in the middle of the file.
const fileSize = 8 << 20

// noisyFile writes a file that cannot be compressed, and returns its path, content and hash.
func noisyFile(t testing.TB, name string, size int) (path string, content []byte, sum string) {
	t.Helper()
	content = make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{9}).Read(content)
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	h := sha256.Sum256(content)
	return path, content, hex.EncodeToString(h[:])
}

// send starts `lotse send`.
func (s *stack) send(number string, files ...string) *process {
	s.t.Helper()
	args := append([]string{"send", number, "--gateway", s.url, "--user", "advisor"}, files...)
	return start(s.t, s.env(), ours(s.t, "lotse"), args...)
}

// TestSendFileTerminal sends files to a customer with a terminal, who takes the first and refuses
// the second, and then gives the first one back. The line is cut in the middle, both times.
func TestSendFileTerminal(t *testing.T) {
	s := newStack(t)
	w := newWire(t, strings.TrimPrefix(s.url, "https://"))
	customer := customerDisplay(t, "800x600")
	customer.paint()
	ses := s.newSession()
	folder := t.TempDir()
	agent := s.agent(customer, ses.number, "--gateway", "https://"+w.listener.Addr().String(), "--receive", folder)
	ses.Line(`"state":"joined"`)
	path, content, sum := noisyFile(t, "Grüße .. CON.pdf", fileSize)
	program, _, _ := noisyFile(t, "setup.exe", 10)

	w.cutAfter(fileSize / 3)
	mark := agent.Mark()
	sender := s.send(ses.number, path, program)
	sender.Line("asked: Grüße .. CON.pdf, 8.4 MB")
	allow(customer, agent, mark, "files")
	w.breaks()
	mark = agent.Mark()
	w.reconnect()
	saved := filepath.Join(folder, "Grüße .. CON.pdf")
	agent.LineAfter(mark, "Saved: "+saved)
	if got, err := os.ReadFile(saved); err != nil || !bytes.Equal(got, content) {
		t.Errorf("the customer has %d bytes, %v", len(got), err)
	}
	sender.Line("saved: Grüße .. CON.pdf, SHA-256 " + sum)
	customer.answers(agent, mark, "files", "refuse")
	sender.Line("not saved: setup.exe (the customer refused)")
	if code := sender.Exit(); code != 5 {
		t.Errorf("lotse send ended with %d", code)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 1 {
		t.Errorf("the folder has %v, %v", left, err)
	}

	// The other way, and the line is cut once more.
	taken := t.TempDir()
	receiver := start(t, s.env(), ours(t, "lotse"), "receive", ses.number, taken, "--gateway", s.url, "--user", "advisor")
	receiver.Line("ready:")
	w.cutAfter(fileSize / 3)
	agent.Write("f " + path)
	w.breaks()
	w.reconnect()
	receiver.Line("saved: " + filepath.Join(taken, "Grüße .. CON.pdf") + ", SHA-256 " + sum)
	if got, err := os.ReadFile(filepath.Join(taken, "Grüße .. CON.pdf")); err != nil || !bytes.Equal(got, content) {
		t.Errorf("the advisor has %d bytes, %v", len(got), err)
	}
	agent.Line("Your advisor has Grüße .. CON.pdf, SHA-256 " + sum)
	if line, _ := ses.rights(); strings.Contains(line, "true") {
		t.Errorf("a file gave rights: %s", line)
	}
	ses.Write("end")
	agent.Exit()
	ses.Exit()
	if code := receiver.Exit(); code != 0 {
		t.Errorf("lotse receive ended with %d", code)
	}
}

// TestSendFile gives a file from the advisor's page to a customer with the panel, and back. The
// browsers save it, although the line is cut in the middle.
func TestSendFile(t *testing.T) {
	s := newStack(t)
	w := newWire(t, strings.TrimPrefix(s.url, "https://"))
	customer := customerDisplay(t, "1000x700")
	customer.paint()
	b := newBrowser(t)
	advisor, panel := b.tab("advisor"), b.tab("panel")
	advisor.signsIn(s.url + "/advisor")
	advisor.click("new-session")
	agent, url := s.panelAgent(customer, "--gateway", "https://"+w.listener.Addr().String(), "--number", advisor.text("number"))
	panel.open(url)
	advisor.waitFor("session", `[data-phase="joined"]`)
	path, content, sum := noisyFile(t, "Übersicht 2026.xlsx", fileSize)

	mark := agent.Mark()
	advisor.do("choose", map[string]any{"id": "files-field", "value": path})
	advisor.waitFor("file", `[data-state="waiting"]`)
	panel.waitFor("question", `[data-right="files"]`)
	allow(customer, agent, mark, "files")
	advisor.waitFor("file", `[data-state="accepted"]`)
	w.cutAfter(fileSize / 3)
	saving := panel.saves("file-save")
	w.breaks()
	w.reconnect()
	name, got := saving()
	if name != "Übersicht 2026.xlsx" || !bytes.Equal(got, content) {
		t.Errorf("the browser saved %d bytes as %q", len(got), name)
	}
	panel.waitFor("file", `[data-state="done"]`)
	advisor.waitFor("file", `[data-state="done"]`)
	for _, page := range []*tab{advisor, panel} {
		if got := page.text("file-sum"); got != sum {
			t.Errorf("%s has the hash %s, want %s", page.name, got, sum)
		}
	}
	// The other way. The save dialog belongs to the system; without it the page saves by a
	// download.
	advisor.eval("() => { delete window.showSaveFilePicker; }")
	w.cutAfter(fileSize / 3)
	panel.do("choose", map[string]any{"id": "files-field", "value": path})
	advisor.waitFor("file", `[data-state="offered"]`)
	advisor.click("file-take") // a download only when everything has arrived
	w.breaks()
	w.reconnect()
	if name, got := advisor.saved(); name != "Übersicht 2026.xlsx" || !bytes.Equal(got, content) {
		t.Errorf("the advisor's browser saved %d bytes as %q", len(got), name)
	}
	panel.waitFor("file", `[data-given="true"][data-state="done"]`)

	advisor.click("end-session")
	advisor.click("confirm-yes")
	if code := agent.Exit(); code != 0 {
		t.Errorf("agent ended with %d", code)
	}
	b.noComplaints(afterTheEnd...)
}

// saves presses a button that saves a file. The result waits until the browser has saved it, and
// returns its name and content.
func (p *tab) saves(id string) (result func() (name string, content []byte)) {
	p.t.Helper()
	p.do("saves", map[string]any{"id": id})
	return p.saved
}

// saved waits until the browser has saved a file.
func (p *tab) saved() (name string, content []byte) {
	p.t.Helper()
	name, path, _ := strings.Cut(p.do("saved", nil), "\n")
	content, err := os.ReadFile(path)
	if err != nil {
		p.t.Fatal(err)
	}
	return name, content
}
