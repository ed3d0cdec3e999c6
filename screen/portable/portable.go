//go:build portable

package portable

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"image"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-vgo/robotgo"
	"github.com/kbinani/screenshot"

	"lotse/screen"
	"lotse/screen/keysym"
)

// Build this file on Linux with -tags "portable x11", on Windows with "portable win", and on macOS
// with "portable purego", where robotgo is pure Go.

const (
	pollEvery      = 100 * time.Millisecond
	clipboardEvery = time.Second
)

var errNoDevices = errors.New("portable: this backend cannot tell physical from injected input")

// libs serialises all calls into the libraries, which have global state.
var libs sync.Mutex

// display implements screen.Screen, Input, Clipboard and Hotkey as far as the libraries allow: the
// whole display ten times a second, no cursor, keys by name, no hotkey.
type display struct {
	done chan struct{}
	once sync.Once

	refreshDue atomic.Bool
	permission screen.Permission

	// Owned by Next.
	frame   *screen.Frame
	seed    maphash.Seed
	sum     uint64
	started bool
	pointer image.Point

	mu sync.Mutex
	// Guarded by mu.
	origin  image.Point // of the frame in the system's coordinates
	held    []string    // names of keys
	buttons screen.Buttons
	own     string // the clipboard's text as last set or read here
}

var (
	_ screen.Screen    = (*display)(nil)
	_ screen.Input     = (*display)(nil)
	_ screen.Clipboard = clipboard{}
	_ screen.Hotkey    = hotkey{}
)

type (
	clipboard struct{ *display }
	hotkey    struct{}
)

// Open opens the display through kbinani/screenshot and robotgo. It is slow, shows no cursor, and
// has no hotkey. Options.Display can only be $DISPLAY.
func Open(o screen.Options) (*screen.Desktop, error) {
	o = o.WithDefaults()
	if o.Display != "" && o.Display != os.Getenv("DISPLAY") {
		return nil, fmt.Errorf("portable: this backend shows $DISPLAY only, not %s", o.Display)
	}
	libs.Lock()
	defer libs.Unlock()
	if screenshot.NumActiveDisplays() == 0 {
		return nil, errors.New("portable: this backend finds no display: is somebody logged in, and $DISPLAY right?")
	}
	p := &display{done: make(chan struct{}), seed: maphash.MakeSeed()}
	parts := screen.Parts{Screen: p, Input: p, Clipboard: clipboard{p}, Hotkey: hotkey{}, InputWatcher: inputWatcher{}}
	return screen.NewDesktop(parts, func() error {
		err := p.ReleaseAll()
		_ = p.Close()
		libs.Lock()
		defer libs.Unlock()
		closeRobot()
		return err
	}), nil
}

// Close implements screen.Screen.
func (p *display) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

// Next implements screen.Screen by comparing checksums.
func (p *display) Next(ctx context.Context) (screen.Update, error) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-p.done:
			return screen.Update{}, screen.ErrClosed
		default:
		}
		if err := ctx.Err(); err != nil {
			return screen.Update{}, err
		}
		u, changed, err := p.look()
		if err != nil || changed {
			return u, err
		}
		select {
		case <-ctx.Done():
		case <-p.done:
		case <-tick.C:
		}
	}
}

// Refresh implements screen.Screen.
func (p *display) Refresh() { p.refreshDue.Store(true) }

func (p *display) look() (u screen.Update, changed bool, err error) {
	libs.Lock()
	defer libs.Unlock()
	var all image.Rectangle
	n := screenshot.NumActiveDisplays()
	for i := range n {
		all = all.Union(screenshot.GetDisplayBounds(i))
	}
	if all.Empty() {
		return u, false, errors.New("portable: the display is gone")
	}
	img, err := screenshot.CaptureRect(all)
	if err != nil {
		return u, false, fmt.Errorf("portable: capture: %w", err)
	}
	x, y := robotgo.Location()
	at := image.Pt(x, y).Sub(all.Min)
	sum := maphash.Bytes(p.seed, img.Pix)
	resized := p.frame == nil || p.frame.Size != all.Size()
	moved, painted := at != p.pointer, sum != p.sum || resized || p.refreshDue.Swap(false)
	if p.started && !painted && !moved {
		return u, false, nil
	}
	if resized {
		p.frame = screen.NewFrame(all.Size())
	}
	if painted {
		for y := range all.Dy() {
			in, out := img.Pix[y*img.Stride:], p.frame.Row(y, 0, all.Dx())
			for i := 0; i < len(out); i += screen.BytesPerPixel {
				out[i], out[i+1], out[i+2] = in[i+2], in[i+1], in[i]
			}
		}
		u.Damage = screen.RegionOf(p.frame.Bounds())
	}
	for i := range n {
		u.Monitors = append(u.Monitors, screen.Monitor{
			ID: uint32(i + 1), Name: fmt.Sprint(i + 1), Rect: screenshot.GetDisplayBounds(i).Sub(all.Min),
		})
	}
	p.sum, p.pointer, p.started = sum, at, true
	p.mu.Lock()
	p.origin = all.Min
	p.mu.Unlock()
	u.Frame, u.Pointer = p.frame, at
	return u, true, nil
}

// keyNames are robotgo's names of keysyms that are not characters.
var keyNames = map[uint32]string{
	keysym.BackSpace: "backspace", keysym.Tab: "tab", keysym.Return: "enter", keysym.KPEnter: "enter", keysym.Escape: "esc", keysym.Delete: "delete",
	keysym.Home: "home", keysym.Left: "left", keysym.Up: "up", keysym.Right: "right", keysym.Down: "down", keysym.Prior: "pageup", keysym.Next: "pagedown",
	keysym.End: "end", keysym.Insert: "insert", keysym.CapsLock: "capslock",
	keysym.ShiftL: "shift", keysym.ShiftR: "shiftr", keysym.ControlL: "ctrl", keysym.ControlR: "ctrlr", keysym.AltL: "alt", keysym.AltR: "altr",
	keysym.SuperL: "cmd", keysym.SuperR: "cmdr",
}

func keyName(sym uint32) string {
	if sym >= keysym.F1 && sym <= keysym.F12 {
		return fmt.Sprintf("f%d", sym-keysym.F1+1)
	}
	return keyNames[sym]
}

// Key implements screen.Input. Characters are typed when pressed; keys without a name in the
// library are refused.
func (p *display) Key(k screen.Key) error {
	permit := p.permission.Permit()
	libs.Lock()
	defer libs.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	if k.Down && !permit.Valid() {
		return nil
	}
	name := keyName(k.Sym)
	c := keysym.Canonical(k.Sym)
	switch {
	case name != "" && k.Down:
		p.held = append(without(p.held, name), name)
		return robotgo.KeyDown(name)
	case name != "":
		p.held = without(p.held, name)
		return robotgo.KeyUp(name)
	case c < keysym.Unicode:
		return fmt.Errorf("portable: this backend has no key for keysym %#x", k.Sym)
	case !k.Down:
		return nil
	case len(p.held) > 0: // a shortcut
		return robotgo.KeyTap(string(rune(c - keysym.Unicode)))
	}
	robotgo.Type(string(rune(c - keysym.Unicode)))
	return nil
}

func without(l []string, s string) []string {
	var out []string
	for _, have := range l {
		if have != s {
			out = append(out, have)
		}
	}
	return out
}

// Pointer implements screen.Input.
func (p *display) Pointer(at image.Point, buttons screen.Buttons) error {
	permit := p.permission.Permit()
	libs.Lock()
	defer libs.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	if !permit.Valid() {
		return nil
	}
	at = at.Add(p.origin)
	robotgo.Move(at.X, at.Y)
	return p.buttonsLocked(buttons)
}

func (p *display) buttonsLocked(now screen.Buttons) error {
	was := p.buttons
	p.buttons = now
	var err error
	for bit, name := range map[screen.Buttons]string{
		screen.ButtonLeft: "left", screen.ButtonMiddle: "center", screen.ButtonRight: "right",
	} {
		switch {
		case now&^was&bit != 0:
			err = errors.Join(err, robotgo.MouseDown(name))
		case was&^now&bit != 0:
			err = errors.Join(err, robotgo.MouseUp(name))
		}
	}
	for bit, by := range map[screen.Buttons]image.Point{
		screen.WheelUp: {Y: 1}, screen.WheelDown: {Y: -1}, screen.WheelLeft: {X: 1}, screen.WheelRight: {X: -1},
	} {
		if now&^was&bit != 0 {
			robotgo.Scroll(by.X, by.Y, 0)
		}
	}
	return err
}

// Suspend implements screen.Input.
func (p *display) Suspend(on bool) { p.permission.Suspend(on) }

// ReleaseAll implements screen.Input.
func (p *display) ReleaseAll() error {
	libs.Lock()
	defer libs.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	err := p.buttonsLocked(0)
	for _, name := range p.held {
		err = errors.Join(err, robotgo.KeyUp(name))
	}
	p.held = nil
	return err
}

// Set implements screen.Clipboard for texts. On Linux it needs xclip or xsel.
func (c clipboard) Set(clip screen.Clip) error {
	if clip.Text == "" && !clip.Empty() {
		return errors.New("portable: only a text can be put on the clipboard")
	}
	if len(clip.Text) > screen.MaxClipText {
		return errors.New("portable: the text is too long for the clipboard")
	}
	c.mu.Lock()
	c.own = clip.Text
	c.mu.Unlock()
	return robotgo.WriteAll(clip.Text)
}

// Watch implements screen.Clipboard for texts by polling once a second.
func (c clipboard) Watch(ctx context.Context, from func(screen.ClipboardOwner) bool, changed func(screen.Clip, screen.ClipboardOwner)) error {
	const owner = screen.ClipboardOwner(0) // the library does not report the owner
	last, err := robotgo.ReadAll()
	if err != nil {
		last = ""
	}
	unwanted := false // from has refused since the last look
	tick := time.NewTicker(clipboardEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-c.done:
			return screen.ErrClosed
		case <-tick.C:
		}
		if !from(owner) {
			unwanted = true
			continue
		}
		text, err := robotgo.ReadAll()
		if err != nil || text == last {
			unwanted = unwanted && err != nil
			continue
		}
		last = text
		if unwanted { // it may have been copied before from wanted it
			unwanted = false
			continue
		}
		c.mu.Lock()
		mine := text == c.own
		c.own = ""
		c.mu.Unlock()
		if !mine && text != "" && len(text) <= screen.MaxClipText {
			changed(screen.Clip{Text: text}, owner)
		}
	}
}

// Watch implements screen.Hotkey: it always fails.
func (hotkey) Watch(context.Context, uint32, func()) error { return errNoDevices }

// Swallow implements screen.Hotkey: it always fails.
func (hotkey) Swallow(bool) error { return errNoDevices }

// inputWatcher implements screen.InputWatcher.
type inputWatcher struct{}

// Watch implements screen.InputWatcher.
func (inputWatcher) Watch(context.Context, func(screen.Act)) error { return errNoDevices }
