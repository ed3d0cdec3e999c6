package logs

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
)

// written returns what was written at each level in each area.
func written(l *slog.Logger, b *bytes.Buffer) string {
	b.Reset()
	for _, area := range []string{"", RFB, Tunnel} {
		log := l
		if area != "" {
			log = Area(l, area)
		}
		log.Debug("d")
		log.Info("i")
		log.With("k", 1).WithGroup("g").With(areaKey, Seal).Warn("w")
	}
	var out []string
	for line := range strings.Lines(b.String()) {
		var r struct{ Area, Msg string }
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			return err.Error()
		}
		out = append(out, r.Area+":"+r.Msg)
	}
	return strings.Join(out, " ")
}

func TestLevelsByArea(t *testing.T) {
	for spec, want := range map[string]string{
		"info":                     ":i :w rfb:i rfb:w tunnel:i tunnel:w",
		"warn, tunnel = debug":     ":w rfb:w tunnel:d tunnel:i tunnel:w",
		"tunnel=error":             ":i :w rfb:i rfb:w",
		"DEBUG,rfb=warn":           ":d :i :w rfb:w tunnel:d tunnel:i tunnel:w",
		"error,rfb=info,seal=info": "rfb:i rfb:w",
	} {
		levels, err := Parse(spec, GatewayAreas)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		l, err := New(&b, "json", levels)
		if err != nil {
			t.Fatal(err)
		}
		if got := written(l, &b); got != want {
			t.Errorf("%s:\n got %s\nwant %s", spec, got, want)
		}
		again, err := Parse(levels.String(), GatewayAreas)
		if err != nil || again.String() != levels.String() {
			t.Errorf("%q is written as %q, which is read as %q, %v", spec, levels, again, err)
		}
	}
}

// TestToggle checks that existing loggers follow the switch.
func TestToggle(t *testing.T) {
	levels, err := Parse("warn,rfb=info", GatewayAreas)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	l, err := New(&b, "json", levels)
	if err != nil {
		t.Fatal(err)
	}
	all := ":d :i :w rfb:d rfb:i rfb:w tunnel:d tunnel:i tunnel:w"
	for i, want := range []string{":w rfb:i rfb:w tunnel:w", all, ":w rfb:i rfb:w tunnel:w", all} {
		if got := written(l, &b); got != want {
			t.Errorf("%d: got %s, want %s", i, got, want)
		}
		if now, want := levels.ToggleDebug(), []string{"debug", "warn,rfb=info"}[i%2]; now != want {
			t.Errorf("%d: says %q, want %q", i, now, want)
		}
	}
}

func TestMistakes(t *testing.T) {
	levels, err := Parse("info", GatewayAreas)
	if err != nil {
		t.Fatal(err)
	}
	for spec, want := range map[string]string{
		"":                        `"" is not a level`,
		"loud":                    `"loud" is not a level; write debug, info, warn or error`,
		"tunnel=loud":             `"loud" is not a level`,
		"info,debug":              "twice",
		"rfb=info,rfb=debug":      "twice",
		"info,tunel=debug":        `"tunel" is not an area; there are gateway, http,`,
		"info,capture=debug":      `"capture" is not an area`,
		"info,=debug":             `"" is not an area`,
		"info,tunnel=debug=error": "is not a level",
	} {
		if err := levels.Set(spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want …%s…", spec, err, want)
		}
	}
	if levels.String() != "info" {
		t.Errorf("a mistake changed the levels to %s", levels)
	}
	if _, err := New(nil, "xml", levels); err == nil {
		t.Error("a format that does not exist is taken")
	}
}
