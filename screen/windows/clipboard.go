//go:build windows

package windows

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf16"
	"unsafe"

	"golang.org/x/sys/windows"

	"lotse/screen"
)

const (
	cfUnicodeText     = 13
	wmClipboardUpdate = 0x031d
	globalMoveable    = 2
	hwndMessage       = ^uintptr(2) // -3: a window that is never shown
	// maxClipboard is the maximum size of a text in bytes.
	maxClipboard = 1 << 20
	// clipTries is how often opening a clipboard that another program has open is retried, and
	// clipPause the time between.
	clipTries = 20
	clipPause = 10 * time.Millisecond
)

// clipboard implements screen.Clipboard. Its window has a thread of its own, because a clipboard
// belongs to a window, and a window to a thread.
type clipboard struct {
	o screen.Options

	mu sync.Mutex
	// Guarded by mu.
	closed   bool
	thread   *messageThread
	watchers map[chan ownedText]bool

	// Owned by the thread.
	window uintptr
	heard  uint32 // sequence number of the last text that was read
}

// secretFormat marks texts that password managers put on the clipboard; programs that respect it
// ignore such a text.
var secretFormat = sync.OnceValue(func() uintptr {
	return call(procRegisterClipboardFormat, uintptr(unsafe.Pointer(utf16Ptr("ExcludeClipboardContentFromMonitorProcessing"))))
})

// ownedText is a text and the program that put it on the clipboard.
type ownedText struct {
	text  string
	owner screen.ClipboardOwner
}

var _ screen.Clipboard = (*clipboard)(nil)

func newClipboard(o screen.Options) *clipboard {
	return &clipboard{o: o, watchers: map[chan ownedText]bool{}}
}

func (c *clipboard) close() error {
	c.mu.Lock()
	c.closed = true
	t := c.thread
	for w := range c.watchers {
		close(w)
	}
	c.watchers = map[chan ownedText]bool{}
	c.mu.Unlock()
	if t != nil {
		t.close()
	}
	return nil
}

// start creates the thread at the first call.
func (c *clipboard) start() (*messageThread, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, screen.ErrClosed
	}
	if c.thread != nil {
		return c.thread, nil
	}
	t, err := startThread(func() (err error) {
		if c.window, err = makeWindow(hwndMessage, 0, 0, c.onMessage); err != nil {
			return err
		}
		c.heard = uint32(call(procGetClipboardSequenceNumber))
		_, err = truth(procAddClipboardFormatListener, c.window)
		return err
	}, func() { dropWindow(c.window) })
	if err != nil {
		return nil, err
	}
	c.thread = t
	return t, nil
}

// onMessage runs on the thread.
func (c *clipboard) onMessage(_ uintptr, what uint32, _, _ uintptr) (result uintptr, done bool) {
	if what != wmClipboardUpdate {
		return 0, false
	}
	number := uint32(call(procGetClipboardSequenceNumber))
	owner := call(procGetClipboardOwner)
	if number == c.heard || owner == c.window {
		c.heard = number
		return 0, true
	}
	c.heard = number
	if call(procIsClipboardFormatAvailable, secretFormat()) != 0 {
		return 0, true
	}
	text, err := c.read()
	if err != nil {
		c.o.Logger.Debug("windows: clipboard", "error", err.Error())
		return 0, true
	}
	if text == "" {
		return 0, true
	}
	var pid uint32
	if owner != 0 && owner == call(procGetClipboardOwner) {
		_, _ = windows.GetWindowThreadProcessId(windows.HWND(owner), &pid)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for w := range c.watchers {
		select {
		case <-w: // only the newest text counts
		default:
		}
		w <- ownedText{text, screen.ClipboardOwner(pid)}
	}
	return 0, true
}

// openClipboard waits for other programs to close it.
func openClipboard(window uintptr) error {
	for try := 0; ; try++ {
		_, err := truth(procOpenClipboard, window)
		if err == nil || try >= clipTries {
			return err
		}
		time.Sleep(clipPause)
	}
}

// read runs on the thread. It returns "" if the clipboard has no text.
func (c *clipboard) read() (string, error) {
	if err := openClipboard(c.window); err != nil {
		return "", err
	}
	defer call(procCloseClipboard)
	h := call(procGetClipboardData, cfUnicodeText)
	if h == 0 {
		return "", nil
	}
	at, err := truth(procGlobalLock, h)
	if err != nil {
		return "", err
	}
	defer call(procGlobalUnlock, h)
	size := call(procGlobalSize, h)
	if size > 2*maxClipboard+2 {
		return "", errors.New("the text is too long")
	}
	units := unsafe.Slice(*(**uint16)(unsafe.Pointer(&at)), size/2)
	for i, u := range units {
		if u == 0 {
			units = units[:i]
			break
		}
	}
	text := strings.ReplaceAll(string(utf16.Decode(units)), "\r\n", "\n")
	if len(text) > maxClipboard {
		return "", errors.New("the text is too long")
	}
	return text, nil
}

// SetText implements screen.Clipboard. A text longer than 1 MiB is refused.
func (c *clipboard) SetText(text string) error {
	if len(text) > maxClipboard {
		return fmt.Errorf("windows: a text of %d bytes is too long for the clipboard", len(text))
	}
	t, err := c.start()
	if err != nil {
		return err
	}
	if e := t.do(func() { err = c.write(text) }); e != nil {
		return screen.ErrClosed
	}
	return err
}

// write runs on the thread.
func (c *clipboard) write(text string) error {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
	text = strings.ReplaceAll(text, "\x00", "")
	units := append(utf16.Encode([]rune(text)), 0)
	h, err := truth(procGlobalAlloc, globalMoveable, uintptr(2*len(units)))
	if err != nil {
		return err
	}
	at, err := truth(procGlobalLock, h)
	if err != nil {
		call(procGlobalFree, h)
		return err
	}
	copy(unsafe.Slice(*(**uint16)(unsafe.Pointer(&at)), len(units)), units)
	call(procGlobalUnlock, h)
	if err := openClipboard(c.window); err != nil {
		call(procGlobalFree, h)
		return err
	}
	defer call(procCloseClipboard)
	call(procEmptyClipboard)
	if _, err := truth(procSetClipboardData, cfUnicodeText, h); err != nil {
		call(procGlobalFree, h)
		return err
	}
	return nil // the system owns the memory now
}

// Watch implements screen.Clipboard.
func (c *clipboard) Watch(ctx context.Context, changed func(text string, owner screen.ClipboardOwner)) error {
	if _, err := c.start(); err != nil {
		return err
	}
	w := make(chan ownedText, 1)
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return screen.ErrClosed
	}
	c.watchers[w] = true
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.watchers, w)
		c.mu.Unlock()
	}()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case t, open := <-w:
			if !open {
				return screen.ErrClosed
			}
			changed(t.text, t.owner)
		}
	}
}
