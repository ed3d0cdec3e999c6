//go:build windows

package windows

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/windows"

	"lotse/screen"
	"lotse/screen/clipformat"
)

const (
	wmClipboardUpdate = 0x031d
	hwndMessage       = ^uintptr(2) // -3: a window that is never shown
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
	watchers []*clipWatcher

	// Owned by the thread.
	window uintptr
	heard  uint32 // sequence number of the last text that was read
}

// clipWatcher is one call of Watch. Its box contains only the newest content, and is closed with
// the clipboard.
type clipWatcher struct {
	from func(screen.ClipboardOwner) bool
	box  chan copied
}

// copied is what a program put on the clipboard.
type copied struct {
	text, html string
	png, dib   []byte // as the program encoded them, one at most
	owner      screen.ClipboardOwner
}

var _ screen.Clipboard = (*clipboard)(nil)

func newClipboard(o screen.Options) *clipboard {
	return &clipboard{o: o}
}

func (c *clipboard) close() error {
	c.mu.Lock()
	c.closed = true
	t := c.thread
	for _, w := range c.watchers {
		close(w.box)
	}
	c.watchers = nil
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
	known := number == c.heard
	c.heard = number
	if known || owner == c.window {
		return 0, true
	}
	var pid uint32
	if owner != 0 {
		_, _ = windows.GetWindowThreadProcessId(windows.HWND(owner), &pid)
	}
	program := screen.ClipboardOwner(pid)
	if len(c.wanting(program)) == 0 {
		return 0, true
	}
	// It may have to deliver what it has only announced. A window that is gone need not.
	if owner != 0 && !responds(owner) && owner == call(procGetClipboardOwner) {
		c.o.Logger.Info("windows: the clipboard's owner does not answer")
		return 0, true
	}
	content, err := c.read(owner, program)
	if err != nil {
		c.o.Logger.Debug("windows: clipboard", "error", err.Error())
		return 0, true
	}
	c.publish(content)
	return 0, true
}

// wanting returns the watchers that want what a program copies.
func (c *clipboard) wanting(owner screen.ClipboardOwner) []*clipWatcher {
	c.mu.Lock()
	all := slices.Clone(c.watchers)
	c.mu.Unlock()
	return slices.DeleteFunc(all, func(w *clipWatcher) bool { return !w.from(owner) })
}

// publish hands a content to the watchers that want it. A slow one loses an older content.
func (c *clipboard) publish(content copied) {
	wanting := c.wanting(content.owner)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.watchers {
		if !slices.Contains(wanting, w) {
			continue
		}
		select {
		case <-w.box:
		default:
		}
		w.box <- content // the caller is the only one that sends
	}
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

// Set implements screen.Clipboard.
func (c *clipboard) Set(clip screen.Clip) error {
	if _, tooLong := clip.Within(); tooLong {
		return fmt.Errorf("windows: a text of more than %d bytes is too long for the clipboard", screen.MaxClipText)
	}
	forms, err := formsOf(clip)
	if err != nil {
		return err
	}
	t, err := c.start()
	if err != nil {
		return err
	}
	if e := t.do(func() { err = c.write(forms) }); e != nil {
		return screen.ErrClosed
	}
	return err
}

// Watch implements screen.Clipboard. Of several contents in quick succession only the latest may be
// reported.
func (c *clipboard) Watch(ctx context.Context, from func(screen.ClipboardOwner) bool, changed func(screen.Clip, screen.ClipboardOwner)) error {
	if _, err := c.start(); err != nil {
		return err
	}
	w := &clipWatcher{from: from, box: make(chan copied, 1)}
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return screen.ErrClosed
	}
	c.watchers = append(c.watchers, w)
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.watchers = slices.DeleteFunc(c.watchers, func(other *clipWatcher) bool { return other == w })
		c.mu.Unlock()
	}()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case content, open := <-w.box:
			if !open {
				return screen.ErrClosed
			}
			if clip := c.clip(content); !clip.Empty() && ctx.Err() == nil {
				changed(clip, content.owner)
			}
		}
	}
}

// clip decodes a picture. A picture that cannot be decoded is left out.
func (c *clipboard) clip(content copied) screen.Clip {
	clip := screen.Clip{Text: content.text, HTML: content.html}
	var err error
	switch {
	case content.png != nil:
		clip.Picture, err = screen.ParsePicture(content.png)
	case content.dib != nil:
		clip.Picture, err = pictureOfDIB(content.dib)
	}
	if err != nil {
		c.o.Logger.Info("windows: a picture was not taken from the clipboard", "reason", err.Error())
	}
	return clip
}

func pictureOfDIB(b []byte) (*screen.Picture, error) {
	m, err := clipformat.DecodeDIB(bytes.NewReader(b), screen.MaxPicturePixels)
	if err != nil {
		return nil, err
	}
	return screen.NewPicture(m)
}
