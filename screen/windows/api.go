//go:build windows

package windows

import (
	"fmt"
	"image"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// The functions and constants of Windows that the backend uses. Names and values are those of the
// Windows SDK, without its prefixes where Go's rules forbid them.

var (
	user32   = windows.NewLazySystemDLL("user32.dll")
	gdi32    = windows.NewLazySystemDLL("gdi32.dll")
	kernel32 = windows.NewLazySystemDLL("kernel32.dll")
	dwmapi   = windows.NewLazySystemDLL("dwmapi.dll")

	procSetProcessDpiAwarenessContext = user32.NewProc("SetProcessDpiAwarenessContext")
	procSetProcessDPIAware            = user32.NewProc("SetProcessDPIAware")
	procMessageBeep                   = user32.NewProc("MessageBeep")
	procFlashWindowEx                 = user32.NewProc("FlashWindowEx")
	procGetDpiForWindow               = user32.NewProc("GetDpiForWindow")
	procGetSystemMetrics              = user32.NewProc("GetSystemMetrics")
	procGetDC                         = user32.NewProc("GetDC")
	procReleaseDC                     = user32.NewProc("ReleaseDC")
	procEnumDisplayMonitors           = user32.NewProc("EnumDisplayMonitors")
	procGetMonitorInfo                = user32.NewProc("GetMonitorInfoW")
	procGetCursorInfo                 = user32.NewProc("GetCursorInfo")
	procGetIconInfo                   = user32.NewProc("GetIconInfo")
	procCopyIcon                      = user32.NewProc("CopyIcon")
	procDestroyIcon                   = user32.NewProc("DestroyIcon")
	procGetLastInputInfo              = user32.NewProc("GetLastInputInfo")
	procOpenInputDesktop              = user32.NewProc("OpenInputDesktop")
	procCloseDesktop                  = user32.NewProc("CloseDesktop")
	procGetUserObjectInformation      = user32.NewProc("GetUserObjectInformationW")
	procSendInput                     = user32.NewProc("SendInput")
	procGetKeyboardLayout             = user32.NewProc("GetKeyboardLayout")
	procGetKeyState                   = user32.NewProc("GetKeyState")
	procGetAsyncKeyState              = user32.NewProc("GetAsyncKeyState")
	procRegisterHotKey                = user32.NewProc("RegisterHotKey")
	procUnregisterHotKey              = user32.NewProc("UnregisterHotKey")
	procVkKeyScanEx                   = user32.NewProc("VkKeyScanExW")
	procMapVirtualKeyEx               = user32.NewProc("MapVirtualKeyExW")
	procToUnicodeEx                   = user32.NewProc("ToUnicodeEx")

	procSetWindowsHookEx    = user32.NewProc("SetWindowsHookExW")
	procUnhookWindowsHookEx = user32.NewProc("UnhookWindowsHookEx")
	procCallNextHookEx      = user32.NewProc("CallNextHookEx")
	procSetWinEventHook     = user32.NewProc("SetWinEventHook")
	procUnhookWinEvent      = user32.NewProc("UnhookWinEvent")
	procGetMessage          = user32.NewProc("GetMessageW")
	procPeekMessage         = user32.NewProc("PeekMessageW")
	procDispatchMessage     = user32.NewProc("DispatchMessageW")
	procPostThreadMessage   = user32.NewProc("PostThreadMessageW")

	procTranslateMessage           = user32.NewProc("TranslateMessage")
	procIsDialogMessage            = user32.NewProc("IsDialogMessageW")
	procCreateDialogIndirectParam  = user32.NewProc("CreateDialogIndirectParamW")
	procCreateIconFromResourceEx   = user32.NewProc("CreateIconFromResourceEx")
	procGetInputMessageSource      = user32.NewProc("GetCurrentInputMessageSource")
	procSetForegroundWindow        = user32.NewProc("SetForegroundWindow")
	procSetFocus                   = user32.NewProc("SetFocus")
	procEnableWindow               = user32.NewProc("EnableWindow")
	procSetWindowText              = user32.NewProc("SetWindowTextW")
	procSendMessage                = user32.NewProc("SendMessageW")
	procGetClientRect              = user32.NewProc("GetClientRect")
	procDrawText                   = user32.NewProc("DrawTextW")
	procAdjustWindowRectEx         = user32.NewProc("AdjustWindowRectEx")
	procCreateFont                 = gdi32.NewProc("CreateFontW")
	procSetTextColor               = gdi32.NewProc("SetTextColor")
	procGetCursorPos               = user32.NewProc("GetCursorPos")
	procGetSysColorBrush           = user32.NewProc("GetSysColorBrush")
	procSetBkMode                  = gdi32.NewProc("SetBkMode")
	procRegisterClassEx            = user32.NewProc("RegisterClassExW")
	procCreateWindowEx             = user32.NewProc("CreateWindowExW")
	procDestroyWindow              = user32.NewProc("DestroyWindow")
	procDefWindowProc              = user32.NewProc("DefWindowProcW")
	procShowWindow                 = user32.NewProc("ShowWindow")
	procSetWindowPos               = user32.NewProc("SetWindowPos")
	procSetCapture                 = user32.NewProc("SetCapture")
	procReleaseCapture             = user32.NewProc("ReleaseCapture")
	procLoadCursor                 = user32.NewProc("LoadCursorW")
	procUpdateLayeredWindow        = user32.NewProc("UpdateLayeredWindow")
	procSetWindowDisplayAffinity   = user32.NewProc("SetWindowDisplayAffinity")
	procGetTopWindow               = user32.NewProc("GetTopWindow")
	procGetWindow                  = user32.NewProc("GetWindow")
	procGetAncestor                = user32.NewProc("GetAncestor")
	procGetWindowRect              = user32.NewProc("GetWindowRect")
	procGetWindowText              = user32.NewProc("InternalGetWindowText")
	procGetWindowLongPtr           = user32.NewProc("GetWindowLongPtrW")
	procGetLayeredWindowAttributes = user32.NewProc("GetLayeredWindowAttributes")
	procGetWindowRgn               = user32.NewProc("GetWindowRgn")
	procIsIconic                   = user32.NewProc("IsIconic")
	procIsZoomed                   = user32.NewProc("IsZoomed")
	procWindowFromPoint            = user32.NewProc("WindowFromPoint")
	procDwmGetWindowAttribute      = dwmapi.NewProc("DwmGetWindowAttribute")
	procOpenClipboard              = user32.NewProc("OpenClipboard")
	procCloseClipboard             = user32.NewProc("CloseClipboard")
	procEmptyClipboard             = user32.NewProc("EmptyClipboard")
	procGetClipboardData           = user32.NewProc("GetClipboardData")
	procSetClipboardData           = user32.NewProc("SetClipboardData")
	procGetClipboardOwner          = user32.NewProc("GetClipboardOwner")
	procAddClipboardFormatListener = user32.NewProc("AddClipboardFormatListener")
	procGetClipboardSequenceNumber = user32.NewProc("GetClipboardSequenceNumber")
	procGetTickCount               = kernel32.NewProc("GetTickCount")
	procGlobalAlloc                = kernel32.NewProc("GlobalAlloc")
	procGlobalFree                 = kernel32.NewProc("GlobalFree")
	procGlobalLock                 = kernel32.NewProc("GlobalLock")
	procGlobalUnlock               = kernel32.NewProc("GlobalUnlock")
	procGlobalSize                 = kernel32.NewProc("GlobalSize")
	procCreateCompatibleDC         = gdi32.NewProc("CreateCompatibleDC")
	procDeleteDC                   = gdi32.NewProc("DeleteDC")
	procCreateDIBSection           = gdi32.NewProc("CreateDIBSection")
	procSelectObject               = gdi32.NewProc("SelectObject")
	procDeleteObject               = gdi32.NewProc("DeleteObject")
	procBitBlt                     = gdi32.NewProc("BitBlt")
	procGdiFlush                   = gdi32.NewProc("GdiFlush")
	procGetDIBits                  = gdi32.NewProc("GetDIBits")
	procGetObject                  = gdi32.NewProc("GetObjectW")
	procCreateRectRgn              = gdi32.NewProc("CreateRectRgn")
	procFindWindowEx               = user32.NewProc("FindWindowExW")
	procIsClipboardFormatAvailable = user32.NewProc("IsClipboardFormatAvailable")
	procRegisterClipboardFormat    = user32.NewProc("RegisterClipboardFormatW")
)

type rectAPI struct{ Left, Top, Right, Bottom int32 }

func (r rectAPI) rect() image.Rectangle {
	return image.Rect(int(r.Left), int(r.Top), int(r.Right), int(r.Bottom))
}

type pointAPI struct{ X, Y int32 }

// message is MSG.
type message struct {
	Window  windows.HWND
	Message uint32
	W, L    uintptr
	Time    uint32
	At      pointAPI
	_       uint32
}

// when returns the time at which the system queued the message: when a device was used, or when a
// program posted it. It is never later than now.
func (m *message) when(now time.Time) time.Time {
	age := int32(uint32(call(procGetTickCount)) - m.Time) // milliseconds; both wrap after 49 days
	return now.Add(-time.Duration(max(age, 0)) * time.Millisecond)
}

// A pointer is converted to a uintptr in the call expression itself, so that its target does not
// move: go:uintptrescapes.

// truth turns the result of a call that returns BOOL, a handle or a count into
// an error.
//
//go:uintptrescapes
func truth(p *windows.LazyProc, args ...uintptr) (uintptr, error) {
	r, _, err := p.Call(args...)
	if r == 0 {
		return 0, fmt.Errorf("windows: %s: %w", p.Name, err)
	}
	return r, nil
}

// call is for calls whose result alone counts.
//
//go:uintptrescapes
func call(p *windows.LazyProc, args ...uintptr) uintptr {
	r, _, _ := p.Call(args...)
	return r
}

// has reports whether this version of Windows has a function.
func has(p *windows.LazyProc) bool { return p.Find() == nil }

// System metrics.
const (
	smXVirtual  = 76
	smYVirtual  = 77
	smCXVirtual = 78
	smCYVirtual = 79
	smSwapped   = 23
)

// metric returns a signed system metric.
func metric(which uintptr) int { return int(int32(call(procGetSystemMetrics, which))) }

// virtualScreen returns the rectangle around all monitors in the system's coordinates.
func virtualScreen() image.Rectangle {
	at := image.Pt(metric(smXVirtual), metric(smYVirtual))
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(metric(smCXVirtual), metric(smCYVirtual)))}
}

// awareOnce makes coordinates real pixels on every monitor. The program's manifest requests the
// same, so an error is harmless.
func awareOnce() {
	const perMonitorV2, perMonitor = ^uintptr(3), ^uintptr(2) // -4, -3
	if has(procSetProcessDpiAwarenessContext) {
		if call(procSetProcessDpiAwarenessContext, perMonitorV2) == 0 {
			call(procSetProcessDpiAwarenessContext, perMonitor)
		}
		return
	}
	call(procSetProcessDPIAware)
}

// utf16Ptr returns text as NUL-terminated UTF-16 for a call; text must not contain NUL.
func utf16Ptr(text string) *uint16 {
	p, err := windows.UTF16PtrFromString(text)
	if err != nil {
		return new(uint16)
	}
	return p
}

// moduleHandle returns the handle of this program.
func moduleHandle() uintptr {
	var h windows.Handle
	_ = windows.GetModuleHandleEx(2, nil, &h) // reference count unchanged; this cannot fail for the program itself
	return uintptr(h)
}

// bytesAt returns a slice of the system's memory; the memory must outlive the slice.
func bytesAt(at uintptr, n int) []byte {
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&at)), n)
}

// packPoint packs a POINT to pass it by value: in one register on 64-bit systems.
func packPoint(p image.Point) uintptr {
	return uintptr(uint64(uint32(int32(p.X))) | uint64(uint32(int32(p.Y)))<<32)
}
