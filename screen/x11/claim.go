//go:build linux

package x11

import (
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"github.com/jezek/xgb/xproto"

	"lotse/screen"
)

// The first program owns a selection, as window managers do; ICCCM, section 2.8, "Manager
// Selections". The server frees it when the program ends, however it ends. A property of the
// owner's window has the wishes. A client message to that window asks for the panel; its data
// begins with a window of the sender, to which the same message is sent as the answer.
const (
	claimSelection = "_LOTSE_AGENT"
	claimWishes    = "_LOTSE_AGENT_WISHES"
	claimShow      = "_LOTSE_AGENT_SHOW"
)

const (
	// showPatience is how long the first program may take to answer.
	showPatience = 10 * time.Second
	// maxWishes is the maximum length of the wishes' property, in bytes.
	maxWishes = 4 << 10
	// claimQueue is the maximum number of events waiting to be handled.
	claimQueue = 8
)

// claim is a connection that owns the selection, or that talks to the owner. It implements
// screen.Running.
type claim struct {
	// Static after openClaim.
	l                       *link
	window                  xproto.Window
	selection, wishes, show xproto.Atom
	events                  chan [xHead]byte // client messages, and requests to convert the selection
	patience                time.Duration

	// Static after findOwner.
	owner xproto.Window
	has   []string
}

// Claim makes this program the one on its display that later starts ask for the panel; then raise
// receives a value. wishes say what the program was started for. If another program has that
// place, first is not nil, and the caller must close it. If there is no X server or it has no
// answer, nothing is claimed and raise is nil.
func Claim(o screen.Options, wishes []string) (raise <-chan struct{}, release func(), first screen.Running) {
	o = o.WithDefaults()
	c, err := openClaim(o)
	if err == nil {
		if first, err = c.findOwner(); first != nil {
			return nil, nil, first
		}
	}
	if err == nil {
		err = c.take(wishes)
	}
	if err != nil {
		o.Logger.Debug("x11: a second start will not find this program", "error", err)
		if c != nil {
			c.Close()
		}
		return nil, func() {}, nil
	}
	asked, done := make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(done)
		c.serve(asked)
	}()
	return asked, func() { c.Close(); <-done }, nil
}

func openClaim(o screen.Options) (c *claim, err error) {
	defer recovered(&err)
	c = &claim{events: make(chan [xHead]byte, claimQueue), patience: showPatience}
	l, err := dialX(o, func(ev []byte) {
		switch ev[0] &^ xSentFlag {
		case xproto.ClientMessage, xproto.SelectionRequest:
			select {
			case c.events <- [xHead]byte(ev):
			default: // nobody asks that often
			}
		}
	})
	if err != nil {
		return nil, err
	}
	c.l = l
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	for name, at := range map[string]*xproto.Atom{claimSelection: &c.selection, claimWishes: &c.wishes, claimShow: &c.show} {
		if *at, err = l.atom(name); err != nil {
			return nil, err
		}
	}
	if c.window, err = xproto.NewWindowId(l.Conn); err != nil {
		return nil, l.explain(err)
	}
	err = xproto.CreateWindowChecked(l.Conn, 0, c.window, l.root, 0, 0, 1, 1, 0, xproto.WindowClassInputOnly, 0, 0, nil).Check()
	return c, l.explain(err)
}

// findOwner returns the program that owns the selection, or nil.
func (c *claim) findOwner() (first screen.Running, err error) {
	defer recovered(&err)
	owner, err := xproto.GetSelectionOwner(c.l.Conn, c.selection).Reply()
	if err != nil || owner.Owner == xproto.WindowNone {
		return nil, c.l.explain(err)
	}
	list, err := xproto.GetProperty(c.l.Conn, false, owner.Owner, c.wishes, xproto.AtomString, 0, maxWishes/4).Reply()
	if err != nil {
		return nil, nil // it has just ended
	}
	c.owner, c.has = owner.Owner, strings.Split(string(list.Value), "\n")
	return c, nil
}

// take makes the window the owner of the selection. Of two programs that start at the same moment,
// the later one becomes the owner; the other one goes on and is not found.
func (c *claim) take(wishes []string) (err error) {
	defer recovered(&err)
	list := strings.Join(wishes, "\n")
	xproto.ChangeProperty(c.l.Conn, xproto.PropModeReplace, c.window, c.wishes, xproto.AtomString, 8, uint32(len(list)), []byte(list))
	return c.l.explain(xproto.SetSelectionOwnerChecked(c.l.Conn, c.window, c.selection, xproto.TimeCurrentTime).Check())
}

// serve answers other programs until the connection ends.
func (c *claim) serve(asked chan<- struct{}) {
	for {
		select {
		case <-c.l.gone:
			return
		case ev := <-c.events:
			if ev[0]&^xSentFlag == xproto.SelectionRequest {
				c.refuse(xproto.SelectionRequestEventNew(ev[:]).(xproto.SelectionRequestEvent))
				continue
			}
			from, ok := c.message(ev)
			if !ok {
				continue
			}
			select {
			case asked <- struct{}{}:
			default:
			}
			_ = c.send(from).Check() // it may have ended
		}
	}
}

// message returns the first word of a client message, if it is one about the panel.
func (c *claim) message(ev [xHead]byte) (from xproto.Window, ok bool) {
	const format, kind, data = 1, 8, 12
	if ev[0]&^xSentFlag != xproto.ClientMessage || ev[format] != 32 || xproto.Atom(binary.LittleEndian.Uint32(ev[kind:])) != c.show {
		return 0, false
	}
	return xproto.Window(binary.LittleEndian.Uint32(ev[data:])), true
}

// send sends the message about the panel to another program's window.
func (c *claim) send(to xproto.Window) xproto.SendEventCookie {
	ev := xproto.ClientMessageEvent{
		Format: 32, Window: to, Type: c.show, Data: xproto.ClientMessageDataUnionData32New([]uint32{uint32(c.window), 0, 0, 0, 0}),
	}
	return xproto.SendEventChecked(c.l.Conn, false, to, 0, string(ev.Bytes()))
}

// refuse tells a program that the selection has no content. Clipboard managers ask each owner.
func (c *claim) refuse(e xproto.SelectionRequestEvent) {
	no := xproto.SelectionNotifyEvent{Time: e.Time, Requestor: e.Requestor, Selection: e.Selection, Target: e.Target}
	xproto.SendEvent(c.l.Conn, false, e.Requestor, 0, string(no.Bytes()))
}

// Has implements screen.Running.
func (c *claim) Has(wish string) bool { return slices.Contains(c.has, wish) }

// Show implements screen.Running.
func (c *claim) Show() bool {
	late := time.NewTimer(c.patience)
	defer late.Stop()
	if c.send(c.owner).Check() != nil {
		return false // it has just ended
	}
	for {
		select {
		case <-c.l.gone:
			return false
		case <-late.C:
			return false
		case ev := <-c.events:
			if _, ok := c.message(ev); ok {
				return true
			}
		}
	}
}

// Close implements screen.Running.
func (c *claim) Close() { c.l.close() }
