//go:build linux

package x11

import (
	"image"

	"github.com/jezek/xgb/randr"
	"github.com/jezek/xgb/xproto"

	"lotse/screen"
)

// readMonitors returns the layout, or the whole display if there is none.
func (s *rootScreen) readMonitors(bounds image.Rectangle) []screen.Monitor {
	if !s.ext.hasRandr {
		return wholeLayout(bounds)
	}
	return monitorsIn(s.l, bounds, s.names)
}

func wholeLayout(bounds image.Rectangle) []screen.Monitor {
	return []screen.Monitor{{ID: 1, Name: "screen", Rect: bounds}}
}

// openRandr reports whether the server supports monitors, that is, RANDR 1.5.
func openRandr(l *link) (ext extension, ok bool, err error) {
	ext, ok, err = l.extension("RANDR")
	if err != nil || !ok {
		return ext, false, err
	}
	v, err := randr.QueryVersion(l.Conn, 1, 5).Reply()
	if err != nil {
		return ext, false, l.explain(err)
	}
	return ext, v.MajorVersion > 1 || v.MajorVersion == 1 && v.MinorVersion >= 5, nil
}

// monitorsOf requests the layout once.
func monitorsOf(l *link) ([]screen.Monitor, error) {
	g, err := xproto.GetGeometry(l.Conn, xproto.Drawable(l.root)).Reply()
	if err != nil {
		return nil, l.explain(err)
	}
	bounds := image.Rect(0, 0, int(g.Width), int(g.Height))
	_, ok, err := openRandr(l)
	if err != nil || !ok {
		return wholeLayout(bounds), err
	}
	return monitorsIn(l, bounds, map[xproto.Atom]string{}), nil
}

// monitorsIn requests the layout; names caches the names of atoms.
func monitorsIn(l *link, bounds image.Rectangle, names map[xproto.Atom]string) []screen.Monitor {
	r, err := randr.GetMonitors(l.Conn, l.root, true).Reply()
	if err != nil {
		l.log.Debug("x11: no monitors", "error", err.Error())
		return wholeLayout(bounds)
	}
	var found []screen.Monitor
	for _, m := range r.Monitors {
		rect := image.Rect(int(m.X), int(m.Y), int(m.X)+int(m.Width), int(m.Y)+int(m.Height)).Intersect(bounds)
		if rect.Empty() || m.Name == 0 {
			continue
		}
		if _, known := names[m.Name]; !known {
			name, err := xproto.GetAtomName(l.Conn, m.Name).Reply()
			if err != nil {
				continue
			}
			names[m.Name] = name.Name
		}
		found = append(found, screen.Monitor{ID: uint32(m.Name), Name: names[m.Name], Rect: rect})
	}
	if len(found) == 0 {
		return wholeLayout(bounds)
	}
	return found
}
