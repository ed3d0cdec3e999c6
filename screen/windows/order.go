//go:build windows

package windows

import (
	"unsafe"

	"errors"
	"image"
	"sync"
	"time"

	"golang.org/x/sys/windows"

	"lotse/screen"
	"lotse/screen/exposure"
)

var errNoDisplay = errors.New("windows: the display is gone")

// roundedCorners is the side of the rounded corners of windows on Windows 11, in 96ths of an inch;
// 0 on older versions.
var roundedCorners = sync.OnceValue(func() int {
	if windows.RtlGetVersion().BuildNumber >= 22000 {
		return 9
	}
	return 0
})

// sight enumerates the windows and records which part of the shared ones is visible, in the frame's
// coordinates; ok is false while their order is unknown.
func (a *appScreen) sight() (visible screen.Region, ok bool) {
	at := time.Now()
	order, ok := topWindows()
	if !ok {
		a.exposed.unknown(at)
		return visible, false
	}
	var layers []exposure.Layer
	known := map[uintptr]exposure.Window{}
	origin := a.all.Min
	processes := map[uint32]bool{}
	for _, w := range order {
		l, pid, seen := a.layerOf(w)
		if !seen {
			continue
		}
		processes[pid] = true
		known[w] = exposure.Window{Rect: l.Outer.Sub(origin), Shown: l.Shown}
		layers = append(layers, l)
	}
	visible = exposure.Visible(a.all, layers)
	visible.Translate(image.Point{}.Sub(origin))
	a.choice.keep(processes)
	a.exposed.sees(at, visible, known)
	return visible, true
}

// layerOf describes a window on the screen; seen is false for a window that is not on it.
func (a *appScreen) layerOf(w uintptr) (l exposure.Layer, pid uint32, seen bool) {
	if styleOf(w, gwlStyle)&wsVisible == 0 || call(procIsIconic, w) != 0 || isCloaked(w) {
		return l, 0, false
	}
	if _, own := unseen.Load(w); own {
		return l, 0, false
	}
	outer, ok := outerRect(w)
	if !ok || outer.Empty() {
		return l, 0, false
	}
	l = exposure.Layer{Outer: outer}
	pid = processIDOf(w)
	if !a.choice.isShared(w) || !isOpaque(w) {
		return l, pid, true
	}
	if l.Inner, ok = frameRect(w); ok {
		l.Shown = true
		if call(procIsZoomed, w) == 0 && roundedCorners() > 0 {
			l.Cut = (roundedCorners()*dpiOf(w) + 95) / 96
		}
	}
	return l, pid, true
}

func dpiOf(w uintptr) int {
	if has(procGetDpiForWindow) {
		if dpi := int(call(procGetDpiForWindow, w)); dpi > 0 {
			return dpi
		}
	}
	return 96
}

// isOpaque reports whether nothing below a window shows through it.
func isOpaque(w uintptr) bool {
	ex := styleOf(w, gwlExStyle)
	if ex&exTransparent != 0 || hasOutline(w) || isAcrylic(w) {
		return false
	}
	if ex&exLayered == 0 {
		return true
	}
	const colourKey, alpha = 1, 2
	var key, flags uint32
	var a byte
	if call(procGetLayeredWindowAttributes, w, uintptr(unsafe.Pointer(&key)), uintptr(unsafe.Pointer(&a)), uintptr(unsafe.Pointer(&flags))) == 0 {
		return false // each of its pixels has its own alpha
	}
	return flags&colourKey == 0 && (flags&alpha == 0 || a == 255)
}

// hasOutline reports whether a window is not rectangular.
func hasOutline(w uintptr) bool {
	rgn := call(procCreateRectRgn, 0, 0, 0, 0)
	if rgn == 0 {
		return true
	}
	defer call(procDeleteObject, rgn)
	return int32(call(procGetWindowRgn, w, rgn)) != 0 // 0: it has none
}
