package config

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"lotse/i18n"
	"lotse/logs"
)

// Agent has the settings of the customer's program. agent.example.toml documents them. They never
// contain a session number.
type Agent struct {
	Gateway          string   `toml:"gateway"`
	CAFile           string   `toml:"ca_file"`
	Panel            string   `toml:"panel"`  // "", browser, terminal
	Answer           string   `toml:"answer"` // "", view, control, deny
	Share            string   `toml:"share"`  // screen, monitor:N, app:NAME[,app:NAME…]
	Hotkey           string   `toml:"hotkey"`
	Display          string   `toml:"display"`
	Names            bool     `toml:"names"`    // send the names of this computer and its user to the advisor
	Language         string   `toml:"language"` // "" or one of i18n.Languages
	ViewTimeout      Duration `toml:"view_timeout"`
	ControlTimeout   Duration `toml:"control_timeout"`
	ClipboardTimeout Duration `toml:"clipboard_timeout"`
	ShowTimeout      Duration `toml:"show_timeout"`
	Log              Log      `toml:"log"`
}

// DefaultAgent returns the settings of an empty file.
func DefaultAgent() Agent {
	return Agent{
		Share: "screen", Hotkey: "F12", Names: true,
		ViewTimeout: Duration{time.Minute}, ControlTimeout: Duration{time.Minute},
		ClipboardTimeout: Duration{time.Minute}, ShowTimeout: Duration{time.Minute},
		Log: Log{Format: "text", Level: "warn"},
	}
}

// LoadAgent reads an agent's settings file. Mistakes in it are *Error, joined.
func LoadAgent(file string) (Agent, error) {
	text, err := readFile(file)
	if err != nil {
		return Agent{}, err
	}
	return ParseAgent(file, text)
}

// ParseAgent parses settings; file is the name for messages.
func ParseAgent(file string, text []byte) (Agent, error) {
	a := DefaultAgent()
	if err := parse(file, text, &a, a.check); err != nil {
		return Agent{}, err
	}
	return a, nil
}

// languages returns the allowed values of language.
func languages() []string {
	tags := []string{""}
	for _, l := range i18n.Languages {
		tags = append(tags, string(l))
	}
	return tags
}

func (a *Agent) check() (bad []problem) {
	if a.Gateway != "" {
		s := a.Gateway
		if !strings.Contains(s, "://") {
			s = "https://" + s
		}
		if u, err := url.Parse(s); err != nil || u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" {
			bad = append(bad, problem{"gateway", fmt.Sprintf("%q is not an address like \"https://support.example.com\"", a.Gateway)})
		}
	}
	for _, c := range []struct {
		key, v string
		want   []string
	}{
		{"panel", a.Panel, []string{"", "browser", "terminal"}},
		{"answer", a.Answer, []string{"", "view", "control", "deny"}},
		{"language", a.Language, languages()}, {"log.format", a.Log.Format, []string{"text", "json"}},
	} {
		if !slices.Contains(c.want, c.v) {
			bad = append(bad, problem{c.key, fmt.Sprintf("%q is not one of \"%s\"", c.v, strings.Join(c.want, `", "`))})
		}
	}
	for key, d := range map[string]Duration{
		"view_timeout": a.ViewTimeout, "control_timeout": a.ControlTimeout,
		"clipboard_timeout": a.ClipboardTimeout, "show_timeout": a.ShowTimeout,
	} {
		if d.Duration < 10*time.Second || d.Duration > 10*time.Minute {
			bad = append(bad, problem{key, fmt.Sprintf("%v is not between 10s and 10m", d)})
		}
	}
	if _, err := logs.Parse(a.Log.Level, logs.AgentAreas); err != nil {
		bad = append(bad, problem{"log.level", err.Error()})
	}
	return bad
}
