package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
)

// checkExample checks that an example file has every key with its default.
func checkExample[T any](t *testing.T, file string, load func(string) (T, error), want T) {
	t.Helper()
	got, err := load(file)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s differs from the defaults:\n got %+v\nwant %+v", file, got, want)
	}
	var raw map[string]any
	meta, err := toml.DecodeFile(file, &raw)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keysOf(&want) {
		if !meta.IsDefined(strings.Split(key, ".")...) {
			t.Errorf("%s lacks %s", file, key)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	for key, line := range keyLines(string(text)) {
		if !strings.Contains(lines[line-1], last(key)) {
			t.Errorf("%s is said to be in line %d: %q", key, line, lines[line-1])
		}
	}
}

func TestExamples(t *testing.T) {
	checkExample(t, "gateway.example.toml", LoadGateway, DefaultGateway())
	checkExample(t, "agent.example.toml", LoadAgent, DefaultAgent())
}

func TestMistakes(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"unknown":         {"listen = \":443\"\nlisen = \":80\"", `f.toml:2: unknown key "lisen"; did you mean "listen"?`},
		"unknown nested":  {"[tls]\nmod = \"dev\"", `f.toml:2: unknown key "tls.mod"; did you mean "tls.mode"?`},
		"wrong table":     {"[tls]\nmin = \"1.3\"\nemail = \"x\"", `f.toml:3: unknown key "tls.email"; did you mean "acme.email"?`},
		"no idea":         {"qwertzuiopasdf = 1", `f.toml:1: unknown key "qwertzuiopasdf"`},
		"syntax":          {"listen = \":443\"\nname = ", "f.toml:2: "},
		"type":            {"listen = 443", "listen"},
		"duration":        {"[sessions]\nnumber = \"30\"", `not a duration`},
		"duration range":  {"[sessions]\n\nnumber = \"1s\"", `f.toml:3: sessions.number: "1s" is not between "1m" and "24h"`},
		"zero limit":      {"[limits]\nenter_per_minute = 0", `f.toml:2: limits.enter_per_minute: 0 is not between`},
		"renamed":         {"[limits]\nenter_per_minute_address = 5", `f.toml:2: unknown key "limits.enter_per_minute_address"; limits.enter_wrong takes its place`},
		"tls":             {"[tls]\nmin = \"1.1\"", `f.toml:2: tls.min: "1.1" is not "1.3" or "1.2"; write`},
		"doors as list":   {`doors = ["page"]`, `line 1 (last key "doors")`},
		"vnc port":        {"[doors.vnc]\nlisten = \"x\"", `f.toml:2: doors.vnc.listen: "x" is not an address`},
		"tlsplain":        {"[doors.vnc]\nsecurity = [\"tlsplain\"]", `f.toml:2: doors.vnc.security: "tlsplain" cannot be offered`},
		"plain":           {"[doors.vnc]\nsecurity = [\"plain\"]", `in the clear`},
		"vncauth":         {"[doors.vnc]\nsecurity = [\"vncauth\"]", `doors.vnc.vncauth_from: and`},
		"vncauth_from":    {"[doors.vnc]\nsecurity = [\"vncauth\"]\nvncauth_from = [\"lan\"]", `f.toml:3: doors.vnc.vncauth_from: "lan"`},
		"keep_alive":      {"[doors.repeater]\nkeep_alive = \"1s\"", `f.toml:2: doors.repeater.keep_alive: "1s" is not between "10s" and "1h", or "0s" for never`},
		"viewer password": {"[doors]\nviewer_password = \"2h\"", `f.toml:2: doors.viewer_password`},
		"host":            {`hosts = ["https://example.com"]`, `f.toml:1: hosts: "https://example.com" is not a host name`},
		"url":             {`public_url = "http://example.com"`, `f.toml:1: public_url:`},
		"proxy":           {`trusted_proxies = ["everyone"]`, `f.toml:1: trusted_proxies: "everyone"`},
		"contact":         {`security_contact = "security@example.com"`, `f.toml:1: security_contact: "security@example.com" is not an address like "mailto:`},
		"contact lines":   {"security_contact = \"mailto:a@example.com\\nExpires: never\"", `f.toml:1: security_contact:`},
		"file kinds":      {"[files]\nkinds = [\"movie\"]", `f.toml:2: files.kinds: "movie" is none of program, document`},
		"terms version":   {"[customer]\nterms_version = \"a\\nb\"", `f.toml:2: customer.terms_version: is not one line of at most 40 characters`},
		"question":        {"[customer]\nquestion = \"" + strings.Repeat("x", 201) + `"`, `f.toml:2: customer.question: is not one line of at most 200 characters`},
		"audit":           {"[audit]\nfiles = 0", `f.toml:2: audit.files: 0 is not between 1 and 10000`},
		"listen":          {`listen = "443"`, `f.toml:1: listen: "443" is not an address`},
		"metrics":         {"[metrics]\nlisten = \"x\"", `f.toml:2: metrics.listen:`},
		"level":           {"[log]\nlevel = \"loud\"", `f.toml:2: log.level: "loud"`},
		"two at once":     {"[log]\nlevel = \"loud\"\nformat = \"xml\"", `f.toml:3: log.format: "xml"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseGateway("f.toml", []byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant …%s…", err, c.want)
			}
			var e *Error
			if !errors.As(err, &e) {
				t.Errorf("not an *Error: %T", err)
			}
		})
	}
}

func TestAgentMistakes(t *testing.T) {
	for text, want := range map[string]string{
		`gateway = "http://x"`:       "f.toml:1: gateway:",
		`panel = "window"`:           "f.toml:1: panel:",
		`answer = "yes"`:             "f.toml:1: answer:",
		`language = "tlh"`:           `f.toml:1: language: "tlh" is not one of "", "en", `,
		`view_timeout = "1s"`:        "f.toml:1: view_timeout: 1s is not between",
		`number = "482193057"`:       "unknown key",
		"[log]\nlevel = \"nothing\"": "f.toml:2: log.level",
		"[log]\nformat = \"xml\"":    "f.toml:2: log.format",
		// The gateway has this area, and the agent has not.
		"[log]\nlevel = \"info,audit=debug\"": `f.toml:2: log.level: "audit" is not an area; there are agent, `,
	} {
		if _, err := ParseAgent("f.toml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want …%s…", text, err, want)
		}
	}
}

func TestComplete(t *testing.T) {
	for text, want := range map[string]string{
		``:                                 "hosts is empty",
		`hosts = ["a.example"]`:            "tls.cert and tls.key",
		"[tls]\nmode = \"dev\"":            "loopback",
		"hosts=[\"a\"]\ntls.mode=\"acme\"": "",
		"public_url=\"https://a.example:8443\"\ntls.mode=\"acme\"": "",
		"listen=\"127.0.0.1:1\"\ntls.mode=\"dev\"":                 "",
	} {
		g, err := ParseGateway("f.toml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		err = g.Complete()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: got %v, want …%s…", text, err, want)
		}
	}
}

func TestFileErrors(t *testing.T) {
	if _, err := LoadGateway(filepath.Join(t.TempDir(), "none.toml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	big := filepath.Join(t.TempDir(), "big.toml")
	if err := os.WriteFile(big, make([]byte, maxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadGateway(big); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("big file: %v", err)
	}
}

func TestProxies(t *testing.T) {
	g := Gateway{TrustedProxies: []string{"10.0.0.0/8", "::1"}}
	p, err := g.Proxies()
	if err != nil || len(p) != 2 || p[1].Bits() != 128 {
		t.Errorf("%v, %v", p, err)
	}
}

func FuzzParseGateway(f *testing.F) {
	f.Add("listen = \":443\"\n[tls]\nmode=\"dev\"")
	f.Add("[a]\nb = [1,2]\n[[c]]")
	f.Fuzz(func(t *testing.T, text string) {
		g, err := ParseGateway("f.toml", []byte(text))
		if err == nil && len(g.check()) != 0 {
			t.Error("accepted and wrong")
		}
	})
}
