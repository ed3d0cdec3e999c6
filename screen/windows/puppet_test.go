//go:build windows

package windows

import (
	"unsafe"

	"bufio"
	"encoding/json"
	"fmt"
	"image"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/windows"

	"lotse/screen"
	"lotse/screen/keysym"
	"lotse/screen/watchdog"
)

// The colours of the puppets' windows, 0xRRGGBB.
const (
	sentinelColour = 0xff00ff
	ownColour      = 0x0000c8
	greyColour     = 0x808080
)

var (
	procNotifyWinEvent      = user32.NewProc("NotifyWinEvent")
	procRedrawWindow        = user32.NewProc("RedrawWindow")
	procCreateMutex         = kernel32.NewProc("CreateMutexW")
	procReleaseMutex        = kernel32.NewProc("ReleaseMutex")
	procWaitForSingleObject = kernel32.NewProc("WaitForSingleObject")
	procFillRect            = user32.NewProc("FillRect")
	procBeginPaint          = user32.NewProc("BeginPaint")
	procEndPaint            = user32.NewProc("EndPaint")
	procCreateSolidBrush    = gdi32.NewProc("CreateSolidBrush")
)

// runPuppet runs the program if this process was started as one.
func runPuppet() {
	role, args, _ := strings.Cut(os.Getenv(puppetVariable), " ")
	if role == "" {
		return
	}
	awareOnce()
	if err := puppetMain(role, strings.Fields(args)); err != nil {
		fmt.Fprintln(os.Stderr, role, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func puppetMain(role string, args []string) error {
	switch role {
	case "colour": // COLOUR X Y W H: a window without border
		colour, _ := strconv.ParseUint(args[0], 16, 32)
		var n [4]int
		for i := range n {
			n[i], _ = strconv.Atoi(args[1+i])
		}
		return colourProgram(uint32(colour), image.Rect(n[0], n[1], n[0]+n[2], n[1]+n[3]))
	case "edit":
		return editProgram()
	case "secret":
		return moveWindows(sentinelColour, 4, 3)
	case "chosen":
		return moveWindows(ownColour, 3, 2)
	case "flicker":
		return flickerProgram(image.Rect(100, 100, 900, 700))
	case "icon": // HOW: iconProgram
		return iconProgram(args[0])
	case "hotkeys":
		return hotKeyProgram()
	case "press":
		return pressProgram()
	case "browser":
		return browserProgram(slices.Contains(args, "window"))
	case "proxy":
		return proxyProgram()
	case "clicker":
		return clickerProgram()
	case "reader":
		return readerProgram()
	}
	return fmt.Errorf("no such puppet: %s", role)
}

// colourWindow makes and shows a window of one colour.
func colourWindow(colour uint32, r image.Rectangle, h handler) (uintptr, error) {
	brush := call(procCreateSolidBrush, uintptr(colour>>16&0xff|colour&0xff00|colour&0xff<<16))
	w, err := makeWindow(0, wsPopup, 0, func(w uintptr, what uint32, wp, lp uintptr) (uintptr, bool) {
		const wmPaint, wmErase = 0x000f, 0x0014
		switch what {
		case wmErase:
			return 1, true
		case wmPaint:
			var paint [72]byte
			dc := call(procBeginPaint, w, uintptr(unsafe.Pointer(&paint[0])))
			var client rectAPI
			call(procGetClientRect, w, uintptr(unsafe.Pointer(&client)))
			call(procFillRect, dc, uintptr(unsafe.Pointer(&client)), brush)
			call(procEndPaint, w, uintptr(unsafe.Pointer(&paint[0])))
			return 0, true
		}
		if h != nil {
			return h(w, what, wp, lp)
		}
		return 0, false
	})
	if err != nil {
		return 0, err
	}
	call(procSetWindowText, w, uintptr(unsafe.Pointer(utf16Ptr("puppet"))))
	place(w, r)
	raise(w)
	show(w)
	return w, nil
}

// raise brings a new window to the front. Wine passes that on to its X server, but not every later
// change of the order.
func raise(w uintptr) {
	call(procSetWindowPos, w, 0, 0, 0, 0, 0, swpNoMove|swpNoSize|swpNoActive)
	tell(eventReorder, w)
}

// show shows a window at its previous place in the order.
func show(w uintptr) {
	call(procShowWindow, w, swShowNoActivate)
	tell(eventShow, w)
}

// tell reports a window event as Windows does by itself; wine 8 reports only the creation of
// windows.
func tell(event uint32, w uintptr) {
	object := uintptr(0)
	if event == eventReorder {
		w, object = uintptr(windows.GetDesktopWindow()), ^uintptr(3) // of its inside
	}
	// Wine asks its server whether there are listeners only when a thread reads a posted message;
	// the result is kept until the next one.
	var m message
	call(procPostThreadMessage, uintptr(windows.GetCurrentThreadId()), 0, 0, 0)
	call(procPeekMessage, uintptr(unsafe.Pointer(&m)), ^uintptr(0), 0, 0, 1) // for no window: the one just posted
	call(procNotifyWinEvent, uintptr(event), w, object, 0)
	awaitX()
}

// redrawNow makes RedrawWindow paint everything at once: RDW_INVALIDATE and RDW_UPDATENOW.
const redrawNow = 0x1 | 0x100

// awaitX waits for wine's X server, which may be far behind wine. It answers where the pointer is
// only when everything before is done. A compositor is never that late.
func awaitX() {
	var at pointAPI
	call(procGetCursorPos, uintptr(unsafe.Pointer(&at)))
}

func place(w uintptr, r image.Rectangle) {
	call(procSetWindowPos, w, 0, uintptr(r.Min.X), uintptr(r.Min.Y), uintptr(r.Dx()), uintptr(r.Dy()), swpNoActive|swpNoZOrder)
	tell(eventLocation, w)
}

var procMsgWait = user32.NewProc("MsgWaitForMultipleObjectsEx")

// pump dispatches the windows' messages until the time is over.
func pump(d time.Duration) {
	end := time.Now().Add(d)
	for {
		dispatchAll()
		left := time.Until(end)
		if left <= 0 {
			return
		}
		awaitMessage(left)
	}
}

// dispatchAll dispatches the messages that are queued.
func dispatchAll() {
	var m message
	for call(procPeekMessage, uintptr(unsafe.Pointer(&m)), 0, 0, 0, 1) != 0 {
		call(procTranslateMessage, uintptr(unsafe.Pointer(&m)))
		call(procDispatchMessage, uintptr(unsafe.Pointer(&m)))
	}
}

// awaitMessage waits for a message of this thread, no longer than d, which must be positive.
func awaitMessage(d time.Duration) {
	const allInput, inputAvailable = 0x04ff, 4
	call(procMsgWait, 0, 0, uintptr(d/time.Millisecond+1), allInput, inputAvailable)
}

// serve answers the test's questions while the windows exist.
func serve(answer func(question string) string) error {
	questions, thread := make(chan string, 1), windows.GetCurrentThreadId()
	go func() {
		in := bufio.NewScanner(os.Stdin)
		for in.Scan() {
			questions <- in.Text()
			call(procPostThreadMessage, uintptr(thread), 0, 0, 0) // wakes awaitMessage
		}
		os.Exit(0)
	}()
	fmt.Println("ready")
	for {
		select {
		case q := <-questions:
			fmt.Println(answer(q))
		default:
			awaitMessage(50 * time.Millisecond)
			dispatchAll()
		}
	}
}

func colourProgram(colour uint32, r image.Rectangle) error {
	log := []string{}
	w, err := colourWindow(colour, r, func(_ uintptr, what uint32, wp, lp uintptr) (uintptr, bool) {
		const wmClose = 0x0010 // from Alt+F4
		switch {
		case what == wmClose:
			return 0, true
		case what >= wmMouseMove && what <= wmMouseWheelX && what != wmMouseMove:
			log = append(log, fmt.Sprintf("%x:%d:%d,%d", what, int16(wp>>16), int16(lp), int16(lp>>16)))
		case what == wmKeyDown || what == wmKeyUp || what == wmSysKeyDown || what == wmSysKeyUp:
			log = append(log, fmt.Sprintf("%x:%x:%x", what, wp, lp>>16&0x1ff))
		}
		return 0, false
	})
	if err != nil {
		return err
	}
	pump(100 * time.Millisecond)
	return serve(func(q string) string {
		f := strings.Fields(q)
		switch f[0] {
		case "move":
			x, _ := strconv.Atoi(f[1])
			y, _ := strconv.Atoi(f[2])
			place(w, image.Rect(x, y, x+r.Dx(), y+r.Dy()))
			pump(50 * time.Millisecond)
		case "raise":
			raise(w)
			pump(50 * time.Millisecond)
		case "paint":
			call(procRedrawWindow, w, 0, 0, redrawNow)
			awaitX()
		case "focus":
			call(procSetForegroundWindow, w)
			pump(100 * time.Millisecond)
		case "log":
			all := strings.Join(log, " ")
			log = log[:0]
			return all
		case "clip":
			c := newClipboard(screen.Options{}.WithDefaults())
			defer c.close()
			if err := c.Set(screen.Clip{Text: strings.Join(f[1:], " ") + "\nline"}); err != nil {
				return err.Error()
			}
		}
		return "ok"
	})
}

// editProgram is an ordinary text field.
func editProgram() error {
	frame, err := colourWindow(0xffffff, image.Rect(100, 100, 700, 400), nil)
	if err != nil {
		return err
	}
	const multiline, wantReturn = 0x4, 0x1000
	edit, err := truth(procCreateWindowEx, 0, uintptr(unsafe.Pointer(utf16Ptr("EDIT"))), 0, wsChild|wsVisible|multiline|wantReturn,
		0, 0, 600, 300, frame, 0, moduleHandle(), 0)
	if err != nil {
		return err
	}
	focus := func() {
		call(procSetForegroundWindow, frame)
		call(procSetFocus, edit)
	}
	focus()
	pump(200 * time.Millisecond)
	return serve(func(q string) string {
		const wmGetText = 0x000d
		if q == "focus" {
			focus()
			return "ok"
		}
		var text [4096]uint16
		call(procSendMessage, edit, wmGetText, uintptr(len(text)), uintptr(unsafe.Pointer(&text[0])))
		b, _ := json.Marshal(windows.UTF16ToString(text[:]))
		return string(b)
	})
}

// moveWindows does with its windows everything that windows can do, burst times at full speed for
// each line of standard input. Then the windows stand still, so that something becomes certain.
func moveWindows(colour uint32, n, burst int) error {
	runtime.LockOSThread()
	all := virtualScreen()
	r := rand.New(rand.NewPCG(uint64(colour), 7))
	somewhere := func() image.Rectangle {
		w, h := 80+r.IntN(300), 80+r.IntN(300)
		at := all.Min.Add(image.Pt(r.IntN(all.Dx())-w/3, r.IntN(all.Dy())-h/3))
		return image.Rectangle{Min: at, Max: at.Add(image.Pt(w, h))}
	}
	// One program at a time: otherwise wine and its X server would end up with different window
	// orders.
	turn := call(procCreateMutex, 0, 0, uintptr(unsafe.Pointer(utf16Ptr("lotse-puppets"))))
	call(procWaitForSingleObject, turn, 0xffffffff)
	windows := make([]uintptr, n)
	for i := range windows {
		var err error
		if windows[i], err = colourWindow(colour, somewhere(), nil); err != nil {
			return err
		}
	}
	call(procReleaseMutex, turn)
	pump(100 * time.Millisecond)
	orders, painted := orderedBursts()
	fmt.Println("ready")
	// X servers, unlike compositors, show the old content until a window was repainted.
	paint := func(d time.Duration) {
		for _, w := range windows {
			call(procRedrawWindow, w, 0, 0, redrawNow)
		}
		pump(d)
		painted.done()
	}
	for left := 0; ; left-- {
		for every := 10 * time.Millisecond; left <= 0; every = min(2*every, 40*time.Millisecond) {
			select {
			case <-orders:
				left = burst
			default:
				paint(every)
			}
		}
		const timeout = 0x102
		for call(procWaitForSingleObject, turn, 3) == timeout {
			paint(0)
		}
		i := r.IntN(n)
		switch r.IntN(10) {
		case 0, 1:
			dropWindow(windows[i])
			tell(eventHide, windows[i])
			w, err := colourWindow(colour, somewhere(), nil)
			if err != nil {
				return err
			}
			windows[i] = w
		case 2, 3: // hidden for a moment
			call(procShowWindow, windows[i], swHide)
			tell(eventHide, windows[i])
			show(windows[i])
		case 4, 5: // elsewhere for a moment
			var at rectAPI
			call(procGetWindowRect, windows[i], uintptr(unsafe.Pointer(&at)))
			place(windows[i], somewhere())
			place(windows[i], at.rect())
		default:
			place(windows[i], somewhere())
		}
		paint(0)
		call(procReleaseMutex, turn)
		paint(time.Duration(r.IntN(3)) * time.Millisecond)
	}
}

// paints records when a program has painted its windows and wine's X server has done that. Until
// then the X server may show something else than wine reports: a window at its old place, or at a
// place that became free the pixels of the window that was there.
type paints struct {
	mu sync.Mutex
	// Guarded by mu.
	last []time.Time // oldest first
}

// paintMemory is how long paints remembers.
const paintMemory = 5 * time.Second

// done records that everything is painted now.
func (p *paints) done() {
	awaitX()
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	for len(p.last) > 0 && now.Sub(p.last[0]) > paintMemory {
		p.last = p.last[1:]
	}
	p.last = append(p.last, now)
}

// longestPause returns the longest time without painting in the last seconds.
func (p *paints) longestPause() (longest time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, at := range p.last {
		until := time.Now()
		if i+1 < len(p.last) {
			until = p.last[i+1]
		}
		longest = max(longest, until.Sub(at))
	}
	return longest
}

// orderedBursts sends an element for each line of standard input, and ends the program when
// standard input ends. It answers the line "pause" by itself.
func orderedBursts() (<-chan struct{}, *paints) {
	orders, painted := make(chan struct{}), &paints{}
	go func() {
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			if in.Text() == "pause" {
				fmt.Println(painted.longestPause())
				continue
			}
			orders <- struct{}{}
		}
		os.Exit(0)
	}()
	return orders, painted
}

// flickerProgram has one window that disappears for a moment, for each line of standard input.
func flickerProgram(r image.Rectangle) error {
	runtime.LockOSThread()
	w, err := colourWindow(ownColour, r, nil)
	if err != nil {
		return err
	}
	pump(100 * time.Millisecond)
	orders, painted := orderedBursts()
	fmt.Println("ready")
	rnd := rand.New(rand.NewPCG(6, 6))
	moment := func() { pump(time.Duration(rnd.IntN(6)) * time.Millisecond) }
	for {
		for waits := true; waits; {
			select {
			case <-orders:
				waits = false
			default:
				pump(20 * time.Millisecond)
				painted.done()
			}
		}
		if rnd.IntN(2) == 0 {
			call(procShowWindow, w, swHide)
			tell(eventHide, w)
			moment()
			show(w)
		} else {
			place(w, r.Add(image.Pt(rnd.IntN(400)-200, rnd.IntN(200)-100)))
			moment()
			place(w, r)
		}
		call(procRedrawWindow, w, 0, 0, redrawNow)
		painted.done()
	}
}

// pressProgram holds a key and a button down until it is killed.
func pressProgram() error {
	if watchdog.Main(Release) { // it is its own watchdog
		return nil
	}
	d, err := Open(screen.Options{Watchdog: os.Args[0]})
	if err != nil {
		return err
	}
	for _, k := range []screen.Key{{Sym: keysym.ShiftL, Down: true}, {Sym: 'Q', Down: true}} {
		if err := d.Input.Key(k); err != nil {
			return err
		}
	}
	return serve(func(string) string { return "ok" })
}
