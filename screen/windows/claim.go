//go:build windows

package windows

import (
	"errors"

	"golang.org/x/sys/windows"

	"lotse/screen"
)

// placeName is the mutex that the running program holds; with a hyphen and a wish behind it, one
// for each wish. showEvent is the event that other starts of the program set to bring its panel to
// the front. Each is one in a session of Windows.
const (
	placeName = `Local\lotse-agent`
	showEvent = `Local\lotse-agent-show`
)

// Claim makes this program the only one in this session of Windows until release is called; the
// system frees the place even after a crash. raise receives a value when another start asks for
// the panel. wishes say what the program was started for. If another program has the place, first
// is not nil, and the caller must close it.
func Claim(_ screen.Options, wishes []string) (raise <-chan struct{}, release func(), first screen.Running) {
	// The event must exist before the place is taken: a program that finds the place taken uses
	// the event.
	show, _ := windows.CreateEvent(nil, 0, 0, winName(showEvent))
	if show == 0 {
		return nil, func() {}, nil // if no name can be held, two programs are better than none
	}
	if _, err := windows.CreateMutex(nil, false, winName(placeName)); errors.Is(err, windows.ERROR_ALREADY_EXISTS) {
		return nil, nil, firstProgram(show)
	}
	for _, wish := range wishes {
		_, _ = windows.CreateMutex(nil, false, winName(placeName+"-"+wish))
	}
	quit, err := windows.CreateEvent(nil, 1, 0, nil)
	if err != nil {
		return nil, func() {}, nil
	}
	asked, done := make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(done)
		for {
			which, err := windows.WaitForMultipleObjects([]windows.Handle{show, quit}, false, windows.INFINITE)
			if err != nil || which != windows.WAIT_OBJECT_0 {
				return
			}
			select {
			case asked <- struct{}{}:
			default:
			}
		}
	}()
	return asked, func() { _ = windows.SetEvent(quit); <-done }, nil
}

// firstProgram is the program that has the place: its event.
type firstProgram windows.Handle

// Has implements screen.Running.
func (firstProgram) Has(wish string) bool {
	h, err := windows.OpenMutex(windows.SYNCHRONIZE, false, winName(placeName+"-"+wish))
	if err != nil {
		return false
	}
	_ = windows.CloseHandle(h)
	return true
}

var procAllowForeground = user32.NewProc("AllowSetForegroundWindow")

// Show implements screen.Running.
func (p firstProgram) Show() bool {
	const anyProcess = ^uintptr(0)
	call(procAllowForeground, anyProcess)
	return windows.SetEvent(windows.Handle(p)) == nil
}

// Close implements screen.Running.
func (p firstProgram) Close() { _ = windows.CloseHandle(windows.Handle(p)) }

func winName(name string) *uint16 {
	p, _ := windows.UTF16PtrFromString(name) // our names contain no NUL
	return p
}
