//go:build windows

package windows

import (
	"context"
	"image"
	"log/slog"
	"reflect"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"lotse/screen"
	"lotse/screen/keysym"
	"lotse/screen/ownwindow"
	"lotse/screen/question"
)

// questionTick is the interval at which the window is updated.
const questionTick = 100 * time.Millisecond

// asker implements screen.Asker with a dialog of the system's own controls, so that it works with
// the keyboard and with screen readers. question.Form decides which presses count; the system
// reports whether an input message comes from a device.
type asker struct {
	*ownwindow.Turn
	log *slog.Logger
	own *ownwindow.Places
}

var _ screen.Asker = (*asker)(nil)

func newAsker(o screen.Options, own *ownwindow.Places) *asker {
	return &asker{Turn: ownwindow.NewTurn(), log: o.Logger, own: own}
}

// Ask implements screen.Asker.
func (a *asker) Ask(ctx context.Context, q screen.Question) (screen.Answer, error) {
	none := screen.Answer{}
	gone, err := a.Take(ctx)
	if err != nil {
		return none, err
	}
	defer gone()
	d := &questionDialog{asker: a, form: question.NewForm(q), q: q, answers: make(chan screen.Answer, 1)}
	t, err := startThread(d.open, d.destroy)
	if err != nil {
		return none, err
	}
	defer func() {
		t.close()
		a.own.Gone(d, image.Rectangle{})
	}()
	_ = t.do(func() { t.filter = d.filter })
	return a.await(ctx, d, t)
}

// await waits for the answer and updates the dialog.
func (a *asker) await(ctx context.Context, d *questionDialog, t *messageThread) (screen.Answer, error) {
	none := screen.Answer{}
	hooks, err := theHooks.join(&hookUser{see: d.watchPointer})
	if err != nil {
		return none, err // input injected by programs could not be detected
	}
	defer theHooks.leave(hooks)
	over := time.NewTimer(time.Until(d.until))
	defer over.Stop()
	tick := time.NewTicker(questionTick)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return none, ctx.Err()
		case <-a.Done:
			return none, screen.ErrClosed
		case <-over.C:
			return none, screen.ErrNoAnswer
		case answer := <-d.answers:
			return answer, nil
		case e := <-hooks:
			if !e.physical {
				_ = t.do(func() {
					d.form.Gate.Injected(time.Now())
					d.update()
				})
			}
		case <-d.q.Remind:
			_ = t.do(d.remind)
		case <-tick.C:
			_ = t.do(d.update)
		}
	}
}

// remind draws attention to the dialog by a sound and by its title bar.
func (d *questionDialog) remind() {
	const sound, caption, times, halfPeriod = 0x20, 0x1, 3, 500 // MB_ICONQUESTION, FLASHW_CAPTION
	call(procMessageBeep, sound)
	flash := struct {
		size                  uint32
		window                uintptr
		flags, count, timeout uint32
	}{window: d.window, flags: caption, count: times, timeout: halfPeriod}
	flash.size = uint32(unsafe.Sizeof(flash))
	call(procFlashWindowEx, uintptr(unsafe.Pointer(&flash)))
}

// watchPointer records that the pointer is outside the dialog. The dialog itself gets no message
// about that, and a pointer that returns must count as having entered. It runs on the hooks'
// thread.
func (d *questionDialog) watchPointer(e hookEvent) {
	if place := d.place.Load(); !e.key && place != nil && !e.at.In(*place) {
		d.absence.outside(e.ticks)
	}
}

// absence notices that the pointer was outside the dialog between two messages about it. The hooks
// report an event before the dialog gets it, but on a busy computer the system may not wait for
// them. What they report then is older than what the dialog knows.
type absence struct {
	last atomic.Int64 // when the pointer was outside; zero: never since the last message
	// Owned by the dialog's thread.
	inside  uint32 // when the last message was sent
	entered bool   // there was one
}

// outside records that the pointer was outside, at a time in the system's milliseconds, which wrap.
func (a *absence) outside(ticks uint32) { a.last.Store(1<<32 | int64(ticks)) }

// message records a message about the pointer. It reports whether the pointer was outside since the
// message before.
func (a *absence) message(ticks uint32) bool {
	last := a.last.Swap(0)
	left := last != 0 && (!a.entered || int32(uint32(last)-a.inside) > 0)
	a.inside, a.entered = ticks, true
	return left
}

// questionDialog is one question on the screen. The thread owns everything except answers, until,
// place and a part of absence.
type questionDialog struct {
	*asker
	q       screen.Question
	form    *question.Form
	answers chan screen.Answer
	until   time.Time
	place   atomic.Pointer[image.Rectangle] // where the dialog is
	absence absence

	dialogWindow
	bounds    image.Rectangle // of the monitor, in the system's coordinates
	countdown uintptr
	silence   string
	told      screen.QuestionView
}

// Styles and messages of dialogs and controls.
const (
	wsTabStop                                    = 0x00010000
	exDialogFrame, exControlParent               = 0x1, 0x10000
	dsModalFrame                                 = 0x80
	bsPush, bsCheck, bsMultiline, bsFlat         = 0x0, 0x2, 0x2000, 0x8000
	ssIcon                                       = 0x3
	wmSetFont, wmClose, wmCommand, wmColorStatic = 0x0030, 0x0010, 0x0111, 0x0138
	bmSetCheck, stmSetIcon                       = 0x00f1, 0x0170
	wmLeftDouble, wmSysCommand                   = 0x0203, 0x0112
)

var dialogProc = sync.OnceValue(func() uintptr {
	return windows.NewCallback(func(window, what, w, l uintptr) uintptr {
		windowsMu.Lock()
		h := handlers[window]
		windowsMu.Unlock()
		if h != nil {
			if result, done := h(window, uint32(what), w, l); done {
				return result
			}
		}
		return 0 // default handling
	})
})

// open creates the dialog and shows it. It runs on the thread.
func (d *questionDialog) open() (err error) {
	// DLGTEMPLATE without controls: style, extended style, number of controls, place; then no menu,
	// the default class, and the title.
	type template struct {
		style, exStyle       uint32
		count                uint16
		x, y, cx, cy         int16
		menu, class, endOfIt uint16
	}
	tmpl := template{style: wsPopup | wsCaption | dsModalFrame, exStyle: exTopmost | exDialogFrame | exControlParent}
	if d.window, err = truth(procCreateDialogIndirectParam, moduleHandle(), uintptr(unsafe.Pointer(&tmpl)), 0, dialogProc(), 0); err != nil {
		return err
	}
	windowsMu.Lock()
	handlers[d.window] = d.onMessage
	windowsMu.Unlock()
	leaveOut(d.window, d.log)
	call(procSetWindowText, d.window, uintptr(unsafe.Pointer(utf16Ptr("Lotse"))))
	pointer := pointerAt()
	d.bounds = monitorAt(pointer)
	d.makeFonts(dpiOf(d.window))
	d.layOut()
	busy := d.own.Recent(d, time.Now().Add(-ownwindow.Rest))
	origin := virtualScreen().Min
	for i := range busy {
		busy[i] = busy[i].Add(origin)
	}
	d.move(ownwindow.FreePlace(d.bounds, d.rect.Size(), pointer, d.rectOf(question.Allow), busy))
	d.until = time.Now().Add(d.q.Timeout)
	d.form.Until(d.until)
	call(procShowWindow, d.window, 5) // SW_SHOW
	call(procSetForegroundWindow, d.window)
	d.focus(question.Refuse)
	d.point(time.Now(), pointer, 0)
	d.update()
	return nil
}

// destroy runs on the thread.
func (d *questionDialog) destroy() {
	unseen.Delete(d.window)
	dropWindow(d.window)
	d.free()
}

// move moves the dialog to a place, above all other windows.
func (d *questionDialog) move(at image.Point) {
	d.rect = image.Rectangle{Min: at, Max: at.Add(d.rect.Size())}
	place := d.rect
	d.place.Store(&place)
	coverOwn(d.own, d, d.window, d.rect)
	call(procSetWindowPos, d.window, hwndTopmost, uintptr(at.X), uintptr(at.Y), uintptr(d.rect.Dx()), uintptr(d.rect.Dy()), swpNoActive)
	d.own.Gone(d, d.rect.Sub(virtualScreen().Min))
}

func (d *questionDialog) point(when time.Time, p image.Point, by question.Device) {
	d.form.Gate.Pointer(when, d.targetAt(p), by)
}

// physicalDevice reports whether the input message that is being handled comes from a device, that
// is, was neither injected nor sent by a program.
func physicalDevice() question.Device {
	var source struct{ device, origin uint32 }
	const hardware = 1
	if call(procGetInputMessageSource, uintptr(unsafe.Pointer(&source))) == 0 || source.origin != hardware {
		return 0
	}
	return question.Device(1 + source.device)
}

// filter gets every message of the dialog before its control does.
func (d *questionDialog) filter(m *message) (taken bool) {
	// On a busy computer a message may wait. What a person did before the question was armed does
	// not count, even if it is handled later.
	when, by := m.when(time.Now()), question.Device(0)
	if m.Message >= wmKeyDown && m.Message <= wmSysKeyUp || m.Message >= wmMouseMove && m.Message <= wmMouseWheelX {
		by = physicalDevice()
	}
	place := image.Pt(int(m.At.X), int(m.At.Y))
	g := &d.form.Gate
	if m.Message >= wmMouseMove && m.Message <= wmMouseWheelX && d.absence.message(m.Time) {
		g.Pointer(when, question.None, 0)
	}
	switch m.Message {
	case wmMouseMove:
		d.point(when, place, by)
	case wmLeftDown, wmLeftDouble:
		g.Press(when, d.targetAt(place), by)
	case wmLeftUp:
		t := g.Release(when, d.targetAt(place), by)
		call(procDispatchMessage, uintptr(unsafe.Pointer(m))) // the button is released first
		d.activate(t)
		return true
	case wmKeyDown, wmKeyUp, wmSysKeyDown, wmSysKeyUp:
		return d.key(m, when, by)
	}
	return call(procIsDialogMessage, d.window, uintptr(unsafe.Pointer(m))) != 0
}

// key handles the keyboard itself, because messages that the system derives from keys cannot be
// distinguished from those that a program sends.
func (d *questionDialog) key(m *message, when time.Time, by question.Device) (taken bool) {
	const vkReturn, vkEscape, vkSpace, vkTab, vkLeft, vkUp, vkRight, vkDown = 0x0d, 0x1b, 0x20, 0x09, 0x25, 0x26, 0x27, 0x28
	sym := map[uintptr]uint32{vkReturn: keysym.Return, vkEscape: keysym.Escape, vkSpace: ' ', vkTab: keysym.Tab,
		vkLeft: keysym.Left, vkUp: keysym.Up, vkRight: keysym.Right, vkDown: keysym.Down}[m.W]
	if sym == 0 {
		return false
	}
	const repeated = 1 << 30
	down := m.Message == wmKeyDown || m.Message == wmSysKeyDown
	if down && m.L&repeated != 0 {
		return true
	}
	e := question.Event{Kind: question.KeyOff, When: when, By: by, Sym: sym, Shift: call(procGetKeyState, vkShift)&0x8000 != 0}
	if down {
		e.Kind = question.KeyOn
	}
	before := d.form.Gate.Focus()
	t := d.form.Key(e)
	if now := d.form.Gate.Focus(); now != before {
		d.focus(now)
	}
	d.activate(t)
	return true
}

// activate performs what was pressed.
func (d *questionDialog) activate(t question.Target) {
	if t == question.None {
		return
	}
	if answer := d.form.Activate(t, time.Now()); answer != nil {
		d.answer(*answer)
		return
	}
	if t == question.Allow {
		return
	}
	d.layOut()
	at := d.rect.Min
	at.X = max(d.bounds.Min.X, min(at.X, d.bounds.Max.X-d.rect.Dx()))
	at.Y = max(d.bounds.Min.Y, min(at.Y, d.bounds.Max.Y-d.rect.Dy()))
	d.move(at)
	d.focus(d.form.Gate.Focus())
	d.update()
}

func (d *questionDialog) answer(a screen.Answer) {
	select {
	case d.answers <- a:
	default:
	}
}

// onMessage handles messages to the dialog itself. A click made by a program can only refuse;
// everything else goes through filter.
func (d *questionDialog) onMessage(_ uintptr, what uint32, w, l uintptr) (uintptr, bool) {
	switch what {
	case wmSysCommand:
		const move = 0xf010 // moving by the title bar: the place is fixed
		return 1, w&0xfff0 == move
	case wmClose:
		d.answer(screen.Answer{})
		return 1, true
	case wmCommand:
		if t := d.controls[l]; w>>16 == 0 && (t == question.Refuse || t == question.Never) {
			d.activate(t)
		}
		return 1, true
	case wmColorStatic:
		if d.warning[l] {
			const red, transparent, face = 0x1e1ea4, 1, 15 // 0x00BBGGRR
			call(procSetTextColor, w, red)
			call(procSetBkMode, w, transparent)
			return call(procGetSysColorBrush, face), true
		}
	}
	return 0, false
}

// notePointerOutside records that the pointer is outside the dialog. On wine the hooks report no
// motion outside of wine's own windows, so watchPointer is not enough there.
func (d *questionDialog) notePointerOutside(now time.Time) {
	var at pointAPI
	if call(procGetCursorPos, uintptr(unsafe.Pointer(&at))) != 0 && !image.Pt(int(at.X), int(at.Y)).In(d.rect) {
		d.form.Gate.Pointer(now, question.None, 0)
	}
}

// update updates the dialog: where the pointer is, whether the dialog is visible, whether allowing
// counts, and how much time is left.
func (d *questionDialog) update() {
	now := time.Now()
	d.notePointerOutside(now)
	if d.isAbove() {
		d.form.Gate.Visible(now)
	} else {
		d.form.Gate.Covered(now)
		call(procSetWindowPos, d.window, hwndTopmost, 0, 0, 0, 0, swpNoMove|swpNoSize|swpNoActive)
	}
	for c, t := range d.controls {
		if t == question.Allow {
			enabled := uintptr(0)
			if d.form.Gate.Armed(now) {
				enabled = 1
			}
			call(procEnableWindow, c, enabled)
		}
	}
	if s := d.form.Silence(now); s != d.silence && d.countdown != 0 {
		d.silence = s
		call(procSetWindowText, d.countdown, uintptr(unsafe.Pointer(utf16Ptr(s))))
	}
	d.tell(now)
}

// tell reports to the asker what is on the screen, if it changed.
func (d *questionDialog) tell(now time.Time) {
	v := screen.QuestionView{Until: d.until, Armed: d.form.Gate.Armed(now), Buttons: map[string]image.Rectangle{}, Chosen: d.form.Chosen()}
	for c, t := range d.controls {
		if r, ok := outerRect(c); ok {
			v.Buttons[d.form.Name(t)] = r.Sub(virtualScreen().Min)
		}
	}
	if d.q.Seen != nil && !reflect.DeepEqual(v, d.told) {
		d.told = v
		d.q.Seen(v)
	}
}

// monitorAt returns the monitor at a point, in the system's coordinates.
func monitorAt(p image.Point) image.Rectangle {
	all := virtualScreen()
	for _, m := range listMonitors(all) {
		if r := m.Rect.Add(all.Min); p.In(r) {
			return r
		}
	}
	return mainMonitor()
}
