package agent

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"lotse/agent/powerful"
	"lotse/consent"
	"lotse/i18n"
	"lotse/screen"
)

// choicesEvery is the interval at which the list of what can be shared is read while the
// customer may choose.
const choicesEvery = 2 * time.Second

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
	maxApps   = 100
	maxTitles = 20
	// maxIcon limits one icon, in bytes: 32 by 32 pixels that do not compress.
	maxIcon = 5 << 10
	// maxIcons limits all icons together, in bytes. Programs after that have no icon.
	maxIcons = 96 << 10
)

var shareKinds = [...]string{screen.ShareScreen: ShareScreen, screen.ShareMonitor: ShareMonitor, screen.ShareApps: ShareApps}

// Values of Share.Kind, here and in tunnel.Share.
const (
	ShareScreen  = "screen"
	ShareMonitor = "monitor"
	ShareApps    = "apps"
)

var errShare = errors.New("agent: this is no share: want the screen, a monitor, or at least one program")

// parse checks a share that a panel sent and converts it.
func (p *Selection) parse() (screen.Share, error) {
	var s screen.Share
	kind := slices.Index(shareKinds[:], p.Kind)
	if kind < 0 || len(p.Apps) > maxApps {
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

// describe converts a share for panels and adds the names that are known. c may be nil: then
// only names that the share itself contains are known.
func (c *Choices) describe(sh screen.Share) Selection {
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
				out.Names = append(out.Names, short(name))
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

// sharing is what is shared, and what can be shared. The loop owns it.
type sharing struct {
	shown   screen.Share
	choices *Choices // replaced, never changed; nil until first read
}

// choosing reports whether the customer may choose now what is shown.
func (st *state) choosing() bool {
	c := st.consent
	return st.session.cfg.Display.Windows != nil && (c.Question == consent.View || c.Question == consent.Share || c.Given.Has(consent.View))
}

// choicesReader reads the list of what can be shared again and again while it is needed.
type choicesReader struct{ session *Session }

func (r *choicesReader) run(ctx context.Context) {
	needed := func(m *moment) bool { return m.choosing }
	for {
		if _, ok := r.session.await(ctx, nil, needed); !ok {
			return
		}
		r.session.send(choicesRead{r.read()})
		timer := time.NewTimer(choicesEvery)
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// read reads the list once.
func (r *choicesReader) read() *Choices {
	got, err := r.session.cfg.Display.Windows.Choices()
	if err != nil {
		r.session.log.capture.Info("the programs could not be listed", "reason", err)
	}
	c := &Choices{Whole: true, Monitors: []MonitorChoice{}, Apps: []AppChoice{}}
	for _, m := range got.Monitors {
		c.Monitors = append(c.Monitors, MonitorChoice{m.ID, short(m.Name), m.Rect.Dx(), m.Rect.Dy()})
	}
	room := maxIcons
	for _, a := range got.Apps[:min(len(got.Apps), maxApps)] {
		titles := []string{}
		for _, t := range a.Titles[:min(len(a.Titles), maxTitles)] {
			titles = append(titles, short(t))
		}
		icon := a.Icon
		if len(icon) > min(maxIcon, room) {
			icon = nil
		}
		room -= len(icon)
		c.Apps = append(c.Apps, AppChoice{a.ID, short(a.Name), titles, icon, powerful.Program(a.Name)})
	}
	return c
}

// choicesRead delivers a newer list.
type choicesRead struct{ choices *Choices }

func (e choicesRead) in(st *state) { st.sharing.choices = e.choices }
