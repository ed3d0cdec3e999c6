package tunnel_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"lotse/tunnel"
)

func TestParseNumber(t *testing.T) {
	for in, want := range map[string]string{
		"482193057": "482193057", "482 193 057": "482193057", " 482-193.057 ": "482193057", "ID:482193057": "482193057",
		"id: 482 193 057": "482193057", "ID:ID:482193057": "482193057", "482\u00a0193\u2013057": "482193057",
		"100000000": "100000000", "999999998": "999999998",
	} {
		n, err := tunnel.ParseNumber(in)
		if err != nil || n.Digits() != want || n.Place() != want[:4] {
			t.Errorf("%q: %q, %v", in, n.Digits(), err)
		}
	}
	for in, want := range map[string]string{
		"": "missing", "ID:": "missing", "48219305": "this one has 8", "4821930570": "this one has 10", "082193057": "begin with 0",
		"999999999": "not given out", "48219305x": "consists of nine digits", "ID482193057": "consists of nine digits",
		strings.Repeat(" ", 200): "too long", "٤٨٢١٩٣٠٥٧": "consists of nine digits", "482193057;": "consists",
	} {
		n, err := tunnel.ParseNumber(in)
		if err == nil || !strings.Contains(err.Error(), want) || !n.IsZero() {
			t.Errorf("%q: %v, want …%s…", in, err, want)
		}
		if err != nil && len(in) > 5 && strings.Contains(err.Error(), strings.TrimSpace(in)) && strings.TrimSpace(in) != "" {
			t.Errorf("%q is repeated in %v", in, err)
		}
	}
}

func TestNewNumber(t *testing.T) {
	seen := map[string]bool{}
	for range 200 {
		n, err := tunnel.NewNumber("4821")
		if err != nil || n.Place() != "4821" || len(n.Digits()) != 9 {
			t.Fatalf("%q, %v", n.Digits(), err)
		}
		if _, err := tunnel.ParseNumber(n.Grouped()); err != nil {
			t.Fatal(err)
		}
		seen[n.Digits()] = true
	}
	if len(seen) < 190 {
		t.Errorf("only %d different ones of 200", len(seen))
	}
	for _, bad := range []string{"", "482", "48211", "0821", "48a1"} {
		if _, err := tunnel.NewNumber(bad); err == nil {
			t.Errorf("place %q accepted", bad)
		}
	}
}

// TestNumberMasked prints a number in all common ways.
func TestNumberMasked(t *testing.T) {
	n, err := tunnel.ParseNumber("482193057")
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	// Log without the time, which may contain the same digits.
	timeless := &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}
	l := slog.New(slog.NewJSONHandler(&log, timeless))
	l.Info("x", "number", n, "pointer", &n, "struct", struct{ N tunnel.Number }{n})
	slog.New(slog.NewTextHandler(&log, timeless)).Info("x", "number", n, "struct", struct{ N tunnel.Number }{n})
	b, _ := json.Marshal(map[string]any{"n": n})
	all := log.String() + string(b) + n.String() + fmt.Sprint(n, &n, struct{ N tunnel.Number }{n})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		all += fmt.Sprintf(verb, n)
	}
	if strings.Contains(all, "482") || strings.Contains(all, "057") || strings.Contains(all, fmt.Sprintf("%x", "482193057")) {
		t.Errorf("number shows: %s", all)
	}
}

func FuzzParseNumber(f *testing.F) {
	for _, s := range []string{"482193057", "ID: 482 193 057", "999999999", "", "id:id:"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := tunnel.ParseNumber(s)
		if err != nil {
			return
		}
		again, err := tunnel.ParseNumber("ID:" + n.Grouped())
		if err != nil || again != n || !tunnel.ValidPlace(n.Place()) || n.Digits() > "999999998" {
			t.Errorf("%q reads as %q, then %v", s, n.Digits(), err)
		}
	})
}

func FuzzMessages(f *testing.F) {
	f.Add([]byte(`{"type":"enter","place":"4821","resume":""}`))
	f.Add([]byte(`{"type":"verdict","stream":"AAAAAAAAAAAAAAAAAAAAAA","ok":true}`))
	f.Add([]byte(`{"type":"call","stream":"AAAAAAAAAAAAAAAAAAAAAA","kind":"view"}`))
	f.Add([]byte(`{"type":"state","since":"2026-01-01T00:00:00Z"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := tunnel.ParseAgentRequest(b); err == nil && m.Type == "enter" && !tunnel.ValidPlace(m.Place) {
			t.Error("enter without place")
		}
		if m, err := tunnel.ParseOwnerRequest(b); err == nil && m.Type == "verdict" && (m.OK == nil || !tunnel.ValidStreamID(m.Stream)) {
			t.Error("verdict without ok")
		}
		if m, err := tunnel.ParseGatewayMessage(b); err == nil && m.Type == "joined" && m.Advisor == nil {
			t.Error("joined without advisor")
		}
		_, _ = tunnel.ParseOwnerMessage(b)
	})
}
