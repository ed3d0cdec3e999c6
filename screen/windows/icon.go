//go:build windows

package windows

import (
	"path/filepath"
	"unsafe"

	"lotse/screen/program"

	"golang.org/x/sys/windows"
)

var (
	procSendMessageTimeout  = user32.NewProc("SendMessageTimeoutW")
	procGetClassLongPtr     = user32.NewProc("GetClassLongPtrW")
	procPrivateExtractIcons = user32.NewProc("PrivateExtractIconsW")
)

const (
	wmGetIcon       = 0x007f
	iconSmall       = 0
	iconBig         = 1
	iconSmall2      = 2
	classIcon       = ^uintptr(13) // GCLP_HICON, -14
	classIconSmall  = ^uintptr(33) // GCLP_HICONSM, -34
	smtoAbortIfHung = 0x2

	// iconAnswer is how long a program may take to return its icon, in milliseconds. After a
	// timeout the program is not asked again.
	iconAnswer = 50
	// maxIconWindows is how many windows of a program are asked.
	maxIconWindows = 3
)

// iconOf returns the icon of a program with these windows; nil: none can be read.
func iconOf(wins []uintptr) []byte {
	if len(wins) == 0 {
		return nil
	}
	hung := false
	for _, w := range wins[:min(len(wins), maxIconWindows)] {
		for _, which := range []uintptr{iconBig, iconSmall2, iconSmall} {
			if hung {
				break
			}
			icon, ok := askWindow(w, wmGetIcon, which)
			if hung = !ok; ok {
				if png := iconPNG(icon); png != nil {
					return png
				}
			}
		}
		for _, which := range []uintptr{classIcon, classIconSmall} {
			if png := iconPNG(call(procGetClassLongPtr, w, which)); png != nil {
				return png
			}
		}
	}
	return fileIcon(fileOf(ownerOf(wins[0], classOf(wins[0]))))
}

// askWindow sends a message to a window of another program. ok is false if the program does not
// answer in time, or may not be asked.
func askWindow(w uintptr, what, parameter uintptr) (answer uintptr, ok bool) {
	ok = call(procSendMessageTimeout, w, what, parameter, 0, smtoAbortIfHung, iconAnswer, uintptr(unsafe.Pointer(&answer))) != 0
	return answer, ok
}

func iconPNG(icon uintptr) []byte {
	if icon == 0 {
		return nil
	}
	return program.PNG(readShape(icon))
}

// fileIcon returns the first icon in a program's file. It does not read a file on another computer,
// because that may take arbitrarily long.
func fileIcon(path string) []byte {
	if filepath.VolumeName(path) == "" || path[0] == '\\' || windows.GetDriveType(utf16Ptr(path[:2]+`\`)) == windows.DRIVE_REMOTE {
		return nil
	}
	var icon uintptr
	var id uint32
	const side = 32
	n := call(procPrivateExtractIcons, uintptr(unsafe.Pointer(utf16Ptr(path))), 0, side, side,
		uintptr(unsafe.Pointer(&icon)), uintptr(unsafe.Pointer(&id)), 1, 0)
	if n != 1 || icon == 0 {
		return nil
	}
	defer call(procDestroyIcon, icon)
	return iconPNG(icon)
}
