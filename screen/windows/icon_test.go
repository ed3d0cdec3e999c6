//go:build windows

package windows

import (
	"fmt"
	"image"
	"image/color"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"lotse/screen"
	"lotse/screen/screentest"
)

var (
	procCreateIcon = user32.NewProc("CreateIcon")
	procSleep      = kernel32.NewProc("Sleep")
)

const wmSetIcon = 0x0080

var iconRed = color.NRGBA{R: 0xc8, A: 0xff}

// redIcon makes an icon of one colour.
func redIcon() uintptr {
	const side = 32
	mask, pixels := make([]byte, side*side/8), make([]byte, side*side*4)
	for i := 0; i < len(pixels); i += 4 {
		pixels[i+2], pixels[i+3] = iconRed.R, iconRed.A
	}
	return call(procCreateIcon, moduleHandle(), side, side, 1, 32, uintptr(unsafe.Pointer(&mask[0])), uintptr(unsafe.Pointer(&pixels[0])))
}

// iconProgram has a window with an icon ("set"), without one ("none"), or one that answers no
// message after it was shown ("hang").
func iconProgram(how string) error {
	w, err := colourWindow(greyColour, image.Rect(20, 20, 120, 120), nil)
	if err != nil {
		return err
	}
	if how == "set" {
		call(procSendMessage, w, wmSetIcon, iconBig, redIcon())
	}
	pump(100 * time.Millisecond)
	if how == "hang" {
		fmt.Println("ready")
		call(procSleep, 0xffffffff)
	}
	return serve(func(string) string { return "ok" })
}

// TestIconOfWindow: the icon of a window is read unchanged.
func TestIconOfWindow(t *testing.T) {
	runtime.LockOSThread() // a window belongs to a thread
	defer runtime.UnlockOSThread()
	w, err := colourWindow(greyColour, image.Rect(20, 20, 120, 120), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer dropWindow(w)
	icon := redIcon()
	if icon == 0 {
		t.Fatal("no icon was made")
	}
	defer call(procDestroyIcon, icon)
	call(procSendMessage, w, wmSetIcon, iconSmall, icon)
	if c, ok := screentest.IconColor(t, iconOf([]uintptr{w})); !ok || c != iconRed {
		t.Errorf("%v, %v", c, ok)
	}
}

// TestIconOfPrograms: the list has icons, and a program that hangs delays it no longer than
// allowed.
func TestIconOfPrograms(t *testing.T) {
	set, none, hang := startPuppet(t, "icon", "set"), startPuppet(t, "icon", "none"), startPuppet(t, "icon", "hang")
	d := openTest(t, screen.Options{})
	found := map[string]screen.App{}
	list := func() { // it would not return if it waited for the hanging program
		t.Helper()
		c, err := d.Windows.Choices()
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range c.Apps {
			found[a.ID], found[a.Name] = a, a
		}
	}
	list()
	list()
	for name, p := range map[string]*puppet{"none": none, "hang": hang} {
		if a, ok := found[p.id()]; !ok || a.Icon != nil {
			t.Errorf("%s: %+v", name, a)
		}
	}
	a, ok := found[set.id()]
	switch c, has := screentest.IconColor(t, a.Icon); {
	case !ok:
		t.Error("a program with an icon is not listed")
	case has && c != iconRed:
		t.Errorf("the icon is %v", c)
	case !has && !onWine():
		t.Error("no icon") // wine 8 sends no WM_GETICON to another program, nor reads its icons; TestIconOfWindow reads one
	}

	// Other messages do reach other programs on wine.
	const wmGetTextLength = 0x000e
	// On a busy machine, an answer can take longer than the list waits for it.
	screentest.Eventually(t, "the answer of another program", func() bool {
		n, ok := askWindow(windowOf(t, none.pid), wmGetTextLength, 0)
		return ok && n == uintptr(len("puppet"))
	})
	if _, ok := askWindow(windowOf(t, hang.pid), wmGetTextLength, 0); ok {
		t.Error("a program that hangs answers")
	}

	// A program whose windows have no icon gets that of its file.
	c := exec.Command("notepad.exe")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Process.Kill(); _ = c.Wait() }()
	screentest.Eventually(t, "notepad", func() bool { list(); return found["notepad.exe"].ID != "" })
	if screentest.DecodeIcon(t, found["notepad.exe"].Icon) == nil {
		t.Error("notepad has no icon")
	}
}

// onWine reports whether this is wine, not real Windows.
func onWine() bool {
	_, err := os.Stat(`Z:\bin\sh`)
	return err == nil
}

// windowOf returns a window of a program that a customer would recognize.
func windowOf(t *testing.T, pid int) uintptr {
	t.Helper()
	order, _ := topWindows()
	for _, w := range order {
		if processIDOf(w) == uint32(pid) && isApp(w, classOf(w)) {
			return w
		}
	}
	t.Fatal("no window")
	return 0
}

// TestIconOfFile: the icon in a program's file, which is used if the program's windows have none.
func TestIconOfFile(t *testing.T) {
	root := os.Getenv("SystemRoot")
	if img := screentest.DecodeIcon(t, fileIcon(filepath.Join(root, "notepad.exe"))); img == nil {
		t.Error("notepad has no icon")
	}
	for _, path := range []string{"", "x", `C:\nothing.exe`, `\\server\share\file.exe`, `\\?\C:\x.exe`, os.Args[0]} {
		if fileIcon(path) != nil {
			t.Errorf("%q has an icon", path)
		}
	}
}
