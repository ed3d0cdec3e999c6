package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestWindowsDownload checks the way from the download button on the customer's page, in
// Chromium, to the accepted number. It runs the downloaded file itself, on wine. The browser
// claims to run on Windows. The test counts what a person has to do.
func TestWindowsDownload(t *testing.T) {
	s, program := newDownloadStackOf(t, "windows/lotse-agent-windows-amd64.exe", "lotse-agent-windows-amd64.exe")
	m := newWindows(t, "800x600", "not-downloaded-yet")
	if err := os.Remove(m.exe); err != nil {
		t.Fatal(err)
	}
	ses := s.newSession()
	b := m.browser()
	b.agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
	page, panel := b.tab("customer"), b.tab("panel")
	page.open(s.url + "/#p=" + ses.number[:4])
	page.wait("download")
	begin, clicks := time.Now(), 0
	saved := filepath.Join(filepath.Dir(m.exe), "download")
	name := page.do("download", map[string]any{"id": "download", "value": saved})
	clicks++
	port := s.url[strings.LastIndex(s.url, ":")+1:]
	if name != "lotse-localhost_"+port+".exe" {
		t.Errorf("saved as %q", name)
	}
	m.exe = filepath.Join(filepath.Dir(saved), name)
	if err := os.Rename(saved, m.exe); err != nil {
		t.Fatal(err)
	}
	if body, err := os.ReadFile(m.exe); err != nil || !bytes.Equal(body, program) {
		t.Fatalf("another file came than is offered: %v", err)
	}
	m.before = m.files()
	agent := m.agent(s) // the agent reads the gateway from its file name
	clicks++
	panel.open(m.opened())
	if got := panel.text("gateway"); got != "localhost:"+port {
		t.Errorf("the panel names %q before anything is connected", got)
	}
	panel.waitFor("number-form", `[data-confirm="true"]`)
	panel.fill("number", ses.number)
	panel.click("number-submit")
	clicks++
	ses.Line(`"state":"joined"`)
	panel.wait("session")
	t.Logf("from the click on the download to an accepted number: %d clicks, nine digits, %.1f s (on wine; a double click counts as one)", clicks, time.Since(begin).Seconds())
	ses.Write("end")
	panel.wait("ended")
	if code := agent.Exit(); code != 0 {
		t.Errorf("agent ended with %d", code)
	}
	b.noComplaints(afterTheEnd...)
	m.nothingLeft()
}
