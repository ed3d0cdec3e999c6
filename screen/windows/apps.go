//go:build windows

package windows

import (
	"image"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"

	"lotse/screen"
	"lotse/screen/program"
)

const (
	gwNext, gwOwner      = 2, 4
	gaRoot, gaRootOwner  = 2, 3
	gwlExStyle, gwlStyle = ^uintptr(19), ^uintptr(15) // -20, -16
	wsVisible            = 0x10000000
	wsCaption            = 0x00c00000
	wsChild              = 0x40000000
	exAppWindow          = 0x40000

	dwmFrameBounds, dwmCloaked, dwmBackdrop = 9, 14, 38

	// maxTopWindows limits the enumeration of windows.
	maxTopWindows = 5000
	maxTitle      = 200 // UTF-16 units
)

// processOf returns the program of a process.
func processOf(pid uint32) (p program.Program, ok bool) {
	h, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, pid)
	if err != nil {
		return p, false
	}
	defer windows.CloseHandle(h)
	var created, exited, kernel, user windows.Filetime
	if err := windows.GetProcessTimes(h, &created, &exited, &kernel, &user); err != nil {
		return p, false
	}
	file := imageOf(h)
	if file == "" {
		return p, false
	}
	return program.Program{PID: int(pid), Since: strconv.FormatInt(created.Nanoseconds(), 10), Name: filepath.Base(file)}, true
}

// imageOf returns the file that a process runs; "": unknown.
func imageOf(process windows.Handle) string {
	file := make([]uint16, windows.MAX_LONG_PATH)
	n := uint32(len(file))
	if err := windows.QueryFullProcessImageName(process, 0, &file[0], &n); err != nil {
		return ""
	}
	return windows.UTF16ToString(file[:n])
}

// fileOf is imageOf for a process ID.
func fileOf(pid uint32) string {
	h, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, pid)
	if err != nil {
		return ""
	}
	defer windows.CloseHandle(h)
	return imageOf(h)
}

// furnitureClasses are window classes of Windows' own processes, which draw the desktop, the task
// bar and system overlays. They contain no documents.
var furnitureClasses = []string{"Progman", "WorkerW", "Shell_TrayWnd", "Shell_SecondaryTrayWnd", "#32769", storeWindow}

// storeFrame is the class of the frame around a program from the store. The program itself is
// another process, whose window is inside.
const (
	storeFrame  = "ApplicationFrameWindow"
	storeWindow = "Windows.UI.Core.CoreWindow"
)

func classOf(window uintptr) string {
	var name [128]uint16
	n, _ := windows.GetClassName(windows.HWND(window), &name[0], int32(len(name)))
	return windows.UTF16ToString(name[:max(n, 0)])
}

// titleOf does not send a message to the program, which may hang.
func titleOf(window uintptr) string {
	var text [maxTitle]uint16
	n := call(procGetWindowText, window, uintptr(unsafe.Pointer(&text[0])), maxTitle)
	return windows.UTF16ToString(text[:min(n, maxTitle)])
}

func processIDOf(window uintptr) (pid uint32) {
	_, _ = windows.GetWindowThreadProcessId(windows.HWND(window), &pid)
	return pid
}

// ownerOf returns the process of a window; for a store program's frame it is the process of the
// window inside. 0: unknown.
func ownerOf(window uintptr, class string) uint32 {
	pid := processIDOf(window)
	if class != storeFrame {
		return pid
	}
	if inside := call(procFindWindowEx, window, 0, uintptr(unsafe.Pointer(utf16Ptr(storeWindow))), 0); inside != 0 {
		return processIDOf(inside)
	}
	return 0
}

// isCloaked reports whether the compositor does not show a visible window.
func isCloaked(window uintptr) bool {
	var cloaked uint32
	return has(procDwmGetWindowAttribute) &&
		call(procDwmGetWindowAttribute, window, dwmCloaked, uintptr(unsafe.Pointer(&cloaked)), unsafe.Sizeof(cloaked)) == 0 && cloaked != 0
}

// isAcrylic reports whether a window's background shows a blurred image of what is below. Windows
// 11 22H2 and later report this for windows whose background the system draws.
func isAcrylic(window uintptr) bool {
	const transient = 3 // DWMSBT_TRANSIENTWINDOW; Mica, 2 and 4, shows the wallpaper
	var backdrop uint32
	return has(procDwmGetWindowAttribute) &&
		call(procDwmGetWindowAttribute, window, dwmBackdrop, uintptr(unsafe.Pointer(&backdrop)), unsafe.Sizeof(backdrop)) == 0 && backdrop == transient
}

// outerRect returns everything that a window may draw on, including its shadow.
func outerRect(window uintptr) (image.Rectangle, bool) {
	var r rectAPI
	if call(procGetWindowRect, window, uintptr(unsafe.Pointer(&r))) == 0 {
		return image.Rectangle{}, false
	}
	return r.rect(), true
}

// frameRect returns the visible rectangle of a window, without the wide invisible border around it.
func frameRect(window uintptr) (image.Rectangle, bool) {
	outer, ok := outerRect(window)
	if !ok || !has(procDwmGetWindowAttribute) {
		return outer, ok
	}
	var r rectAPI
	if call(procDwmGetWindowAttribute, window, dwmFrameBounds, uintptr(unsafe.Pointer(&r)), unsafe.Sizeof(r)) != 0 {
		return outer, true
	}
	return r.rect().Intersect(outer), true
}

func styleOf(window, which uintptr) uint32 { return uint32(call(procGetWindowLongPtr, window, which)) }

// topWindows returns all top-level windows, the foremost first. Unlike EnumWindows it includes
// those of the shell that are above all others. It enumerates them twice, because the order is
// unreliable while windows are moving.
func topWindows() (order []uintptr, ok bool) {
	for range 4 {
		first, second := walkWindows(), walkWindows()
		if slices.Equal(first, second) && first != nil {
			return first, true
		}
	}
	return nil, false
}

func walkWindows() (order []uintptr) {
	for w := call(procGetTopWindow, 0); w != 0; w = call(procGetWindow, w, gwNext) {
		if order = append(order, w); len(order) > maxTopWindows {
			return nil
		}
	}
	return order
}

// isApp reports whether a customer would recognize the window as a program's, like those in the
// task bar.
func isApp(window uintptr, class string) bool {
	ex, style := styleOf(window, gwlExStyle), styleOf(window, gwlStyle)
	switch {
	case style&wsVisible == 0 || isCloaked(window) || slices.Contains(furnitureClasses, class):
		return false
	case ex&exAppWindow != 0:
		return true
	}
	return ex&(exToolWindow|exNoActivate) == 0 && call(procGetWindow, window, gwOwner) == 0
}

// listApps returns the programs with windows that a customer would recognize.
func listApps(icons *program.Icons) []screen.App {
	order, _ := topWindows()
	var all []screen.App
	var wins [][]uintptr // of each program
	own := uint32(os.Getpid())
	for _, w := range order {
		class := classOf(w)
		if !isApp(w, class) {
			continue
		}
		title := strings.TrimSpace(titleOf(w))
		pid := ownerOf(w, class)
		p, ok := processOf(pid)
		if !ok || pid == own || title == "" {
			continue
		}
		i := slices.IndexFunc(all, func(x screen.App) bool { return x.ID == p.ID() })
		if i < 0 {
			i = len(all)
			all = append(all, screen.App{ID: p.ID(), Name: p.Name})
			wins = append(wins, nil)
		}
		all[i].Titles = append(all[i].Titles, title)
		wins[i] = append(wins[i], w)
	}
	icons.Fill(all, func(i int) []byte { return iconOf(wins[i]) })
	return all
}
