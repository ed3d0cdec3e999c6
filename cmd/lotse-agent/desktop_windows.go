package main

import (
	"errors"

	"golang.org/x/sys/windows"
)

// placeName is held by the one program that runs; showEvent is set by others to
// have its panel come to the front.
const (
	placeName = `Local\lotse-agent`
	showEvent = `Local\lotse-agent-show`
)

// claim makes this program the only one on this user's desktop until its end; the
// system gives the place back however that comes. raise is told when another start
// asks for the panel. first: another program has the place.
func claim(gateway, number string) (raise <-chan struct{}, release func(), first *firstOne) {
	// Before the place: who finds that taken finds the event.
	show, _ := windows.CreateEvent(nil, 0, 0, winName(showEvent))
	if show == 0 {
		return nil, func() {}, nil // where no name can be held, two are better than none
	}
	if _, err := windows.CreateMutex(nil, false, winName(placeName)); errors.Is(err, windows.ERROR_ALREADY_EXISTS) {
		return nil, nil, &firstOne{
			same: sameWish(gateway, number, isHeld),
			show: func() {
				const anyProcess = ^uintptr(0)
				_, _, _ = allowForeground.Call(anyProcess)
				_ = windows.SetEvent(show)
			},
		}
	}
	for _, name := range wishNames(gateway, number) {
		_, _ = windows.CreateMutex(nil, false, winName(name))
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

var allowForeground = windows.NewLazySystemDLL("user32.dll").NewProc("AllowSetForegroundWindow")

func winName(name string) *uint16 {
	p, _ := windows.UTF16PtrFromString(name) // ours have no NUL
	return p
}

func isHeld(name string) bool {
	h, err := windows.OpenMutex(windows.SYNCHRONIZE, false, winName(name))
	if err != nil {
		return false
	}
	_ = windows.CloseHandle(h)
	return true
}
