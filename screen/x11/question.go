//go:build linux

package x11

import (
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jezek/xgb/xproto"

	"lotse/screen"
	"lotse/screen/ownwindow"
	"lotse/screen/question"
)

const (
	// questionTick is the interval at which the window is drawn again and checked to be above all
	// others; questionFast is used while it is being armed.
	questionTick = 500 * time.Millisecond
	questionFast = 100 * time.Millisecond
	// raiseEvery is the minimum time between two raises of the window.
	raiseEvery = 200 * time.Millisecond
)

// asker implements screen.Asker with a window that no window manager manages, drawn by
// question.Sheet. XInput 2 reports which device made an event.
type asker struct {
	*ownwindow.Turn
	o   screen.Options
	own *ownwindow.Places
}

var _ screen.Asker = (*asker)(nil)

func newAsker(o screen.Options, own *ownwindow.Places) *asker {
	return &asker{Turn: ownwindow.NewTurn(), o: o, own: own}
}

// Ask implements screen.Asker.
func (a *asker) Ask(ctx context.Context, q screen.Question) (_ screen.Answer, err error) {
	defer recovered(&err)
	gone, err := a.Take(ctx)
	if err != nil {
		return screen.Answer{}, err
	}
	defer gone()
	w, err := a.open(q)
	if err != nil {
		return screen.Answer{}, err
	}
	defer w.close()
	return w.run(ctx)
}

// questionWindow is one question on the screen.
type questionWindow struct {
	*asker
	q      screen.Question
	until  time.Time
	phys   *physicalDevices
	xi     *xiLink
	keys   *keyMap
	window xproto.Window
	gc     xproto.Gcontext
	format pixelFormat
	sheet  *question.Sheet
	rect   image.Rectangle
	bounds image.Rectangle // of the monitor
	focus  xproto.Window   // had the keyboard before
	raised time.Time
	// visible is what the server last reported, above the result of isAbove.
	visible, above bool
	armed          bool // as last reported
	clock          serverClock

	events chan any    // xiEvent, or the kind of a core event as coreEvent
	lost   atomic.Bool // some events did not fit into the channel
}

// coreEvent is an event of the core protocol about the window.
type coreEvent struct {
	kind  byte
	state byte   // of VisibilityNotify
	time  uint32 // of PropertyNotify, by the server's clock
}

// maxQuestionEvents is the maximum number of queued events.
const maxQuestionEvents = 1024

// open creates the window and shows it.
func (a *asker) open(q screen.Question) (w *questionWindow, err error) {
	w = &questionWindow{asker: a, q: q, events: make(chan any, maxQuestionEvents)}
	var major atomic.Uint32
	l, err := dialX(a.o, func(ev []byte) {
		var e any
		if xe, ok := parseXIEvent(ev, byte(major.Load())); ok {
			e = xe
		} else if kind := ev[0] &^ xSentFlag; kind == xproto.Expose || kind == xproto.VisibilityNotify {
			e = coreEvent{kind: kind, state: ev[8]}
		} else if ev[0] == xproto.PropertyNotify { // one that another program sent has a flag
			e = coreEvent{kind: kind, time: binary.LittleEndian.Uint32(ev[12:])}
		} else {
			return
		}
		select {
		case w.events <- e:
		default:
			w.lost.Store(true)
		}
	})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			l.close()
			a.own.Gone(w, image.Rectangle{})
		}
	}()
	if w.xi, err = openXI(l); err != nil {
		return nil, err
	}
	major.Store(uint32(w.xi.major))
	if err = w.prepare(); err != nil {
		return nil, err
	}
	return w, w.show()
}

// prepare reads the necessary properties of the display and creates the window, unmapped.
func (w *questionWindow) prepare() error {
	l := w.xi.link
	var err error
	if w.phys, err = newPhysicalDevices(w.xi); err != nil {
		return err
	}
	if w.format, err = formatOf(l); err != nil {
		return err
	}
	if w.keys, err = keyMapFor(l); err != nil {
		return err
	}
	if w.sheet, err = question.NewSheet(w.q, displayScale(l)); err != nil {
		return fmt.Errorf("x11: display %s: the question cannot be drawn: %w", l.display, err)
	}
	if w.window, err = xproto.NewWindowId(l.Conn); err != nil {
		return l.explain(err)
	}
	if w.gc, err = xproto.NewGcontextId(l.Conn); err != nil {
		return l.explain(err)
	}
	const what = xproto.EventMaskExposure | xproto.EventMaskVisibilityChange
	err = xproto.CreateWindowChecked(l.Conn, l.scr.RootDepth, w.window, l.root, 0, 0, 1, 1, 0, xproto.WindowClassInputOutput, l.scr.RootVisual,
		xproto.CwBackPixel|xproto.CwOverrideRedirect|xproto.CwEventMask, []uint32{l.scr.WhitePixel, 1, what}).Check()
	if err != nil {
		return l.explain(err)
	}
	if err = xproto.CreateGCChecked(l.Conn, w.gc, xproto.Drawable(w.window), 0, nil).Check(); err != nil {
		return l.explain(err)
	}
	// The server answers with its time, by PropertyNotify. No earlier change by another client is
	// reported, and nothing waits between the question and the request.
	w.clock.ask(time.Now())
	xproto.ChangeWindowAttributes(l.Conn, w.window, xproto.CwEventMask, []uint32{what | xproto.EventMaskPropertyChange})
	name := []byte("Lotse: question")
	xproto.ChangeProperty(l.Conn, xproto.PropModeReplace, w.window, xproto.AtomWmName, xproto.AtomString, 8, uint32(len(name)), name)
	if err := w.xi.selectOn(w.window, xiAllMasterDevices, xiKeyPress, xiKeyRelease, xiButtonPress, xiButtonRelease, xiMotion, xiEnter, xiLeave); err != nil {
		return err
	}
	// Input injected by programs is reported wherever it goes.
	if err := w.xi.selectEvents(xiAllMasterDevices, xiRawKeyPress, xiRawKeyRelease, xiRawButtonPress, xiRawButtonRelease, xiRawMotion); err != nil {
		return err
	}
	return w.xi.selectEvents(xiAllDevices, xiHierarchyChanged)
}

// show moves the window to its place, above all others, and takes the keyboard's focus.
func (w *questionWindow) show() error {
	l := w.xi.link
	pointer, err := xproto.QueryPointer(l.Conn, l.root).Reply()
	if err != nil {
		return l.explain(err)
	}
	at := image.Pt(int(pointer.RootX), int(pointer.RootY))
	monitors, err := monitorsOf(l)
	if err != nil {
		return err
	}
	i := max(0, slices.IndexFunc(monitors, func(m screen.Monitor) bool { return at.In(m.Rect) }))
	w.bounds = monitors[i].Rect
	busy := w.own.Recent(w, time.Now().Add(-ownwindow.Rest))
	w.move(ownwindow.FreePlace(w.bounds, w.sheet.Size(), at, w.sheet.Buttons()["allow"], busy))
	if f, err := xproto.GetInputFocus(l.Conn).Reply(); err == nil {
		w.focus = f.Focus
	}
	if err := xproto.MapWindowChecked(l.Conn, w.window).Check(); err != nil {
		return l.explain(err)
	}
	xproto.SetInputFocus(l.Conn, xproto.InputFocusPointerRoot, w.window, xproto.TimeCurrentTime)
	// The pointer's initial place does not count as having entered.
	w.sheet.Handle(question.Event{Kind: question.Motion, When: time.Now(), At: at.Sub(w.rect.Min)})
	w.until = time.Now().Add(w.q.Timeout)
	w.sheet.Until(w.until)
	w.tell()
	return w.draw()
}

// move moves the window to a place, above all others.
func (w *questionWindow) move(at image.Point) {
	r := image.Rectangle{Min: at, Max: at.Add(w.sheet.Size())}
	if r != w.rect {
		w.own.Add(w, r, true)
	}
	w.rect = r
	xproto.ConfigureWindow(w.xi.Conn, w.window,
		xproto.ConfigWindowX|xproto.ConfigWindowY|xproto.ConfigWindowWidth|xproto.ConfigWindowHeight|xproto.ConfigWindowStackMode,
		[]uint32{uint32(int32(at.X)), uint32(int32(at.Y)), uint32(r.Dx()), uint32(r.Dy()), xproto.StackModeAbove})
	_ = w.xi.sync()
	w.own.Gone(w, w.rect)
}

// tell reports to the asker what is on the screen.
func (w *questionWindow) tell() {
	w.armed = w.sheet.Gate.Armed(time.Now())
	if w.q.Seen == nil {
		return
	}
	v := screen.QuestionView{Until: w.until, Armed: w.armed, Buttons: w.sheet.Buttons(), Chosen: w.sheet.Chosen()}
	for name, r := range v.Buttons {
		v.Buttons[name] = r.Add(w.rect.Min)
	}
	w.q.Seen(v)
}

func (w *questionWindow) draw() error {
	return w.xi.paint(w.window, w.gc, &w.format, w.sheet.Draw(time.Now()))
}

// close removes the window and gives the keyboard's focus back.
func (w *questionWindow) close() {
	l := w.xi.link
	if f, err := xproto.GetInputFocus(l.Conn).Reply(); err == nil && f.Focus == w.window && w.focus != 0 {
		_ = xproto.SetInputFocusChecked(l.Conn, xproto.InputFocusParent, w.focus, xproto.TimeCurrentTime).Check()
	}
	_ = xproto.DestroyWindowChecked(l.Conn, w.window).Check()
	w.own.Gone(w, image.Rectangle{})
	l.close()
}

// run handles events until there is an answer.
func (w *questionWindow) run(ctx context.Context) (screen.Answer, error) {
	tick := time.NewTimer(0)
	defer tick.Stop()
	over := time.NewTimer(time.Until(w.until))
	defer over.Stop()
	for {
		select {
		case <-ctx.Done():
			return screen.Answer{}, ctx.Err()
		case <-w.Done:
			return screen.Answer{}, screen.ErrClosed
		case <-w.xi.gone:
			return screen.Answer{}, w.xi.explain(errGone)
		case <-over.C:
			return screen.Answer{}, screen.ErrNoAnswer
		case <-w.q.Remind:
			w.sheet.Remind(time.Now())
			xproto.Bell(w.xi.Conn, 0)
			tick.Reset(0)
		case e := <-w.events:
			answer, err := w.handle(e)
			if answer != nil || err != nil {
				return orEmpty(answer), err
			}
		case <-tick.C:
			if err := w.check(); err != nil {
				return screen.Answer{}, err
			}
			tick.Reset(w.pace())
		}
	}
}

func orEmpty(a *screen.Answer) screen.Answer {
	if a == nil {
		return screen.Answer{}
	}
	return *a
}

// pace returns the time until the window is drawn again.
func (w *questionWindow) pace() time.Duration {
	if now := time.Now(); !w.sheet.Gate.Armed(now) {
		return questionFast
	}
	return questionTick
}

// check checks whether the window is above all others, and draws it.
func (w *questionWindow) check() error {
	if w.lost.Swap(false) {
		w.feed(question.Event{Kind: question.Injected, When: time.Now()}) // the lost event is unknown
	}
	above, err := w.isAbove()
	if err != nil {
		return err
	}
	w.above = above
	w.setVisible()
	if w.armed != w.sheet.Gate.Armed(time.Now()) {
		w.tell()
	}
	return w.draw()
}

// isAbove reports whether no other mapped window overlaps and is above this one.
func (w *questionWindow) isAbove() (bool, error) {
	l := w.xi.link
	tree, err := xproto.QueryTree(l.Conn, l.root).Reply()
	if err != nil {
		return false, l.explain(err)
	}
	i := slices.Index(tree.Children, w.window)
	if i < 0 {
		return false, nil
	}
	for _, other := range tree.Children[i+1:] {
		a, err := xproto.GetWindowAttributes(l.Conn, other).Reply()
		if err != nil || a.MapState != xproto.MapStateViewable || a.Class != xproto.WindowClassInputOutput {
			continue // gone, or invisible
		}
		g, err := xproto.GetGeometry(l.Conn, xproto.Drawable(other)).Reply()
		if err != nil {
			continue
		}
		side := 2 * int(g.BorderWidth)
		if image.Rect(int(g.X), int(g.Y), int(g.X)+int(g.Width)+side, int(g.Y)+int(g.Height)+side).Overlaps(w.rect) {
			return false, nil
		}
	}
	return true, nil
}

// setVisible reports to the sheet whether the whole window is visible, and raises the window if it
// is not.
func (w *questionWindow) setVisible() {
	now := time.Now()
	if w.visible && w.above {
		w.feed(question.Event{Kind: question.Visible, When: now})
		return
	}
	w.feed(question.Event{Kind: question.Covered, When: now})
	if now.Sub(w.raised) >= raiseEvery {
		w.raised = now
		xproto.ConfigureWindow(w.xi.Conn, w.window, xproto.ConfigWindowStackMode, []uint32{xproto.StackModeAbove})
	}
}

// feed passes an event to the sheet that cannot be an answer.
func (w *questionWindow) feed(e question.Event) { _, _ = w.sheet.Handle(e) }

// handle handles one event.
func (w *questionWindow) handle(e any) (*screen.Answer, error) {
	switch e := e.(type) {
	case coreEvent:
		switch e.kind {
		case xproto.VisibilityNotify:
			w.visible = e.state == xproto.VisibilityUnobscured
			w.setVisible()
			return nil, nil
		case xproto.PropertyNotify:
			w.clock.answer(e.time)
			return nil, nil
		}
		return nil, w.draw()
	case xiEvent:
		return w.handleXI(e)
	}
	return nil, nil
}

func (w *questionWindow) handleXI(e xiEvent) (*screen.Answer, error) {
	by, err := w.phys.of(e)
	if err != nil || e.kind == xiHierarchyChanged {
		return nil, err
	}
	// On a busy computer an event may wait. What a person did before the question was armed does
	// not count, even if it is handled later.
	now := time.Now()
	ev := question.Event{When: w.clock.at(now, e.time), At: e.at, By: by}
	switch e.kind {
	case xiRawKeyPress, xiRawKeyRelease, xiRawButtonPress, xiRawButtonRelease, xiRawMotion:
		if by == 0 {
			w.feed(question.Event{Kind: question.Injected, When: now})
		}
		return nil, nil
	case xiMotion, xiEnter:
		ev.Kind = question.Motion
	case xiLeave:
		ev.Kind, ev.At = question.Motion, image.Pt(-1, -1)
	case xiButtonPress, xiButtonRelease:
		if e.detail != 1 {
			return nil, nil
		}
		if ev.Kind = question.ButtonOn; e.kind == xiButtonRelease {
			ev.Kind = question.ButtonOff
		}
	case xiKeyPress, xiKeyRelease:
		if e.detail > math.MaxUint8 || e.flags&xiKeyRepeat != 0 {
			return nil, nil
		}
		ev.Sym, _ = w.keys.symAt(byte(e.detail), e.group, e.mods&^modShift)
		ev.Shift = e.mods&modShift != 0
		if ev.Kind = question.KeyOn; e.kind == xiKeyRelease {
			ev.Kind = question.KeyOff
		}
	default:
		return nil, nil
	}
	size := w.sheet.Size()
	answer, redraw := w.sheet.Handle(ev)
	switch {
	case answer != nil:
		return answer, nil
	case size != w.sheet.Size():
		w.resize()
		w.tell()
		return nil, w.draw()
	case redraw:
		w.tell()
		return nil, w.draw()
	}
	return nil, nil
}

// resize changes the window's size around the same middle, as far as there is space.
func (w *questionWindow) resize() {
	size := w.sheet.Size()
	at := w.rect.Min.Add(w.rect.Size().Div(2)).Sub(size.Div(2))
	at.X = max(w.bounds.Min.X, min(at.X, w.bounds.Max.X-size.X))
	at.Y = max(w.bounds.Min.Y, min(at.Y, w.bounds.Max.Y-size.Y))
	w.move(at)
}

// physicalDevices distinguishes devices from programs.
type physicalDevices struct {
	xi       *xiLink
	injector map[uint16]bool
}

func newPhysicalDevices(xi *xiLink) (*physicalDevices, error) {
	p := &physicalDevices{xi: xi}
	var err error
	p.injector, err = xi.injectors()
	return p, err
}

// of returns the device that made an event; 0: a program, or unknown.
func (p *physicalDevices) of(e xiEvent) (question.Device, error) {
	if e.kind == xiHierarchyChanged {
		p.injector = nil
		return 0, nil
	}
	injected, known := p.injector[e.source]
	if !known {
		var err error
		if p.injector, err = p.xi.injectors(); err != nil {
			return 0, err
		}
		injected, known = p.injector[e.source]
	}
	if !known || injected {
		return 0, nil
	}
	return question.Device(e.source), nil
}

// keyMapFor reads the keyboard's map.
func keyMapFor(l *link) (*keyMap, error) {
	xkb, err := openXKB(l)
	if err != nil {
		return nil, err
	}
	return xkb.keyMap()
}

// displayScale returns the number of pixels per pixel at 96 dots per inch: the desktop's setting if
// there is one, otherwise derived from the display's height.
func displayScale(l *link) float64 {
	const least, most = 1, 4
	const longest = 1 << 16 // words of the property
	r, err := xproto.GetProperty(l.Conn, false, l.root, xproto.AtomResourceManager, xproto.AtomString, 0, longest).Reply()
	if err == nil {
		for line := range strings.SplitSeq(string(r.Value), "\n") {
			name, value, _ := strings.Cut(line, ":")
			if dpi, err := strconv.ParseFloat(strings.TrimSpace(value), 64); strings.TrimSpace(name) == "Xft.dpi" && err == nil {
				return min(max(dpi/96, least), most)
			}
		}
	}
	if l.scr.HeightInPixels >= 2000 {
		return 2
	}
	return least
}
