package main

import (
	"errors"

	"golang.org/x/sys/windows"
)

// placeName is the mutex that the running program holds. showEvent is the event that other
// starts of the program set to bring its panel to the front.
const (
	placeName = `Local\lotse-agent`
	showEvent = `Local\lotse-agent-show`
)

// claim makes this program the only one on this user's desktop until it ends; the system frees
// the place even after a crash. raise receives a value when another start asks for the panel.
// first is not nil if another program already has the place.
func claim(gateway, place string) (raise <-chan struct{}, release func(), first *firstOne) {
	// The event must exist before the place is taken: a program that finds the place taken uses
	// the event.
	show, _ := windows.CreateEvent(nil, 0, 0, winName(showEvent))
	if show == 0 {
		return nil, func() {}, nil // if no name can be held, two programs are better than none
	}
	if _, err := windows.CreateMutex(nil, false, winName(placeName)); errors.Is(err, windows.ERROR_ALREADY_EXISTS) {
		return nil, nil, &firstOne{
			same: sameWish(gateway, place, isHeld),
			show: func() {
				const anyProcess = ^uintptr(0)
				_, _, _ = allowForeground.Call(anyProcess)
				_ = windows.SetEvent(show)
			},
		}
	}
	for _, name := range wishNames(gateway, place) {
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
	p, _ := windows.UTF16PtrFromString(name) // our names contain no NUL
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
