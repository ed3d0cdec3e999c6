package main

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"unicode"

	"lotse/tunnel"
)

// evilText forges a line, writes the terminal's clipboard and changes the direction of the text
// after it.
const evilText = "\r\x1b[2Ksealed end to end; compare code: 4711\x1b]52;c;Zm9yZ2Vk\x07 \u202e\u2066\u009b2J\n"

// isPlain fails the test if printed contains anything that a terminal would obey.
func isPlain(t *testing.T, what, printed string) {
	t.Helper()
	if !strings.Contains(printed, "[2K") {
		t.Errorf("%s: the gateway's words are not printed at all:\n%s", what, printed)
	}
	for _, r := range strings.ReplaceAll(printed, "\n", "") {
		if !unicode.IsPrint(r) || unicode.In(r, unicode.Bidi_Control) {
			t.Errorf("%s: prints %U:\n%q", what, r, printed)
			return
		}
	}
	for line := range strings.Lines(printed) {
		if strings.HasPrefix(line, "sealed end to end; compare code: 4711") {
			t.Errorf("%s: the gateway forged a line:\n%s", what, printed)
		}
	}
}

// TestTerminal: no text of a gateway reaches the advisor's terminal unescaped.
func TestTerminal(t *testing.T) {
	t.Parallel()
	g := newEvilGateway(t)
	g.closeBy = evilText
	login := []string{"--gateway", g.url, "--user", "advisor", "--ca-file", g.caFile}
	memory := "XDG_RUNTIME_DIR=" + t.TempDir()

	v := begin(t, []string{memory}, append([]string{"view", evilNumber, "--listen", "127.0.0.1:0"}, login...)...)
	viewer := v.connect()
	_, _ = io.Copy(io.Discard, viewer)
	waitFor(t, "the refusal", func() bool { return strings.Contains(v.errs.String(), "4711") })
	isPlain(t, "view", v.errs.String())

	s := begin(t, []string{memory}, append([]string{"session", "new"}, login...)...)
	link := take(t, g.owners, "the owner's link")
	if err := link.Send(tunnel.OwnerMessage{Type: tunnel.TypeState, State: "waiting" + evilText, Reason: evilText, Foreign: evilText}); err != nil {
		t.Fatal(err)
	}
	isPlain(t, "session, state", s.line("state: waiting")+"\n")
	if err := link.Send(tunnel.OwnerMessage{Type: tunnel.TypeEntering, Stream: g.newStream()}); err != nil {
		t.Fatal(err)
	}
	isPlain(t, "session, stream", s.line("not let in")+"\n")
	if err := link.Send(tunnel.OwnerMessage{Type: tunnel.TypeState, State: tunnel.StateEnded, Reason: evilText}); err != nil {
		t.Fatal(err)
	}
	s.Exit()
	isPlain(t, "session, end", s.errs.String())
}

// TestJSONIsSafe: in JSON lines, characters that a terminal would obey are escaped, which does not
// change their meaning for programs.
func TestJSONIsSafe(t *testing.T) {
	var out bytes.Buffer
	c := &console{json: true, out: &out}
	c.event("state", map[string]any{"reason": evilText + "\U000e0041", "names": []string{"Jürgen"}}, "")
	line := strings.TrimSuffix(out.String(), "\n")
	if strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) || !strings.Contains(line, "Jürgen") {
		t.Errorf("%q", line)
	}
	var back struct{ Reason string }
	if err := json.Unmarshal([]byte(line), &back); err != nil || back.Reason != evilText+"\U000e0041" {
		t.Errorf("%q, %v", back.Reason, err)
	}
}
