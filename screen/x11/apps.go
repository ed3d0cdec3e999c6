//go:build linux

package x11

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/jezek/xgb/res"
	"github.com/jezek/xgb/xproto"

	"lotse/screen"
	"lotse/screen/program"
)

// Which program a window belongs to. The server itself reports which process has opened a
// connection (X-Resource 1.2). A property set by the program is used only if the server does not
// know.

// Limits of the search for a program's window inside a window manager's frame.
const (
	frameDepth    = 3
	frameChildren = 64
	maxTitle      = 200 // bytes of a title
)

// apps determines programs. It must not be used concurrently.
type apps struct {
	l       *link
	hasRes  bool
	wmState xproto.Atom
	wmClass xproto.Atom
	netName xproto.Atom
	netPID  xproto.Atom
	netType xproto.Atom
	netIcon xproto.Atom
	utf8    xproto.Atom
	// Types of windows that belong to the desktop and are not a program's documents.
	desktop, dock xproto.Atom
}

func openApps(l *link) (*apps, error) {
	a := &apps{l: l, wmClass: xproto.AtomWmClass}
	for name, to := range map[string]*xproto.Atom{
		"WM_STATE": &a.wmState, "_NET_WM_NAME": &a.netName, "_NET_WM_PID": &a.netPID, "_NET_WM_WINDOW_TYPE": &a.netType, "_NET_WM_ICON": &a.netIcon,
		"UTF8_STRING": &a.utf8, "_NET_WM_WINDOW_TYPE_DESKTOP": &a.desktop, "_NET_WM_WINDOW_TYPE_DOCK": &a.dock,
	} {
		var err error
		if *to, err = l.atom(name); err != nil {
			return nil, err
		}
	}
	_, ok, err := l.extension("X-Resource")
	if err != nil {
		return nil, err
	}
	if ok {
		v, err := res.QueryVersion(l.Conn, 1, 2).Reply()
		if err != nil {
			return nil, l.explain(err)
		}
		a.hasRes = v.ServerMajor > 1 || v.ServerMajor == 1 && v.ServerMinor >= 2
	}
	return a, nil
}

// base returns the part of a window's ID that all windows of its connection share.
func (a *apps) base(w xproto.Window) uint32 { return uint32(w) &^ a.l.setup.ResourceIdMask }

// owner returns the program whose connection created w; ok is false if it cannot be determined.
func (a *apps) owner(w xproto.Window) (p program.Program, ok bool) {
	pid := 0
	if a.hasRes {
		spec := []res.ClientIdSpec{{Client: uint32(w), Mask: res.ClientIdMaskLocalClientPID}}
		if r, err := res.QueryClientIds(a.l.Conn, 1, spec).Reply(); err == nil {
			for _, id := range r.Ids {
				if id.Spec.Mask == res.ClientIdMaskLocalClientPID && len(id.Value) == 1 {
					pid = int(id.Value[0])
				}
			}
		}
	} else if v := a.property(w, a.netPID, xproto.AtomCardinal); len(v) >= 4 {
		pid = int(uint32(v[0]) | uint32(v[1])<<8 | uint32(v[2])<<16 | uint32(v[3])<<24)
	}
	return processOf(pid)
}

// processOf returns the program of a process.
func processOf(pid int) (p program.Program, ok bool) {
	if pid <= 0 {
		return p, false
	}
	dir := "/proc/" + strconv.Itoa(pid)
	stat, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return p, false
	}
	// proc(5): the name in parentheses may contain anything; the 22nd field is the start time.
	open, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if open < 0 || end < open {
		return p, false
	}
	fields := strings.Fields(string(stat[end+1:]))
	if len(fields) < 20 {
		return p, false
	}
	p = program.Program{PID: pid, Since: fields[19], Name: string(stat[open+1 : end])}
	if file, err := os.Readlink(dir + "/exe"); err == nil {
		p.Name = strings.TrimSuffix(filepath.Base(file), " (deleted)")
	}
	return p, true
}

// property reads a limited part of a property; nil if there is none.
func (a *apps) property(w xproto.Window, name, kind xproto.Atom) []byte {
	r, err := xproto.GetProperty(a.l.Conn, false, w, name, kind, 0, 256).Reply()
	if err != nil {
		return nil
	}
	return r.Value
}

// managed reports whether a window manager manages w; ICCCM, section 4.1.3.1.
func (a *apps) managed(w xproto.Window) bool {
	return len(a.property(w, a.wmState, xproto.GetPropertyTypeAny)) > 0
}

// contents returns the programs' windows inside a top-level window: the window itself, or those in
// its frame. whole is false if there may be more.
func (a *apps) contents(top xproto.Window) (found []xproto.Window, whole bool) {
	if a.managed(top) {
		return []xproto.Window{top}, true
	}
	level := []xproto.Window{top}
	for range frameDepth {
		var next []xproto.Window
		for _, w := range level {
			r, err := xproto.QueryTree(a.l.Conn, w).Reply()
			if err != nil {
				continue
			}
			if len(r.Children) > frameChildren {
				return nil, false
			}
			for _, c := range r.Children {
				if a.base(c) != a.base(top) && a.managed(c) {
					found = append(found, c)
				} else {
					next = append(next, c)
				}
			}
		}
		if len(next) > frameChildren {
			return nil, false
		}
		level = next
	}
	return found, true
}

// classes returns WM_CLASS, that is, instance and class; ICCCM, section 4.1.2.5.
func (a *apps) classes(w xproto.Window) []string {
	v := strings.Split(string(a.property(w, a.wmClass, xproto.AtomString)), "\x00")
	return slices.DeleteFunc(v, func(s string) bool { return s == "" })
}

// furniture reports whether w is a desktop, a panel or similar.
func (a *apps) furniture(w xproto.Window) bool {
	v := a.property(w, a.netType, xproto.AtomAtom)
	for ; len(v) >= 4; v = v[4:] {
		kind := xproto.Atom(uint32(v[0]) | uint32(v[1])<<8 | uint32(v[2])<<16 | uint32(v[3])<<24)
		if kind == a.desktop || kind == a.dock {
			return true
		}
	}
	return false
}

func (a *apps) title(w xproto.Window) string {
	v := a.property(w, a.netName, a.utf8)
	if len(v) == 0 {
		v = []byte(fromLatin1(a.property(w, xproto.AtomWmName, xproto.GetPropertyTypeAny)))
	}
	return strings.ToValidUTF8(string(v[:min(len(v), maxTitle)]), "")
}

// list returns the programs with windows that a customer would recognize.
func (a *apps) list(icons *program.Icons) ([]screen.App, error) {
	r, err := xproto.QueryTree(a.l.Conn, a.l.root).Reply()
	if err != nil {
		return nil, a.l.explain(err)
	}
	var all []screen.App
	var wins [][]xproto.Window // of each program
	own := os.Getpid()
	for _, top := range slices.Backward(r.Children) {
		windows, _ := a.contents(top)
		for _, w := range windows {
			p, ok := a.owner(w)
			if !ok || p.PID == own || a.furniture(w) {
				continue
			}
			i := slices.IndexFunc(all, func(x screen.App) bool { return x.ID == p.ID() })
			if i < 0 {
				i = len(all)
				all = append(all, screen.App{ID: p.ID(), Name: p.Name})
				wins = append(wins, nil)
			}
			all[i].Titles = append(all[i].Titles, a.title(w))
			wins[i] = append(wins[i], w)
		}
	}
	icons.Fill(all, func(i int) []byte { return a.icon(wins[i]) })
	return all, nil
}
