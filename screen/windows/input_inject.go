//go:build windows

package windows

import (
	"errors"
	"fmt"
	"unicode/utf16"
	"unsafe"

	"golang.org/x/sys/windows"

	"lotse/screen"
	"lotse/screen/watchdog"
)

// ownMark is the extra information of every event that this program injects.
const ownMark = 0x4c6f7473

// Flags of SendInput's events.
const (
	inputMouse, inputKeyboard = 0, 1

	keyExtended, keyUp, keyUnicode, keyScan = 1, 2, 4, 8

	mouseMove, mouseWheel, mouseWheelX                = 0x0001, 0x0800, 0x1000
	mouseVirtualDesk, mouseAbsolute                   = 0x4000, 0x8000
	mouseXDown, mouseXUp                              = 0x0080, 0x0100
	wheelNotch                                        = 120
	mouseLeft, mouseRight, mouseMiddle                = 0x0002, 0x0008, 0x0020 // down; the next bit is up
	wheel                                             = screen.WheelUp | screen.WheelDown | screen.WheelLeft | screen.WheelRight
	allButtons                         screen.Buttons = 1<<9 - 1
)

// mouseEvent and keyEvent are the two kinds of INPUT.
type mouseEvent struct {
	kind                    uint32
	_                       uint32
	X, Y                    int32
	data, flags, time, gap2 uint32
	extra                   uintptr
}

type keyEvent struct {
	kind        uint32
	_           uint32
	vk, scan    uint16
	flags, time uint32
	_           uint32
	extra       uintptr
	_           uint64
}

type inputEvent [40]byte

func (e mouseEvent) event() inputEvent { return *(*inputEvent)(unsafe.Pointer(&e)) }
func (e keyEvent) event() inputEvent   { return *(*inputEvent)(unsafe.Pointer(&e)) }

// send injects events, with nothing between them. It is not an error if the desktop accepts none at
// the moment: Notices reports that.
func send(events ...inputEvent) error {
	if len(events) == 0 {
		return nil
	}
	n, _, err := procSendInput.Call(uintptr(len(events)), uintptr(unsafe.Pointer(&events[0])), unsafe.Sizeof(events[0]))
	if int(n) == len(events) || errors.Is(err, windows.ERROR_ACCESS_DENIED) || isHidden() {
		return nil
	}
	return fmt.Errorf("windows: SendInput: %w", err)
}

func (k injectedKey) event(up bool) inputEvent {
	e := keyEvent{kind: inputKeyboard, vk: k.vk, scan: k.scan, extra: ownMark}
	if k.extended {
		e.flags |= keyExtended
	}
	if up {
		e.flags |= keyUp
	}
	if k.vk == 0 {
		e.flags |= keyScan
	}
	return e.event()
}

// unicodeEvents types text that is on no key.
func unicodeEvents(text string) []inputEvent {
	var out []inputEvent
	for _, unit := range utf16.Encode([]rune(text)) {
		for _, flags := range []uint32{keyUnicode, keyUnicode | keyUp} {
			out = append(out, keyEvent{kind: inputKeyboard, scan: unit, flags: flags, extra: ownMark}.event())
		}
	}
	return out
}

// buttonEvent presses or releases a button, or turns the wheel by one notch.
func buttonEvent(bit screen.Buttons, down, swapped bool) inputEvent {
	e := mouseEvent{kind: inputMouse, extra: ownMark}
	press := func(flag uint32) {
		if e.flags = flag; !down {
			e.flags = flag << 1
		}
	}
	turn := func(flag uint32, by int32) { e.flags, e.data = flag, uint32(by) }
	// Windows swaps the buttons of left-handed users again.
	left, right := uint32(mouseLeft), uint32(mouseRight)
	if swapped {
		left, right = right, left
	}
	switch bit {
	case screen.ButtonLeft:
		press(left)
	case screen.ButtonRight:
		press(right)
	case screen.ButtonMiddle:
		press(mouseMiddle)
	case screen.ButtonBack:
		press(mouseXDown)
		e.data = 1
	case screen.ButtonForward:
		press(mouseXDown)
		e.data = 2
	case screen.WheelUp:
		turn(mouseWheel, wheelNotch)
	case screen.WheelDown:
		turn(mouseWheel, -wheelNotch)
	case screen.WheelLeft:
		turn(mouseWheelX, -wheelNotch)
	case screen.WheelRight:
		turn(mouseWheelX, wheelNotch)
	}
	return e.event()
}

// injector injects permitted events and records what is down. It must not be used concurrently.
type injector struct {
	watchdog *watchdog.Watchdog
	permit   screen.Permit // for the event that is being injected
}

// press injects events that press something, if that is still permitted.
func (j *injector) press(events ...inputEvent) error {
	if !j.permit.Valid() {
		return nil
	}
	return send(events...)
}

// tellButton records that a button is pressed or released; the wheel never stays down.
func (j *injector) tellButton(bit screen.Buttons, down bool) {
	if bit&wheel != 0 {
		return
	}
	for i := range 9 {
		if bit == 1<<i {
			j.watchdog.Tell(watchdog.Button, byte(i), down)
		}
	}
}
