package agent

import (
	"context"
	"sync"
	"time"

	"lotse/agent/chat"
	"lotse/agent/files"
	"lotse/agent/parties"
	"lotse/consent"
	"lotse/record"
	"lotse/screen"
	"lotse/seal"
	"lotse/tunnel"
)

// control is one control stream of the advisor's page or program.
type control struct {
	conn    *tunnel.ControlConn
	out     chan tunnel.ControlMessage
	quit    chan struct{} // closed: nothing more will be queued
	once    sync.Once
	cut     chan struct{} // closed: the stream must be closed at once
	cutOnce sync.Once
	written chan struct{} // closed when writeLoop has returned
	gone    chan struct{} // closed when the other side has closed the stream, or nothing arrives
	party   *parties.Party
	compare string // the comparison code of its exchange

	// Owned by the loop.
	key   string // with which the end signs recordings
	leads bool   // the end can lead the session
	// greeted means that its hello has come.
	greeted bool
}

// maxControlQueue is how many messages may wait for an advisor's end that does not read, beside
// the lines of the chat, the files and the record that it receives at first. If there are more, its
// stream is closed; it may connect again.
const maxControlQueue = 64 + tunnel.MaxChatLines + tunnel.MaxFiles + record.MaxBatches

const (
	controlsPerSecond = 20
	byeTimeout        = time.Second
)

// send queues m. It never blocks: if the queue is full, cutWhen closes the stream.
func (c *control) send(m tunnel.ControlMessage) {
	select {
	case c.out <- m:
	default:
		c.cutOnce.Do(func() { close(c.cut) })
	}
}

// end makes the writer close the stream after the queued messages.
func (c *control) end() { c.once.Do(func() { close(c.quit) }) }

// controls are the open control streams, and the chat and the offers of files on them. The loop
// owns them.
type controls struct {
	open    map[*control]struct{}
	chat    chat.Lines
	offers  offers
	parties colleagues
}

// send queues m on all streams.
func (cs *controls) send(m tunnel.ControlMessage) {
	for c := range cs.open {
		c.send(m)
	}
}

// bye sends the end on every stream and removes the streams. The returned channels are closed
// when the other sides have closed the streams: they do so when they have read the end.
func (cs *controls) bye(reason string) (heard []<-chan struct{}) {
	for c := range cs.open {
		c.send(tunnel.Bye{Reason: reason})
		c.end()
		heard = append(heard, c.gone)
		delete(cs.open, c)
	}
	return heard
}

// controlCame adds a control stream. The customer compares the code of the advisor's end that
// connected last. A helper does not count as the last if another end is connected.
type controlCame struct {
	control *control
	helper  bool
	refused bool
}

func (e *controlCame) in(st *state) {
	p := e.control.party
	lead := p == st.controls.parties.Lead
	if e.refused = len(st.controls.open) >= tunnel.MaxControls || st.phase == PhaseEnded || p.Over() || st.controls.parties.full(st, p, false); e.refused {
		return
	}
	if lead && (!e.helper || len(st.controls.open) == 0) {
		st.compare = e.control.compare
	}
	e.control.send(st.hello(p))
	e.control.send(st.controls.parties.told(st, p, st.last.told))
	for _, line := range st.controls.chat.All() {
		if line.ID > p.Chat {
			e.control.send(chatFor(st, p, line))
		}
	}
	st.controls.open[e.control] = struct{}{}
	if !lead {
		return
	}
	st.notes.SendAll(e.control.send)
	st.controls.parties.say(e.control.send)
	for _, o := range st.controls.offers.list.All() {
		if o.Given && (o.State == files.Accepted || o.State == files.Saving) {
			e.control.send(o.Offer())
		}
	}
}

// controlGone removes a control stream. If no stream and no viewer is left, all requests for
// rights are withdrawn.
type controlGone struct{ control *control }

func (e controlGone) in(st *state) {
	delete(st.controls.open, e.control)
	st.controls.offers.senderGone(st, e.control)
	if !st.controls.parties.here(st, st.controls.parties.Lead) {
		for _, r := range consent.All {
			st.apply(consent.Event{Kind: consent.Withdraw, Right: r}, byAuto)
		}
	}
}

// wished is an advisor's request for a right. A right other than View and Record is refused if
// there is no viewer: otherwise the request would wait and serve anyone who connects next.
type wished struct {
	right consent.Right
	from  *control
}

func (e wished) in(st *state) {
	r, p := e.right, e.from.party
	if r == consent.Show {
		return // a show stream requests it
	}
	driving := r == consent.Control || r == consent.Clipboard
	alone := r == consent.View || r == consent.Record // needs no viewer
	asker := st.controls.parties.Lead
	if driving {
		asker = st.controls.parties.Holder
	}
	// An offer asks for a file, and a message of its own for a colleague.
	if p != asker || r == consent.Files || r == consent.Colleague || !alone && !st.viewers.watchedBy(p) {
		e.from.send(tunnel.Event{Event: outcomeNames[consent.Refused], Right: r.String(), By: byAuto})
		return
	}
	st.apply(consent.Event{Kind: consent.Ask, Right: r}, byAdvisor)
	if st.consent.Asked.Has(r) && st.consent.Delayed.Has(r) {
		wait := int((st.questions.refusals.Wait(r) + time.Second - 1) / time.Second)
		st.controls.sendEvent(tunnel.Event{Event: tunnel.EventDelayed, Right: r.String(), By: byAuto, Seconds: wait})
	}
}

// returned means that the advisor gives a right back, or withdraws his request for it.
type returned struct {
	right consent.Right
	from  *control
}

func (e returned) in(st *state) {
	driving := e.right == consent.Control || e.right == consent.Clipboard
	if ps := &st.controls.parties; e.from.party != ps.Lead && (e.from.party != ps.Holder || !driving) {
		return
	}
	st.apply(consent.Event{Kind: consent.Withdraw, Right: e.right}, byAdvisor)
	st.apply(consent.Event{Kind: consent.Return, Right: e.right}, byAdvisor)
}

// remindEvery is the shortest time between two reminders.
const remindEvery = 10 * time.Second

// reminded means that the advisor draws the customer's attention to the question that is open. It
// has an effect only if that question is in the question window.
type reminded struct{ from *control }

func (e reminded) in(st *state) {
	q := &st.questions
	if ps := &st.controls.parties; e.from.party != ps.Lead && e.from.party != ps.Holder {
		return
	}
	if q.open.remind == nil || time.Since(q.reminded) < remindEvery {
		return
	}
	q.reminded = time.Now()
	select {
	case q.open.remind <- struct{}{}:
	default:
	}
	st.session.log.consent.Debug("the advisor reminds the customer of the question")
}

// doorBurnt means that somebody guessed at a door's number. The session continues, because
// nobody guessed at its own number.
type doorBurnt struct{ door string }

func (e doorBurnt) in(st *state) {
	st.controls.sendLead(tunnel.DoorNumber{Door: e.door, Gone: tunnel.GoneBurnt})
}

// serveControl exchanges control messages until the stream ends.
func (s *Session) serveControl(ctx context.Context, conn *seal.Conn, door string, party *parties.Party) {
	c := &control{conn: tunnel.NewControlConn(conn), party: party, compare: conn.Compare(), out: make(chan tunnel.ControlMessage, maxControlQueue),
		quit: make(chan struct{}), cut: make(chan struct{}), written: make(chan struct{}), gone: make(chan struct{})}
	defer c.conn.Close()
	came := &controlCame{control: c, helper: door == tunnel.DoorHelper, refused: true}
	if s.send(came); came.refused {
		return
	}
	go func() {
		defer close(c.written)
		c.writeLoop()
	}()
	var cutter sync.WaitGroup
	over := make(chan struct{})
	cutter.Go(func() { c.cutWhen(ctx, over) })
	// The gateway reports on another connection that the customer has joined, so a request can
	// arrive here earlier. It waits. If the session ends meanwhile, this stream is told so and
	// closed.
	s.await(ctx, c.cut, func(m *moment) bool { return m.consent.Phase == consent.Joined || m.consent.Phase == consent.Over })
	s.readControl(c)
	close(c.gone)
	c.end()
	close(over)
	c.conn.Close()
	<-c.written
	cutter.Wait()
	s.send(controlGone{c})
}

// cutWhen closes the stream when cut is closed. It also closes it byeTimeout after ctx has
// ended, or after the last message was queued, so that this message can still arrive. It returns at
// the latest when over is closed.
func (c *control) cutWhen(ctx context.Context, over <-chan struct{}) {
	defer c.conn.Close()
	select {
	case <-over:
		return
	case <-c.cut:
		return
	case <-ctx.Done():
	case <-c.quit:
	}
	timer := time.NewTimer(byeTimeout)
	defer timer.Stop()
	select {
	case <-over:
	case <-c.cut:
	case <-timer.C:
	}
}

// writeLoop sends what is queued. It closes the stream if it cannot send; after the last message,
// the other side closes it.
func (c *control) writeLoop() {
	for {
		select {
		case m := <-c.out:
			if c.conn.Send(m) != nil {
				c.conn.Close()
				return
			}
		case <-c.quit:
			for {
				select {
				case m := <-c.out:
					if c.conn.Send(m) != nil {
						c.conn.Close()
						return
					}
				default:
					return
				}
			}
		}
	}
}

// readControl carries out the advisor's messages. A message that he may not send has no effect.
// It returns when the stream has ended or the advisor has ended the session.
func (s *Session) readControl(c *control) {
	var window time.Time
	count := 0
	for {
		m, err := c.conn.Receive()
		if err != nil {
			return
		}
		if now := time.Now(); now.Sub(window) > time.Second {
			window, count = now, 0
		}
		if count++; count > controlsPerSecond {
			s.log.tunnel.Warn("advisor's end sends too much; stream closed")
			return
		}
		switch m := m.(type) {
		case tunnel.AdvisorHello:
			s.send(helloCame{m, c})
		case tunnel.Ask:
			if r, ok := consent.ParseRight(m.Right); ok {
				s.send(wished{r, c})
			}
		case tunnel.AskDoor:
			s.send(doorWanted{m.Door, c})
		case tunnel.Return:
			if r, ok := consent.ParseRight(m.Right); ok {
				s.send(returned{r, c})
			}
		case tunnel.Remind:
			s.send(reminded{c})
		case tunnel.AskColleague:
			s.send(colleagueAsked{m, c})
		case tunnel.DropColleague:
			s.send(colleagueDropped{m.Name, c})
		case tunnel.PassControl:
			s.send(controlPassed{m.Name, c})
		case tunnel.PassSession:
			s.send(sessionPassed{m.Name, c})
		case tunnel.Chat:
			s.send(chatted{m, c})
		case tunnel.FileOffer:
			s.send(fileOffered{m, c})
		case tunnel.FileCancel:
			s.send(fileWithdrawn{m.ID, c})
		case tunnel.Ping:
			c.send(tunnel.Pong(m))
		case tunnel.End:
			s.send(advisorEnds{c})
			<-c.written // until the bye is sent; cutWhen limits the wait
			return
		}
	}
}

// helloCame is the first message of an advisor's end.
type helloCame struct {
	hello tunnel.AdvisorHello
	from  *control
}

func (e helloCame) in(*state) {
	if !e.from.greeted { // it is the first message, and not a way to change the state at will
		e.from.greeted, e.from.key, e.from.leads = true, e.hello.Key, e.hello.Leads
	}
}

// advisorEnds means that an advisor ends the session. A colleague only leaves it.
type advisorEnds struct{ from *control }

func (e advisorEnds) in(st *state) {
	if p := e.from.party; p != st.controls.parties.Lead {
		st.controls.parties.dismiss(st, p, tunnel.ColleagueLeft)
		return
	}
	ending{tunnel.ReasonAdvisor}.in(st)
}

// askable lists the rights that an advisor can usefully request on this display.
func askable(d *screen.Parts) []string {
	rights := []string{consent.View.String(), consent.Control.String(), consent.Show.String(), consent.Record.String()}
	if d.Clipboard != nil {
		rights = append(rights, consent.Clipboard.String())
	}
	if d.Windows != nil {
		rights = append(rights, consent.Share.String())
	}
	return rights
}
