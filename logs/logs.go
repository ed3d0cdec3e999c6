// Package logs writes structured logs with a level for each area of a program, such as
// "info,tunnel=debug". The levels can change while the program runs.
//
// A logger gets its area from Area. Code that is handed a *slog.Logger need not import this
// package: anyone who hands the logger over names the area.
//
// Session numbers, secrets, contents and names of customers never belong into a log.
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

// Areas of both programs.
const (
	Gateway = "gateway" // start and stop, certificate, accounts, downloads
	HTTP    = "http"    // what clients do wrong in TLS and HTTP
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

// areaKey is the attribute that names a record's area.
const areaKey = "area"

// Area returns a logger for one area. It is called once on the way from New to the logger
// that is used.
func Area(l *slog.Logger, name string) *slog.Logger { return l.With(areaKey, name) }

// levelNames are the levels as operators write them.
var levelNames = map[string]slog.Level{
	"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
}

// Levels says which records are written. Methods may be called concurrently.
type Levels struct {
	// Static after Parse.
	areas []string

	now atomic.Pointer[levelTable]

	mu         sync.Mutex
	configured *levelTable // Guarded by mu; what ToggleDebug goes back to.
}

type levelTable struct {
	general slog.Level
	byArea  map[string]slog.Level
}

var allDebug = &levelTable{general: slog.LevelDebug}

// Parse reads levels such as "info" or "info,tunnel=debug,rfb=warn". The level without an
// area is for all others; without one it is info. areas are those of the program. Errors are
// for people.
func Parse(spec string, areas []string) (*Levels, error) {
	l := &Levels{areas: areas}
	if err := l.Set(spec); err != nil {
		return nil, err
	}
	return l, nil
}

// Set replaces the levels. After an error they are what they were.
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

// ToggleDebug switches all areas to debug, and at the next call back to the levels that were
// set. It returns the levels that are in force now.
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

// Level returns the level of an area; "" is a record without one.
func (l *Levels) Level(area string) slog.Level {
	t := l.now.Load()
	if level, ok := t.byArea[area]; ok {
		return level
	}
	return t.general
}

// String writes the levels that are in force as Parse reads them.
func (l *Levels) String() string {
	t := l.now.Load()
	s := strings.ToLower(t.general.String())
	for _, area := range slices.Sorted(maps.Keys(t.byArea)) {
		s += "," + area + "=" + strings.ToLower(t.byArea[area].String())
	}
	return s
}

// New returns a logger that writes to w, as "text" or "json", what levels let through.
func New(w io.Writer, format string, levels *Levels) (*slog.Logger, error) {
	o := &slog.HandlerOptions{Level: slog.LevelDebug} // handler decides
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
	grouped bool // attributes belong to a group now
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
