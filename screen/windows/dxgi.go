//go:build windows

package windows

import (
	"errors"
	"fmt"
	"image"
	"unsafe"

	"golang.org/x/sys/windows"

	"lotse/screen"
)

// Desktop duplication returns the compositor's image and the rectangles that changed. This file was
// written from the documentation without running it; if anything in it fails, GDI is used instead.

var (
	dxgiDLL               = windows.NewLazySystemDLL("dxgi.dll")
	d3d11DLL              = windows.NewLazySystemDLL("d3d11.dll")
	procCreateDXGIFactory = dxgiDLL.NewProc("CreateDXGIFactory1")
	procD3D11CreateDevice = d3d11DLL.NewProc("D3D11CreateDevice")

	iidFactory1  = windows.GUID{Data1: 0x770aae78, Data2: 0xf26f, Data3: 0x4dba, Data4: [8]byte{0xa8, 0x29, 0x25, 0x3c, 0x83, 0xd1, 0xb3, 0x87}}
	iidOutput1   = windows.GUID{Data1: 0x00cddea8, Data2: 0x939b, Data3: 0x4b83, Data4: [8]byte{0xa3, 0x40, 0xa6, 0x85, 0x22, 0x66, 0x66, 0xcc}}
	iidTexture2D = windows.GUID{Data1: 0x6f15aaf2, Data2: 0xd208, Data3: 0x4e89, Data4: [8]byte{0x9a, 0xb4, 0x48, 0x95, 0x35, 0xd3, 0x4f, 0x9c}}
)

// Indices in the tables of functions.
const (
	factoryEnumAdapters1 = 12
	adapterEnumOutputs   = 7
	outputGetDesc        = 7
	outputDuplicate      = 22

	duplGetDesc      = 7
	duplAcquire      = 8
	duplDirtyRects   = 9
	duplMoveRects    = 10
	duplReleaseFrame = 14

	deviceCreateTexture2D = 5
	contextMap            = 14
	contextUnmap          = 15
	contextCopyRegion     = 46
)

// Results with a special meaning.
const (
	dxgiTimeout       hresult = 0x887a0027
	dxgiNotNow        hresult = 0x887a0022
	dxgiAccessLost    hresult = 0x887a0026
	dxgiDisconnected  hresult = 0x887a0028
	comAccessDenied   hresult = 0x80070005
	maxAdapters               = 16
	maxOutputs                = 16
	maxFrameRects             = 1 << 16
	dxgiFormatBGRA            = 87
	usageStaging              = 3
	cpuRead                   = 0x20000
	mapRead                   = 1
	d3d11SDK                  = 7
	bytesPerDirtyRect         = 16
)

// errNotNow: duplication works here, but not at the moment.
var errNotNow = errors.New("windows: the display changes")

// dxgiSource captures all monitors by desktop duplication.
type dxgiSource struct{ outputs []*dxgiOutput }

// dxgiOutput is one monitor.
type dxgiOutput struct {
	device, context, dupl comObject
	staging               comObject // memory that can be read
	size                  image.Point
	turn                  turn
	at                    image.Point // in the frame
	fresh                 bool        // all of it must still be read
	meta                  []byte
	moved                 []image.Point // distances on the desktop, in the last image
}

type outputDesc struct {
	name     [32]uint16
	place    rectAPI
	attached uint32
	turn     turn
	monitor  uintptr
}

type duplDesc struct {
	width, height          uint32
	numerator, denominator uint32
	format, order, scaling uint32
	turn                   turn
	inMemory               uint32
}

type frameInfo struct {
	presented, mouseMoved       int64
	frames, coalesced, masked   uint32
	pointerX, pointerY          int32
	pointerVisible              uint32
	metadataBytes, pointerBytes uint32
}

// openDXGI starts to duplicate every monitor of the display.
func openDXGI(all image.Rectangle) (_ *dxgiSource, err error) {
	if err := errors.Join(procCreateDXGIFactory.Find(), procD3D11CreateDevice.Find()); err != nil {
		return nil, err
	}
	var factory comObject
	if r := hresult(call(procCreateDXGIFactory, uintptr(unsafe.Pointer(&iidFactory1)), uintptr(unsafe.Pointer(&factory)))); r.failed() {
		return nil, fmt.Errorf("windows: CreateDXGIFactory1: %w", r)
	}
	defer factory.release()
	d := &dxgiSource{}
	defer func() {
		if err != nil {
			d.close()
		}
	}()
	for i := range maxAdapters {
		var adapter comObject
		if factory.method(factoryEnumAdapters1, uintptr(i), uintptr(unsafe.Pointer(&adapter))).failed() {
			break
		}
		err := d.addAdapter(adapter, all)
		adapter.release()
		if err != nil {
			return nil, err
		}
	}
	if n := len(listMonitors(all)); len(d.outputs) != n {
		return nil, fmt.Errorf("windows: %d of %d monitors can be duplicated", len(d.outputs), n)
	}
	return d, nil
}

// addAdapter adds the monitors of a graphics card.
func (d *dxgiSource) addAdapter(adapter comObject, all image.Rectangle) error {
	for j := range maxOutputs {
		var output comObject
		if adapter.method(adapterEnumOutputs, uintptr(j), uintptr(unsafe.Pointer(&output))).failed() {
			return nil
		}
		var desc outputDesc
		r := output.method(outputGetDesc, uintptr(unsafe.Pointer(&desc)))
		if !r.failed() && desc.attached != 0 {
			o := &dxgiOutput{at: desc.place.rect().Min.Sub(all.Min), fresh: true}
			d.outputs = append(d.outputs, o)
			if err := o.open(adapter, output, desc.place.rect().Size()); err != nil {
				output.release()
				return err
			}
		}
		output.release()
	}
	return nil
}

// open starts to duplicate a monitor of the given size on the desktop.
func (o *dxgiOutput) open(adapter, output comObject, size image.Point) error {
	r := hresult(call(procD3D11CreateDevice, uintptr(adapter), 0, 0, 0, 0, 0, d3d11SDK,
		uintptr(unsafe.Pointer(&o.device)), 0, uintptr(unsafe.Pointer(&o.context))))
	if r.failed() {
		return fmt.Errorf("windows: D3D11CreateDevice: %w", r)
	}
	output1, err := output.as(&iidOutput1)
	if err != nil {
		return fmt.Errorf("windows: IDXGIOutput1: %w", err)
	}
	defer output1.release()
	if r := output1.method(outputDuplicate, uintptr(o.device), uintptr(unsafe.Pointer(&o.dupl))); r.failed() {
		o.dupl = 0
		if r == comAccessDenied || r == dxgiNotNow || r == dxgiDisconnected || r == dxgiAccessLost {
			return fmt.Errorf("%w: DuplicateOutput: %w", errNotNow, r)
		}
		return fmt.Errorf("windows: DuplicateOutput: %w", r)
	}
	var desc duplDesc
	o.dupl.method(duplGetDesc, uintptr(unsafe.Pointer(&desc)))
	o.size, o.turn = image.Pt(int(desc.width), int(desc.height)), desc.turn
	if o.turn.size(o.size) != size {
		return fmt.Errorf("%w: a picture of %v for a monitor of %v", errNotNow, o.size, size)
	}
	texture := [11]uint32{desc.width, desc.height, 1, 1, dxgiFormatBGRA, 1, 0, usageStaging, 0, cpuRead, 0}
	r = o.device.method(deviceCreateTexture2D, uintptr(unsafe.Pointer(&texture)), 0, uintptr(unsafe.Pointer(&o.staging)))
	if r.failed() {
		o.staging = 0
		return fmt.Errorf("windows: CreateTexture2D: %w", r)
	}
	return nil
}

// told implements source.
func (d *dxgiSource) told() bool { return true }

// close implements source.
func (d *dxgiSource) close() {
	for _, o := range d.outputs {
		for _, c := range []comObject{o.staging, o.dupl, o.context, o.device} {
			c.release()
		}
	}
	d.outputs = nil
}

// grab implements source.
func (d *dxgiSource) grab(f *screen.Frame, hide func(*screen.Frame)) (changed screen.Region, moved []image.Point, err error) {
	for _, o := range d.outputs {
		if err := o.grab(f, &changed); err != nil {
			return changed, nil, err
		}
		moved = append(moved, o.moved...)
	}
	if hide != nil {
		hide(f)
	}
	return changed, moved, nil
}

func (o *dxgiOutput) grab(f *screen.Frame, changed *screen.Region) error {
	o.moved = o.moved[:0]
	var info frameInfo
	var resource comObject
	switch r := o.dupl.method(duplAcquire, 0, uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&resource))); {
	case r == dxgiTimeout:
		return nil
	case r.failed():
		return fmt.Errorf("%w: AcquireNextFrame: %w", errNotNow, r)
	}
	defer o.dupl.method(duplReleaseFrame)
	defer resource.release()
	if info.presented == 0 && !o.fresh {
		return nil // only the pointer
	}
	rects := o.changes(&info)
	if len(rects) == 0 {
		return nil
	}
	texture, err := resource.as(&iidTexture2D)
	if err != nil {
		return fmt.Errorf("windows: the picture is no texture: %w", err)
	}
	defer texture.release()
	for _, r := range rects {
		box := [6]uint32{uint32(r.Min.X), uint32(r.Min.Y), 0, uint32(r.Max.X), uint32(r.Max.Y), 1}
		o.context.method(contextCopyRegion, uintptr(o.staging), 0, uintptr(r.Min.X), uintptr(r.Min.Y), 0,
			uintptr(texture), 0, uintptr(unsafe.Pointer(&box)))
	}
	if err := o.read(f, rects, changed); err != nil {
		return err
	}
	o.fresh = o.fresh && info.presented == 0 // before the first drawing the image may be empty
	return nil
}

// changes returns what changed in the image.
func (o *dxgiOutput) changes(info *frameInfo) []image.Rectangle {
	whole := image.Rectangle{Max: o.size}
	n := int(info.metadataBytes)
	if o.fresh || n <= 0 || n > maxFrameRects*bytesPerMove {
		return []image.Rectangle{whole}
	}
	if len(o.meta) < n {
		o.meta = make([]byte, n)
	}
	var out []image.Rectangle
	var got uint32
	if o.dupl.method(duplMoveRects, uintptr(len(o.meta)), uintptr(unsafe.Pointer(&o.meta[0])), uintptr(unsafe.Pointer(&got))).failed() {
		return []image.Rectangle{whole}
	}
	out, o.moved = movesOf(o.meta[:min(int(got), len(o.meta))], o.turn, o.moved)
	if o.dupl.method(duplDirtyRects, uintptr(len(o.meta)), uintptr(unsafe.Pointer(&o.meta[0])), uintptr(unsafe.Pointer(&got))).failed() {
		return []image.Rectangle{whole}
	}
	for b := o.meta[:min(int(got), len(o.meta))]; len(b) >= bytesPerDirtyRect; b = b[bytesPerDirtyRect:] {
		out = append(out, (*rectAPI)(unsafe.Pointer(&b[0])).rect())
	}
	var parts []image.Rectangle
	for _, r := range screen.RegionOf(out...).Rects() {
		if r = r.Intersect(whole); !r.Empty() {
			parts = append(parts, r)
		}
	}
	return parts
}

// read copies the rectangles from the staging memory into the frame.
func (o *dxgiOutput) read(f *screen.Frame, rects []image.Rectangle, changed *screen.Region) error {
	var mapped struct {
		data       uintptr
		row, depth uint32
	}
	if r := o.context.method(contextMap, uintptr(o.staging), 0, mapRead, 0, uintptr(unsafe.Pointer(&mapped))); r.failed() {
		return fmt.Errorf("windows: Map: %w", r)
	}
	defer o.context.method(contextUnmap, uintptr(o.staging), 0)
	// The last row may end after its last pixel.
	n := int(mapped.row)*(o.size.Y-1) + o.size.X*screen.BytesPerPixel
	src := &screen.Frame{Pix: bytesAt(mapped.data, n), Stride: int(mapped.row), Size: o.size}
	for _, r := range rects {
		changed.Add(o.turn.copy(f, o.at, src, r))
	}
	return nil
}
