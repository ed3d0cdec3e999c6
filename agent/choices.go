package agent

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"time"

	"lotse/consent"
	"lotse/screen"
	"lotse/tunnel"
)

// choicesEvery is how often the list of what can be shared is read again while
// the customer may choose.
const choicesEvery = 2 * time.Second

// Share is what the customer chose, as panels say it; PANEL.md.
type Share struct {
	Kind    string   `json:"kind"`
	Monitor uint32   `json:"monitor"`
	Apps    []string `json:"apps"`
	Names   []string `json:"names"`
}

// Choices is what he can choose from; PANEL.md.
type Choices struct {
	Whole    bool            `json:"whole"`
	Monitors []MonitorChoice `json:"monitors"`
	Apps     []AppChoice     `json:"apps"`
}

// MonitorChoice is one monitor.
type MonitorChoice struct {
	ID     uint32 `json:"id"`
	Name   string `json:"name"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
}

// AppChoice is one program with its windows' titles.
type AppChoice struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Titles []string `json:"titles"`
	Icon   []byte   `json:"icon,omitempty"` // a PNG
	// Powerful: to control it is to control the computer.
	Powerful bool `json:"powerful"`
}

// Bounds of what a panel is told and may say.
const (
	maxApps   = 100
	maxTitles = 20
	// maxIcon bounds one icon: 32 by 32 pixels that cannot be packed.
	maxIcon = 5 << 10
	// maxIcons bounds all icons together; programs behind have none.
	maxIcons = 96 << 10
)

var shareKinds = [...]string{screen.ShareScreen: "screen", screen.ShareMonitor: "monitor", screen.ShareApps: "apps"}

var errShare = errors.New("agent: this is no share: want the screen, a monitor, or at least one program")

// parse checks what a panel said.
func (p *Share) parse() (screen.Share, error) {
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

// describeShareLocked describes a share with the names that were known last.
func (s *Session) describeShareLocked(sh screen.Share) Share {
	out := Share{Kind: shareKinds[sh.Kind], Monitor: sh.Monitor, Apps: append([]string{}, sh.Apps...), Names: []string{}}
	switch sh.Kind {
	case screen.ShareMonitor:
		for _, m := range s.choices.Monitors {
			if m.ID == sh.Monitor {
				out.Names = append(out.Names, m.Name)
			}
		}
	case screen.ShareApps:
		for _, id := range sh.Apps {
			name, ok := screen.NameOfApp(id)
			for _, a := range s.choices.Apps {
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

// shareWordsLocked is the present share for people.
func (s *Session) shareWordsLocked() string { return s.wordsOfLocked(s.share.chosen()) }

// wordsOfLocked is a share for people.
func (s *Session) wordsOfLocked(sh screen.Share) string {
	d := s.describeShareLocked(sh)
	switch d.Kind {
	case "monitor":
		return s.lang.text("one monitor (%s)", strings.Join(d.Names, ", "))
	case "apps":
		return s.lang.text("these programs: %s", strings.Join(d.Names, ", "))
	}
	return s.lang.text("the whole screen")
}

// choosingLocked reports whether the customer may choose now.
func (s *Session) choosingLocked() bool {
	return s.cfg.Display.Windows != nil && (s.state.Question == consent.View || s.state.Question == consent.Share || s.state.Given.Has(consent.View))
}

// watchChoices keeps the list of what can be shared while it is needed.
func (s *Session) watchChoices(ctx context.Context) {
	for ctx.Err() == nil {
		s.mu.Lock()
		choosing, changed := s.choosingLocked(), s.changed
		s.mu.Unlock()
		if !choosing {
			select {
			case <-changed:
			case <-ctx.Done():
			}
			continue
		}
		s.readChoices()
		timer := time.NewTimer(choicesEvery)
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// readChoices reads the list and tells panels when it is another.
func (s *Session) readChoices() {
	got, err := s.cfg.Display.Windows.Choices()
	if err != nil {
		s.log.Info("the programs could not be listed", "reason", err)
	}
	c := Choices{Whole: true, Monitors: []MonitorChoice{}, Apps: []AppChoice{}}
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
		c.Apps = append(c.Apps, AppChoice{a.ID, short(a.Name), titles, icon, canDoEverything(a.Name)})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !reflect.DeepEqual(c, s.choices) {
		s.choices = c
		s.publishLocked()
	}
}

// ProposeShare changes what is shared, by the customer: less at once, anything
// else after a question.
func (s *Session) ProposeShare(p Share) error {
	sh, err := p.parse()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.state.Given.Has(consent.View) {
		return nil
	}
	if s.share.chosen().Covers(sh) {
		s.setShareLocked(sh)
		s.noteLocked("shown: %s", s.shareWordsLocked())
		s.publishLocked()
		return nil
	}
	// While a question is open, what a yes to it means must not change.
	if s.state.Question == 0 && !s.state.Silenced.Has(consent.Share) {
		s.proposal = &sh
		s.applyLocked(consent.Event{Kind: consent.Ask, Right: consent.Share}, byCustomer)
		s.publishLocked()
	}
	return nil
}

// setShareLocked makes another share true: when it returns nothing of the old
// one is in any picture.
func (s *Session) setShareLocked(sh screen.Share) {
	change := s.share.choose(sh)
	for v := range s.viewers {
		v.conn.Invalidate(change)
	}
}

// tunnelShareLocked is what the advisor is told.
func (s *Session) tunnelShareLocked() *tunnel.Share {
	if !s.state.Effective().Has(consent.View) {
		return nil
	}
	d := s.describeShareLocked(s.share.chosen())
	return &tunnel.Share{Kind: d.Kind, Names: d.Names}
}
