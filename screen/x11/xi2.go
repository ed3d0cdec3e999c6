//go:build linux

package x11

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"strings"

	"github.com/jezek/xgb/xproto"
)

// X Input Extension 2: XI2proto.txt. Requests.
const (
	xiMinorSelectEvents = 46
	xiMinorQueryVersion = 47
	xiMinorQueryDevice  = 48
	xiMinorGetProperty  = 59
)

// Devices that represent several.
const (
	xiAllDevices       = 0
	xiAllMasterDevices = 1
)

// Events.
const (
	xiKeyPress         = 2
	xiKeyRelease       = 3
	xiButtonPress      = 4
	xiButtonRelease    = 5
	xiMotion           = 6
	xiEnter            = 7
	xiLeave            = 8
	xiHierarchyChanged = 11
	xiRawKeyPress      = 13
	xiRawKeyRelease    = 14
	xiRawButtonPress   = 15
	xiRawButtonRelease = 16
	xiRawMotion        = 17
	xiRawTouchBegin    = 22
)

// xiKeyRepeat is the flag of an event that the server's auto-repeat made.
const xiKeyRepeat = 1 << 16

// maxXIDevices is the maximum length of the list of devices that is accepted.
const maxXIDevices = 1024

var errNoXI2 = errors.New("the X server has no XInput 2.2, which tells physical from injected input")

// xiLink is a connection with XInput 2.
type xiLink struct {
	*link
	major byte
}

// openXI starts XInput on l. The announced version is the first in which raw events arrive despite
// grabs (2.1) and touch is supported (2.2).
func openXI(l *link) (*xiLink, error) {
	ext, ok, err := l.extension("XInputExtension")
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("x11: display %s: %w", l.display, errNoXI2)
	}
	r, err := l.ask([]byte{ext.major, xiMinorQueryVersion, 0, 0, 2, 0, 2, 0}, 12)
	if err != nil {
		return nil, err
	}
	major, minor := binary.LittleEndian.Uint16(r[8:]), binary.LittleEndian.Uint16(r[10:])
	if major < 2 || major == 2 && minor < 1 {
		return nil, fmt.Errorf("x11: display %s: %w", l.display, errNoXI2)
	}
	return &xiLink{link: l, major: ext.major}, nil
}

// selectEvents selects events of one device on the root window, where all raw events are reported.
func (x *xiLink) selectEvents(device uint16, events ...uint) error {
	return x.selectOn(x.root, device, events...)
}

// selectOn selects events of one device on a window.
func (x *xiLink) selectOn(window xproto.Window, device uint16, events ...uint) error {
	var mask uint32
	for _, e := range events {
		mask |= 1 << e
	}
	b := []byte{x.major, xiMinorSelectEvents, 0, 0}
	b = binary.LittleEndian.AppendUint32(b, uint32(window))
	b = binary.LittleEndian.AppendUint16(b, 1)
	b = append(b, 0, 0)
	b = binary.LittleEndian.AppendUint16(b, device)
	b = binary.LittleEndian.AppendUint16(b, 1) // words of mask
	b = binary.LittleEndian.AppendUint32(b, mask)
	return x.explain(x.request(b, false).Check())
}

// xiDevice is a device in the reply to XIQueryDevice.
type xiDevice struct {
	id   uint16
	name string
}

// parseXIDevices parses the reply to XIQueryDevice.
func parseXIDevices(b []byte) ([]xiDevice, error) {
	short := errors.New("x11: short list of input devices")
	if len(b) < xHead {
		return nil, short
	}
	n := int(binary.LittleEndian.Uint16(b[8:]))
	if n > maxXIDevices {
		return nil, fmt.Errorf("x11: %d input devices", n)
	}
	b = b[xHead:]
	var all []xiDevice
	for range n {
		// deviceid, use, attachment, classes, length of name: 16 bits each;
		// enabled, pad: 8 bits each.
		if len(b) < 12 {
			return nil, short
		}
		d := xiDevice{id: binary.LittleEndian.Uint16(b)}
		classes, nameLen := int(binary.LittleEndian.Uint16(b[6:])), int(binary.LittleEndian.Uint16(b[8:]))
		b = b[12:]
		if len(b) < (nameLen+3)&^3 {
			return nil, short
		}
		d.name = string(b[:nameLen])
		b = b[(nameLen+3)&^3:]
		for range classes {
			// type, length in words of the whole class.
			if len(b) < 4 {
				return nil, short
			}
			size := 4 * int(binary.LittleEndian.Uint16(b[2:]))
			if size < 4 || len(b) < size {
				return nil, short
			}
			b = b[size:]
		}
		all = append(all, d)
	}
	return all, nil
}

// injectors returns for each device whether XTEST injects through it. The server marks those
// devices with a property that clients cannot set. If there is no such property, the name is used.
func (x *xiLink) injectors() (map[uint16]bool, error) {
	b := []byte{x.major, xiMinorQueryDevice, 0, 0, xiAllDevices, 0, 0, 0}
	r, err := x.ask(b, xHead)
	if err != nil {
		return nil, err
	}
	devices, err := parseXIDevices(r)
	if err != nil {
		return nil, err
	}
	const property = "XTEST Device"
	known, err := xproto.InternAtom(x.Conn, true, uint16(len(property)), property).Reply()
	if err != nil {
		return nil, x.explain(err)
	}
	out := make(map[uint16]bool, len(devices))
	for _, d := range devices {
		out[d.id] = strings.HasSuffix(d.name, " XTEST keyboard") || strings.HasSuffix(d.name, " XTEST pointer")
		if known.Atom == xproto.AtomNone {
			continue
		}
		b := []byte{x.major, xiMinorGetProperty, 0, 0}
		b = binary.LittleEndian.AppendUint16(b, d.id)
		b = append(b, 0, 0) // do not delete, pad
		b = binary.LittleEndian.AppendUint32(b, uint32(known.Atom))
		b = binary.LittleEndian.AppendUint32(b, xproto.AtomInteger)
		b = binary.LittleEndian.AppendUint32(b, 0)
		b = binary.LittleEndian.AppendUint32(b, 1)
		r, err := x.request(b, true).Reply()
		if x.isGone() {
			return nil, x.explain(errGone)
		}
		if err != nil || len(r) < xHead {
			continue // unplugged meanwhile: use the name
		}
		// type, bytes after, number of items, format; then the value.
		if items := binary.LittleEndian.Uint32(r[16:]); items > 0 && len(r) > xHead {
			out[d.id] = r[xHead] != 0
		}
	}
	return out, nil
}

// xiEvent is the used part of an XInput event.
type xiEvent struct {
	kind   uint16
	device uint16
	time   uint32 // by the server's clock, in milliseconds
	source uint16 // the slave device that caused it
	detail uint32 // keycode or button
	flags  uint32
	// Not set for raw events:
	window xproto.Window
	at     image.Point // in the window
	root   image.Point // on the display
	mods   byte        // in effect
	group  int
}

// parseXIEvent parses a generic event; ok is false if ev is not an event of the extension with the
// given opcode.
func parseXIEvent(ev []byte, major byte) (e xiEvent, ok bool) {
	if len(ev) < xHead || ev[0]&^xSentFlag != xGenericEvent || ev[1] != major || ev[0]&xSentFlag != 0 {
		return e, false
	}
	e.kind = binary.LittleEndian.Uint16(ev[8:])
	e.device = binary.LittleEndian.Uint16(ev[10:])
	e.time = binary.LittleEndian.Uint32(ev[12:])
	if e.kind >= xiRawKeyPress && e.kind <= xiRawMotion || e.kind == xiRawTouchBegin {
		e.detail = binary.LittleEndian.Uint32(ev[16:])
		e.source = binary.LittleEndian.Uint16(ev[20:])
		e.flags = binary.LittleEndian.Uint32(ev[24:])
		return e, true
	}
	if e.kind >= xiKeyPress && e.kind <= xiLeave {
		return parseXIWindowEvent(ev, e)
	}
	return e, true
}

// parseXIWindowEvent parses the rest of a key, button or motion event of a window (XIDeviceEvent),
// or of an event that the pointer entered or left it (XIEnterEvent).
func parseXIWindowEvent(ev []byte, e xiEvent) (xiEvent, bool) {
	const deviceEventSize, enterEventSize = 80, 72
	fixed := func(o int) int { return int(int32(binary.LittleEndian.Uint32(ev[o:]))) >> 16 }
	if e.kind == xiEnter || e.kind == xiLeave {
		if len(ev) < enterEventSize {
			return e, false
		}
		e.source = binary.LittleEndian.Uint16(ev[16:])
		e.window, e.at = xproto.Window(binary.LittleEndian.Uint32(ev[24:])), image.Pt(fixed(40), fixed(44))
		return e, true
	}
	if len(ev) < deviceEventSize {
		return e, false
	}
	e.detail = binary.LittleEndian.Uint32(ev[16:])
	e.window, e.at = xproto.Window(binary.LittleEndian.Uint32(ev[24:])), image.Pt(fixed(40), fixed(44))
	e.root = image.Pt(fixed(32), fixed(36))
	e.source = binary.LittleEndian.Uint16(ev[52:])
	e.flags = binary.LittleEndian.Uint32(ev[56:])
	e.mods, e.group = byte(binary.LittleEndian.Uint32(ev[72:])), int(ev[79])
	return e, true
}
