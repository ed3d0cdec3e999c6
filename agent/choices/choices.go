// Package choices describes what a customer can share and what he has chosen, as panels see it;
// agent/PANEL.md.
package choices

import (
	"errors"
	"slices"
	"strings"

	"lotse/agent/powerful"
	"lotse/i18n"
	"lotse/plaintext"
	"lotse/screen"
)

// Selection is what the customer chose to share, as in the panel's protocol (PANEL.md).
type Selection struct {
	Kind    string   `json:"kind"`
	Monitor uint32   `json:"monitor"`
	Apps    []string `json:"apps"`
	Names   []string `json:"names"`
}

// Choices lists what the customer can share, as in the panel's protocol (PANEL.md).
type Choices struct {
	Whole    bool            `json:"whole"`
	Monitors []MonitorChoice `json:"monitors"`
	Apps     []AppChoice     `json:"apps"`
}

// MonitorChoice is one monitor. Width and Height are in pixels.
type MonitorChoice struct {
	ID     uint32 `json:"id"`
	Name   string `json:"name"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
}

// AppChoice is one program with the titles of its windows.
type AppChoice struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Titles []string `json:"titles"`
	Icon   []byte   `json:"icon,omitempty"` // a PNG
	// Powerful means that anyone who controls this program can control the whole computer.
	Powerful bool `json:"powerful"`
}

// Limits of what a panel receives and may send.
const (
	// maxName is the maximum length in characters of a name or title.
	maxName   = 200
	MaxApps   = 100
	MaxTitles = 20
	// MaxIcon limits one icon, in bytes: 32 by 32 pixels that do not compress.
	MaxIcon = 5 << 10
	// MaxIcons limits all icons together, in bytes. Programs after that have no icon.
	MaxIcons = 96 << 10
)

var shareKinds = [...]string{screen.ShareScreen: ShareScreen, screen.ShareMonitor: ShareMonitor, screen.ShareApps: ShareApps}

// Values of Share.Kind, here and in tunnel.Share.
const (
	ShareScreen  = "screen"
	ShareMonitor = "monitor"
	ShareApps    = "apps"
)

var errShare = errors.New("choices: this is no share: want the screen, a monitor, or at least one program")

// Parse checks a share that a panel sent and converts it.
func (p *Selection) Parse() (screen.Share, error) {
	var s screen.Share
	kind := slices.Index(shareKinds[:], p.Kind)
	if kind < 0 || len(p.Apps) > MaxApps {
		return s, errShare
	}
	s.Kind = screen.ShareKind(kind)
	switch s.Kind {
	case screen.ShareMonitor:
		s.Monitor = p.Monitor
	case screen.ShareApps:
		s.Apps = slices.Clone(p.Apps)
		if len(s.Apps) == 0 {
			return s, errShare
		}
	}
	return s, nil
}

// Describe converts a share for panels and adds the names that are known. c may be nil: then
// only names that the share itself contains are known.
func (c *Choices) Describe(sh screen.Share) Selection {
	out := Selection{Kind: shareKinds[sh.Kind], Monitor: sh.Monitor, Apps: append([]string{}, sh.Apps...), Names: []string{}}
	switch sh.Kind {
	case screen.ShareMonitor:
		for _, m := range c.monitors() {
			if m.ID == sh.Monitor {
				out.Names = append(out.Names, m.Name)
			}
		}
	case screen.ShareApps:
		for _, id := range sh.Apps {
			name, ok := screen.NameOfApp(id)
			for _, a := range c.apps() {
				if a.ID == id {
					name, ok = a.Name, true
				}
			}
			if ok {
				out.Names = append(out.Names, plaintext.Line(name, maxName))
			}
		}
	}
	return out
}

func (c *Choices) monitors() []MonitorChoice {
	if c == nil {
		return nil
	}
	return c.Monitors
}

func (c *Choices) apps() []AppChoice {
	if c == nil {
		return nil
	}
	return c.Apps
}

// Words describes in words what is shared.
func (sh Selection) Words(l i18n.Language) string {
	switch names := strings.Join(sh.Names, ", "); sh.Kind {
	case ShareMonitor:
		return l.Text("agent.share.monitor", names)
	case "apps":
		return l.Text("agent.share.apps", names)
	}
	return l.Text("agent.share.screen")
}

// Of returns what the customer can share; got is what the display lists.
func Of(got screen.Choices) *Choices {
	c := &Choices{Whole: true, Monitors: []MonitorChoice{}, Apps: []AppChoice{}}
	for _, m := range got.Monitors {
		c.Monitors = append(c.Monitors, MonitorChoice{m.ID, plaintext.Line(m.Name, maxName), m.Rect.Dx(), m.Rect.Dy()})
	}
	room := MaxIcons
	for _, a := range got.Apps[:min(len(got.Apps), MaxApps)] {
		titles := []string{}
		for _, t := range a.Titles[:min(len(a.Titles), MaxTitles)] {
			titles = append(titles, plaintext.Line(t, maxName))
		}
		icon := a.Icon
		if len(icon) > min(MaxIcon, room) {
			icon = nil
		}
		room -= len(icon)
		c.Apps = append(c.Apps, AppChoice{a.ID, plaintext.Line(a.Name, maxName), titles, icon, powerful.Program(a.Name)})
	}
	return c
}
