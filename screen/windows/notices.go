//go:build windows

package windows

import (
	"context"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"lotse/screen"
)

// noticeEvery is the polling interval, because the system does not report these changes.
const noticeEvery = 300 * time.Millisecond

// notices implements screen.Notices.
type notices struct{ done <-chan struct{} }

var _ screen.Notices = notices{}

// Watch implements screen.Notices.
func (n notices) Watch(ctx context.Context, changed func(screen.Notice)) error {
	tick := time.NewTicker(noticeEvery)
	defer tick.Stop()
	last := screen.NoticeNone
	for {
		if now := noticeNow(); now != last {
			last = now
			changed(now)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-n.done:
			return screen.ErrClosed
		case <-tick.C:
		}
	}
}

func noticeNow() screen.Notice {
	switch {
	case isHidden():
		return screen.NoticeHidden
	case isShielded(windows.GetForegroundWindow()):
		return screen.NoticeShielded
	}
	return screen.NoticeNone
}

// isShielded reports whether a window's program has more rights than this one. Windows then drops
// injected input without an error.
func isShielded(window windows.HWND) bool {
	if window == 0 {
		return false
	}
	pid := processIDOf(uintptr(window))
	h, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, pid)
	if err != nil {
		return err == windows.ERROR_ACCESS_DENIED
	}
	defer windows.CloseHandle(h)
	theirs, err := integrity(h)
	if err != nil {
		return err == windows.ERROR_ACCESS_DENIED // the program runs as administrator
	}
	ours, err := integrity(windows.CurrentProcess())
	return err == nil && theirs > ours
}

// integrity returns the level of a process's token.
func integrity(process windows.Handle) (level uint32, err error) {
	var token windows.Token
	if err := windows.OpenProcessToken(process, windows.TOKEN_QUERY, &token); err != nil {
		return 0, err
	}
	defer token.Close()
	var label [16]uint64 // aligned for pointers
	var n uint32
	err = windows.GetTokenInformation(token, windows.TokenIntegrityLevel, (*byte)(unsafe.Pointer(&label)), uint32(unsafe.Sizeof(label)), &n)
	if err != nil {
		return 0, err
	}
	sid := (*windows.Tokenmandatorylabel)(unsafe.Pointer(&label)).Label.Sid
	count := sid.SubAuthorityCount()
	if count == 0 {
		return 0, windows.ERROR_INVALID_SID
	}
	return sid.SubAuthority(uint32(count) - 1), nil
}
