// Package logs writes structured logs with a level for each area of a program, such as
// "info,tunnel=debug". The levels can change while the program runs.
//
// Area returns a logger for an area. Code that receives a *slog.Logger need not import this
// package: the caller that passes the logger sets its area.
//
// Logs must never contain session numbers, secrets, contents or customers' names.
package logs

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// These are the areas of both programs.
const (
	Gateway = "gateway" // start and stop, certificate, accounts, downloads
	HTTP    = "http"    // mistakes of clients in TLS and HTTP
	Audit   = "audit"   // the audit trail
	Agent   = "agent"   // the customer's program as a whole
	Capture = "capture" // screen, window list, input
	Consent = "consent" // questions and rights
	RFB     = "rfb"     // viewers: handshake, encodings, end
	Seal    = "seal"    // end-to-end encryption
	Tunnel  = "tunnel"  // sessions, links and streams
)

// GatewayAreas are the areas of lotse gateway.
var GatewayAreas = []string{Gateway, HTTP, Audit, RFB, Seal, Tunnel}

// AgentAreas are the areas of lotse-agent.
var AgentAreas = []string{Agent, Capture, Consent, RFB, Seal, Tunnel}

// areaKey is the attribute with a record's area.
const areaKey = "area"

// Area returns a logger for one area. It must be called only once on the result of New.
func Area(l *slog.Logger, name string) *slog.Logger { return l.With(areaKey, name) }

// levelNames are the levels as written by operators.
var levelNames = map[string]slog.Level{
	"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
}

// Levels determines which records are written. Methods may be called concurrently.
type Levels struct {
	// Static after Parse.
	areas []string

	now atomic.Pointer[levelTable]

	mu         sync.Mutex
	configured *levelTable // Guarded by mu; ToggleDebug returns to it.
}

type levelTable struct {
	general slog.Level
	byArea  map[string]slog.Level
}

var allDebug = &levelTable{general: slog.LevelDebug}

// Parse parses levels such as "info" or "info,tunnel=debug,rfb=warn". The level without an area
// applies to all other areas; the default is info. areas are the program's areas. Errors are meant
// for people.
func Parse(spec string, areas []string) (*Levels, error) {
	l := &Levels{areas: areas}
	if err := l.Set(spec); err != nil {
		return nil, err
	}
	return l, nil
}

// Set replaces the levels. If it returns an error, the levels are unchanged.
func (l *Levels) Set(spec string) error {
	t := &levelTable{general: slog.LevelInfo, byArea: map[string]slog.Level{}}
	general := false
	for part := range strings.SplitSeq(spec, ",") {
		area, name, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok {
			area, name = "", area
		}
		level, known := levelNames[strings.ToLower(strings.TrimSpace(name))]
		if !known {
			return fmt.Errorf("%q is not a level; write debug, info, warn or error, "+
				"and for one area AREA=LEVEL, such as \"info,tunnel=debug\"", name)
		}
		area = strings.TrimSpace(area)
		switch _, twice := t.byArea[area]; {
		case !ok && general, ok && twice:
			return fmt.Errorf("%q gives a level twice", spec)
		case !ok:
			t.general, general = level, true
		case !slices.Contains(l.areas, area):
			return fmt.Errorf("%q is not an area; there are %s", area, strings.Join(l.areas, ", "))
		default:
			t.byArea[area] = level
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.configured = t
	l.now.Store(t)
	return nil
}

// ToggleDebug switches all areas to debug, and at the next call back to the levels that were set.
// It returns the levels now in effect.
func (l *Levels) ToggleDebug() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.now.Load() == allDebug {
		l.now.Store(l.configured)
	} else {
		l.now.Store(allDebug)
	}
	return l.String()
}

// Level returns the level of an area; "" is for records without an area.
func (l *Levels) Level(area string) slog.Level {
	t := l.now.Load()
	if level, ok := t.byArea[area]; ok {
		return level
	}
	return t.general
}

// String returns the levels in effect in the format of Parse.
func (l *Levels) String() string {
	t := l.now.Load()
	s := strings.ToLower(t.general.String())
	for _, area := range slices.Sorted(maps.Keys(t.byArea)) {
		s += "," + area + "=" + strings.ToLower(t.byArea[area].String())
	}
	return s
}

// New returns a logger that writes the records allowed by levels to w. format is "text" or "json".
func New(w io.Writer, format string, levels *Levels) (*slog.Logger, error) {
	o := &slog.HandlerOptions{Level: slog.LevelDebug} // handler filters the records
	var next slog.Handler
	switch format {
	case "text":
		next = slog.NewTextHandler(w, o)
	case "json":
		next = slog.NewJSONHandler(w, o)
	default:
		return nil, fmt.Errorf("%q is not a format of logs; write text or json", format)
	}
	return slog.New(&handler{next: next, levels: levels}), nil
}

// handler drops records below the level of their logger's area.
type handler struct {
	next    slog.Handler
	levels  *Levels
	area    string
	grouped bool // attributes now belong to a group
}

func (h *handler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.levels.Level(h.area)
}

func (h *handler) Handle(ctx context.Context, r slog.Record) error { return h.next.Handle(ctx, r) }

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	derived := *h
	derived.next = h.next.WithAttrs(attrs)
	for _, a := range attrs {
		if a.Key == areaKey && !h.grouped {
			derived.area = a.Value.String()
		}
	}
	return &derived
}

func (h *handler) WithGroup(name string) slog.Handler {
	derived := *h
	derived.next, derived.grouped = h.next.WithGroup(name), true
	return &derived
}
