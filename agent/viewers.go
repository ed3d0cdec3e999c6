package agent

import (
	"context"
	"net"
	"slices"
	"sync"

	"lotse/agent/parties"
	"lotse/agent/pointing"
	"lotse/consent"
	"lotse/rfb"
	"lotse/screen"
	"lotse/seal"
	"lotse/tunnel"
)

// How a viewer's line is encrypted; tunnel/PROTOCOL.md, section 6.
const (
	LineSealed  = "sealed"  // end to end
	LinePartly  = "partly"  // end to end to the advisor's computer, unencrypted from there
	LineGateway = "gateway" // to the gateway, which decrypts it
)

// lineOf returns how a viewer's line by that door is encrypted. A line is called sealed only if
// that is certain.
func lineOf(door string) string {
	switch door {
	case tunnel.DoorEntering, tunnel.DoorPage, tunnel.DoorHelper, tunnel.DoorColleague:
		return LineSealed
	}
	return LineGateway
}

// viewer is one RFB connection.
type viewer struct {
	conn       *rfb.Conn
	door, line string
	from       string
	code       string // of the exchange that its stream is based on; "" at a door
	party      *parties.Party
	hand       *pointing.Hand
	in         bool // the handshake is complete. Owned by the loop.
}

// newViewer describes a viewer by its stream.
func newViewer(conn *seal.Conn, call tunnel.GatewayMessage, party *parties.Party) *viewer {
	v := &viewer{door: short(call.Door), line: lineOf(call.Door), from: short(call.From), party: party}
	if v.line == LineSealed {
		v.code = conn.Compare()
		if conn.Onward() {
			v.line = LinePartly
		}
	}
	return v
}

// viewers are all viewers, in the order in which they connected. The loop owns them.
type viewers struct {
	all []*viewer
	// waiting are the viewers that wait for the right to view, with the parties whose they are.
	waiting map[chan<- consent.Outcome]*parties.Party
	// publish shows the connections to other goroutines.
	publish    func([]*rfb.Conn)
	recordings recordings
}

func newViewers(publish func([]*rfb.Conn)) viewers {
	return viewers{waiting: map[chan<- consent.Outcome]*parties.Party{}, publish: publish, recordings: newRecordings()}
}

func (vs *viewers) count() int { return len(vs.all) }

func (vs *viewers) add(v *viewer) { vs.set(append(slices.Clone(vs.all), v)) }

func (vs *viewers) remove(v *viewer) {
	vs.set(slices.DeleteFunc(slices.Clone(vs.all), func(other *viewer) bool { return other == v }))
}

func (vs *viewers) set(all []*viewer) {
	vs.all = all
	conns := make([]*rfb.Conn, 0, len(all)+1)
	for _, v := range all {
		conns = append(conns, v.conn)
	}
	if r := vs.recordings.running; r != nil {
		conns = append(conns, r.server)
	}
	vs.publish(conns)
}

// watched reports whether any viewer has completed the handshake.
func (vs *viewers) watched() bool {
	return slices.ContainsFunc(vs.all, func(v *viewer) bool { return v.in })
}

// watchedBy reports whether any viewer of a party has completed the handshake.
func (vs *viewers) watchedBy(p *parties.Party) bool {
	return slices.ContainsFunc(vs.all, func(v *viewer) bool { return v.in && v.party == p })
}

// setRights gives each viewer the rights of its party. Who has control does not point any more.
func (vs *viewers) setRights(st *state) {
	for _, v := range vs.all {
		if v.party.Over() {
			continue
		}
		rights := rightsOf(st, v.party)
		if rights.Has(consent.Control) {
			v.hand.Leave()
		}
		v.conn.SetRights(rfbRights(rights))
	}
}

func (vs *viewers) setName(name string) {
	for _, v := range vs.all {
		v.conn.SetName(name)
	}
}

func (vs *viewers) invalidate(change screen.Change) {
	for _, v := range vs.all {
		v.conn.Invalidate(change)
	}
	if r := vs.recordings.running; r != nil {
		r.server.Invalidate(change)
	}
}

// chat shows a line in the chats of all viewers but from, in which it was written.
func (vs *viewers) chat(text string, from *viewer) {
	for _, v := range vs.all {
		if v != from {
			v.conn.Chat(text)
		}
	}
}

func (vs *viewers) close() {
	for _, v := range vs.all {
		v.conn.Close()
	}
}

// decided wakes the viewers that wait for the right to view.
func (vs *viewers) decided(c consent.Change) {
	if c.Right != consent.View || c.Outcome == consent.Opened {
		return
	}
	for w := range vs.waiting {
		w <- c.Outcome
		delete(vs.waiting, w)
	}
}

// list describes the viewers for both sides. Those of the advisor who leads have no name.
func (vs *viewers) list(lead *parties.Party) []tunnel.Viewer {
	list := make([]tunnel.Viewer, 0, len(vs.all))
	for _, v := range vs.all {
		shown := tunnel.Viewer{Door: v.door, Line: v.line, From: v.from, Code: v.code}
		if v.party != lead {
			shown.Who = v.party.Who.Name
		}
		list = append(list, shown)
	}
	return list
}

// line returns the weakest line in use; "" if nobody has joined yet.
func (vs *viewers) line(phase consent.Phase) string {
	if phase == consent.Alone {
		return ""
	}
	weakest := LineSealed
	for _, v := range vs.all {
		switch {
		case v.line == LineGateway:
			return LineGateway
		case v.line == LinePartly:
			weakest = LinePartly
		}
	}
	return weakest
}

// direction returns the view direction in effect. The customer's screen counts as shown only if
// there is a viewer, or it is recorded.
func (vs *viewers) direction(c consent.State) string {
	d := c.Direction()
	if d == consent.Customer && vs.count() == 0 && !c.Effective().Has(consent.Record) {
		d = consent.Nobody
	}
	return d.String()
}

// viewerCame adds a viewer. connect creates its connection, which is not served yet.
type viewerCame struct {
	viewer  *viewer
	connect func(name string, rights rfb.Rights) *rfb.Conn
	refused bool
}

func (e *viewerCame) in(st *state) {
	if e.refused = st.viewers.count() >= tunnel.MaxViewers || st.phase == PhaseEnded || e.viewer.party.Over() || st.controls.parties.full(st, e.viewer.party, true); e.refused {
		return
	}
	e.viewer.hand = st.session.board.Hand(AdvisorName(st.controls.parties.person(st, e.viewer.party)))
	e.viewer.conn = e.connect(st.identity.desktopName(), rfbRights(rightsOf(st, e.viewer.party)))
	st.viewers.add(e.viewer)
	st.session.share.want(wantsPicture(st))
}

// viewerIn means that a viewer has completed the handshake. From now on the advisor can make
// requests that need a viewer. The next state tells his end.
type viewerIn struct{ viewer *viewer }

func (e viewerIn) in(*state) { e.viewer.in = true }

// viewerGone removes a viewer. A viewer without a complete handshake does not count when the
// rights that need a viewer end.
type viewerGone struct{ viewer *viewer }

func (e viewerGone) in(st *state) {
	st.viewers.remove(e.viewer)
	st.session.share.want(wantsPicture(st))
	if !st.viewers.watchedBy(st.controls.parties.Holder) {
		st.apply(consent.Event{Kind: consent.ViewersGone}, byAuto)
	}
}

// serveViewer serves RFB on a sealed stream until it ends.
func (s *Session) serveViewer(ctx context.Context, conn net.Conn, v *viewer) {
	line := newQuickClose(conn)
	defer line.wait()
	came := &viewerCame{viewer: v, connect: func(name string, rights rfb.Rights) *rfb.Conn {
		return rfb.NewConn(line, rfb.Config{
			Desktop: s.share.desktop, Waiting: s.share.waiting, Name: name, Rights: rights,
			Approve: func(ctx context.Context, _ rfb.Viewer) error {
				err := s.approveView(ctx, v.party)
				if err == nil {
					s.send(viewerIn{v})
				}
				return err
			},
			Photos:     &s.share.photos,
			Ready:      s.share.takerReady,
			Input:      s.guard,
			Point:      v.hand.Point,
			Copied:     s.clipboard.Put,
			ChatOpened: func() { s.send(viewerChatOpened{v}) },
			Chat:       func(text string) { s.send(viewerWrote{v, text}) },
			Logger:     s.log.rfb,
		})
	}}
	if s.send(came); v.conn == nil {
		return
	}
	defer v.hand.Leave()
	logEnd := s.serveCounted(ctx, v)
	s.send(viewerGone{v})
	logEnd()
}

// viewWanted requests the view from the customer, for a viewer. Afterwards there are three
// cases. If given is true, the viewer may see. If refusal is not empty, it is the text for the
// viewer's user. Otherwise decided will receive the outcome of the question.
//
// A colleague asks for nothing: he waits until the view is given to the advisor.
type viewWanted struct {
	decided chan<- consent.Outcome
	party   *parties.Party
	given   bool
	refusal string
}

func (e *viewWanted) in(st *state) {
	switch l := st.session.lang; {
	case st.consent.Given.Has(consent.View):
		e.given = true
	case st.consent.Paused:
		e.refusal = l.Text("agent.refused.paused")
	case st.consent.Phase != consent.Joined:
		e.refusal = l.Text("agent.refused.over")
	default:
		e.refusal = ""
		st.viewers.waiting[e.decided] = e.party
		if e.party != st.controls.parties.Lead {
			return
		}
		st.apply(consent.Event{Kind: consent.Ask, Right: consent.View}, byAdvisor)
	}
}

// viewNotWanted means that a viewer has stopped waiting.
type viewNotWanted struct{ decided chan<- consent.Outcome }

func (e viewNotWanted) in(st *state) {
	delete(st.viewers.waiting, e.decided)
	asking := false
	for _, p := range st.viewers.waiting {
		asking = asking || p == st.controls.parties.Lead
	}
	if !asking {
		st.apply(consent.Event{Kind: consent.Withdraw, Right: consent.View}, byAdvisor)
	}
}

// approveView implements rfb.Config.Approve for every viewer. It returns when the view is
// given, or returns an error with the words for the viewer's user.
func (s *Session) approveView(ctx context.Context, party *parties.Party) error {
	decided := make(chan consent.Outcome, 1)
	wanted := &viewWanted{decided: decided, party: party, refusal: s.lang.Text("agent.refused.over")}
	switch s.send(wanted); {
	case wanted.given:
		return s.share.ready(ctx)
	case wanted.refusal != "":
		return rfb.Refusal{Reason: wanted.refusal}
	}
	select {
	case outcome := <-decided:
		switch outcome {
		case consent.Given:
			return s.share.ready(ctx)
		case consent.TimedOut:
			return rfb.Refusal{Reason: s.lang.Text("agent.refused.silence")}
		}
		return rfb.Refusal{Reason: s.lang.Text("agent.refused.no")}
	case <-ctx.Done():
		s.send(viewNotWanted{decided})
		return context.Cause(ctx)
	}
}

// quickClose closes a connection on another goroutine. Closing takes seconds if the peer does
// not read, and viewers that must be closed are among those whose rights are taken at once.
type quickClose struct {
	net.Conn
	once   sync.Once
	closed chan struct{}
}

func newQuickClose(conn net.Conn) *quickClose {
	return &quickClose{Conn: conn, closed: make(chan struct{})}
}

func (q *quickClose) Close() error {
	q.once.Do(func() {
		go func() {
			defer close(q.closed)
			q.Conn.Close()
		}()
	})
	return nil
}

// wait closes the connection and returns when that is done.
func (q *quickClose) wait() {
	q.Close()
	<-q.closed
}
