package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"lotse/cmd/lotse/say"
	"lotse/manual"
	"lotse/seal"
	"lotse/tunnel"
)

var aboutSession = manual.Command{
	Name: "session", Summary: "open a session and keep it open", Words: []string{"new"},
	Forms: []string{"session new --gateway URL --user NAME"},
	About: `Opens a session, prints its number and keeps it open until it ends or Ctrl-C.
Prints what happens, a line each. Commands are read from standard input:
view, control, clipboard (ask the customer), share (ask to see more), remind
(of the question that is open), write TEXT (to the customer), note TEXT (into your
own record), return RIGHT, show (how to show your own screen), password [repeater] (user name and password
for a VNC viewer of your own, once), websockify (an address for a noVNC
elsewhere, once), colleague NAME see|point|control (ask whether another
advisor may join), colleague NAME leave, pass control [NAME], pass session NAME
(and leave), end, help.`,
}

type sessionFlags struct {
	*login
	asJSON, foreign bool
	record          string
}

func newSessionFlags() *sessionFlags {
	l := &sessionFlags{login: newLogin("session")}
	l.BoolVar(&l.foreign, "foreign", false,
		"the number is for a VNC server that comes by the gateway's repeater door, instead of the "+
			"customer's lotse-agent")
	l.BoolVar(&l.asJSON, "json", false,
		`print JSON lines: {"number":…,"url":…} first, then {"event":…}`)
	l.StringVar(&l.record, "record", "",
		"save the record of the session in `NAME`.txt, and as JSON lines in NAME.jsonl")
	return l
}

// Timeouts of a session's connection.
const (
	// ownerRetry is how long reconnecting the owner's link is tried; the gateway keeps the session
	// for a minute.
	ownerRetry = 60 * time.Second
	retryPause = 2 * time.Second
	// endTimeout limits the messages at the end.
	endTimeout = 3 * time.Second
	// endPatience is how long the customer's program may take to end the session by itself.
	endPatience = time.Second
)

func (p *program) session(ctx context.Context, args []string) error {
	l := newSessionFlags()
	rest, err := l.parse(p, args, 1)
	if err != nil {
		return err
	}
	if rest[0] != "new" {
		return l.mistake(say.Text("cli.session.onlyNew", strconv.Quote(rest[0])))
	}
	saved := &recordFile{name: l.record, language: p.language}
	if err := saved.check(); err != nil {
		return l.mistake(err)
	}
	client, advisor, err := p.signIn(ctx, l.login)
	if err != nil {
		return err
	}
	defer client.CloseIdle()
	place, err := advisor.NewSession(ctx)
	if err != nil {
		return err
	}
	number, err := tunnel.NewNumber(place.Place)
	if err != nil {
		return err
	}
	if l.foreign {
		if err := advisor.OpenForeign(ctx, number); err != nil {
			_ = advisor.EndSession(ctx, place.Place)
			return say.Text("cli.session.notForeign", err)
		}
	}
	o := newOwnSession(advisor, number, &console{json: l.asJSON, language: p.language, out: p.stdout})
	o.keepLogin, o.record = l.kept, saved
	url, err := tunnel.ParseGateway(l.gateway)
	if err != nil {
		return err
	}
	return o.run(ctx, url+"/#p="+number.Place(), p.stdin)
}

// ownSession is a session seen from its owner's side.
type ownSession struct {
	advisorEnd
	// Static after session.
	console   *console
	keepLogin bool // the sign-in outlives the session
	record    *recordFile
	wg        sync.WaitGroup
	burnt     chan struct{} // closed when somebody has guessed at the number
	passed    chan struct{} // closed when the session was handed over to a colleague
	once      sync.Once     // for burnt and passed: at most one of them happens

	mu      sync.Mutex
	owner   *tunnel.OwnerLink                 // Guarded by mu.
	control *tunnel.ControlConn               // Guarded by mu; nil while there is none.
	hello   tunnel.AgentHello                 // Guarded by mu; from the customer's end.
	doors   map[string]chan tunnel.DoorNumber // Guarded by mu; waiting for a door's number.
	joined  bool                              // Guarded by mu; a customer has joined at some time.
	state   string                            // Guarded by mu.
	reason  string                            // Guarded by mu; of the session's end.
	byUs    bool                              // Guarded by mu; this program ended it.
}

func newOwnSession(advisor *tunnel.Advisor, number tunnel.Number, c *console) *ownSession {
	return &ownSession{
		advisorEnd: advisorEnd{advisor: advisor, number: number, tries: new(seal.Tries)},
		console:    c, doors: map[string]chan tunnel.DoorNumber{}, burnt: make(chan struct{}), passed: make(chan struct{}), record: new(recordFile),
	}
}

func (o *ownSession) run(ctx context.Context, url string, stdin io.Reader) error {
	link, err := o.advisor.Owner(ctx, o.number.Place())
	if err != nil {
		return err
	}
	o.setOwner(link)
	o.console.number(o.number, url)
	lines := make(chan string)
	go readCommands(stdin, lines)
	streams, cancel := context.WithCancel(context.WithoutCancel(ctx))
	lost := make(chan error, 1)
	o.wg.Go(func() { lost <- o.serve(streams, link) })
	err = o.loop(ctx, lines, lost)
	cancel()
	o.close()
	o.wg.Wait()
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	if !o.keepLogin {
		_ = o.advisor.SignOut(stop)
	}
	if err != nil {
		return errors.Join(err, o.record.save())
	}
	return errors.Join(o.outcome(), o.record.save())
}

// loop executes the user's commands until the session is over.
func (o *ownSession) loop(ctx context.Context, lines <-chan string, lost <-chan error) error {
	interrupt, burnt := ctx.Done(), o.burnt
	var giveUp <-chan time.Time
	for {
		select {
		case err := <-lost:
			return err
		case <-giveUp:
			return nil
		case <-burnt:
			burnt = nil
			giveUp = time.After(endTimeout)
		case <-interrupt:
			interrupt = nil
			giveUp = time.After(endTimeout)
			o.end()
		case line := <-lines:
			if door := viewerDoors[line]; door != "" {
				o.wg.Go(func() { o.letViewerIn(ctx, door) })
				continue
			}
			if text, ok := strings.CutPrefix(line, "note "); ok {
				o.record.note(text)
				continue
			}
			if colleagueCommand(ctx, o, line) {
				continue
			}
			m, help := command(line)
			if m == nil {
				o.console.event("help", map[string]any{"text": help.Error()},
					say.Explain(o.console.language, help))
				continue
			}
			if _, isEnd := m.(tunnel.End); isEnd {
				giveUp = time.After(endTimeout)
				o.end()
				continue
			}
			o.pass(m)
		}
	}
}

// errNobody is the answer to a command for a customer who is not there.
var errNobody = say.Text("cli.session.noCustomer")

// pass sends a message to the agent.
func (o *ownSession) pass(m tunnel.ControlMessage) {
	o.mu.Lock()
	control, hello := o.control, o.hello
	o.mu.Unlock()
	if control == nil {
		o.console.event("error", map[string]any{"message": "no customer"},
			say.Explain(o.console.language, errNobody))
		return
	}
	if ask, ok := m.(tunnel.Ask); ok && !can(hello, ask.Right) {
		why := cannot(hello, ask.Right)
		o.console.failure(why, why)
		return
	}
	if _, ok := m.(tunnel.Chat); ok && !hello.Chat {
		why := cannot(hello, "write")
		o.console.failure(why, why)
		return
	}
	if _, ok := m.(tunnel.Remind); ok && !hello.Reminds {
		why := cannot(hello, "remind")
		o.console.failure(why, why)
		return
	}
	if err := control.Send(m); err != nil {
		o.console.failure(say.Text("cli.session.notSent", err), err)
	}
}

// end ends the session for both.
func (o *ownSession) end() {
	o.mu.Lock()
	o.byUs = true
	control, owner := o.control, o.owner
	o.mu.Unlock()
	// The customer's program answers with the last lines of the record, and ends the session. The
	// gateway would end it before they arrive.
	if control != nil && control.Send(tunnel.End{}) == nil {
		time.AfterFunc(endPatience, func() { _ = owner.End() })
		return
	}
	_ = owner.End()
}

func (o *ownSession) setOwner(link *tunnel.OwnerLink) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.owner = link
}

// close closes the connections; the readers then return.
func (o *ownSession) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.owner != nil {
		_ = o.owner.Close()
	}
	if o.control != nil {
		_ = o.control.Close()
	}
}

// outcome returns nil if the session was a success, otherwise an error.
func (o *ownSession) outcome() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case <-o.burnt:
		return &sessionError{say.Text("cli.session.burntEnd")}
	default:
	}
	switch {
	case o.byUs:
		return nil
	case !o.joined:
		return &sessionError{say.Text("cli.session.early", o.reason)}
	case o.reason == tunnel.ReasonAdvisor || o.reason == tunnel.ReasonCustomer:
		return nil
	}
	return say.Text("cli.session.ended", o.reason)
}

// serve reads the owner's link, and dials again if it is lost, until the session is over.
func (o *ownSession) serve(ctx context.Context, link *tunnel.OwnerLink) error {
	defer func() { _ = link.Close() }()
	for {
		over, err := o.readOwner(ctx, link)
		if over || ctx.Err() != nil {
			return err
		}
		o.console.event("line", map[string]any{"state": "lost"},
			o.console.language.Text("cli.session.lineLost"))
		_ = link.Close()
		next, err := o.redial(ctx)
		if err != nil {
			return err
		}
		link = next
		o.setOwner(link)
	}
}

func (o *ownSession) redial(ctx context.Context) (*tunnel.OwnerLink, error) {
	ctx, cancel := context.WithTimeout(ctx, ownerRetry)
	defer cancel()
	for {
		link, err := o.advisor.Owner(ctx, o.number.Place())
		// A proxy answers with a status from 500 while its gateway restarts.
		var api *tunnel.APIError
		if err == nil || errors.As(err, &api) && api.Status < http.StatusInternalServerError {
			return link, err
		}
		select {
		case <-time.After(retryPause):
		case <-ctx.Done():
			return nil, err
		}
	}
}

// readOwner handles the link's messages; over reports whether the session has ended.
func (o *ownSession) readOwner(ctx context.Context, link *tunnel.OwnerLink) (over bool, err error) {
	for {
		m, err := link.Recv()
		if err != nil {
			return false, err
		}
		switch m.Type {
		case tunnel.TypeEntering:
			o.wg.Go(func() { o.entering(ctx, link, m.Stream) })
		case tunnel.TypeReplaced:
			return true, replaced(ctx, o)
		case tunnel.TypeState:
			o.setState(ctx, m)
			if m.State == tunnel.StateEnded {
				return true, nil
			}
		}
	}
}

// replaced returns nil if the session was handed over, otherwise an error. The customer's end says
// so on another connection, perhaps a little later.
func replaced(ctx context.Context, o *ownSession) error {
	select {
	case <-o.passed:
		o.mu.Lock()
		defer o.mu.Unlock()
		o.byUs = true
		o.console.event("passed", nil, o.console.language.Text("cli.colleague.passed"))
		return nil
	case <-time.After(endPatience):
	case <-ctx.Done():
	}
	return say.Text("cli.session.replaced")
}

func (o *ownSession) setState(ctx context.Context, m tunnel.OwnerMessage) {
	fields := map[string]any{"state": m.State}
	if m.Reason != "" {
		fields["reason"] = m.Reason
	}
	if m.Foreign != "" {
		fields["foreign"] = m.Foreign
	}
	o.console.event("state", fields, ownerText(o.console.language, m))
	o.mu.Lock()
	defer o.mu.Unlock()
	o.state = m.State
	switch m.State {
	case tunnel.StateJoined:
		again := o.joined && o.control == nil
		o.joined = true
		if again {
			// The customer reconnected, and his control stream ended with his old connection.
			o.wg.Go(func() { o.reopen(ctx) })
		}
	case tunnel.StateEnded:
		o.reason = m.Reason
	}
}

// entering seals the stream of a customer who entered the place. Only one can succeed, whatever the
// gateway sends: anybody who enters afterwards is not the customer.
func (o *ownSession) entering(ctx context.Context, link *tunnel.OwnerLink, id string) {
	o.console.event("entering", nil, o.console.language.Text("cli.session.entering"))
	before := o.tries.Used()
	conn, err := o.seal(ctx, id, seal.Params{Kind: tunnel.KindControl, Once: true})
	if err == nil {
		o.goBackTo(conn.Origin())
	}
	_ = link.Verdict(id, err == nil)
	if err == nil {
		o.talk(ctx, conn)
		return
	}
	if used := o.tries.Used(); used > before {
		o.console.event("wrong",
			map[string]any{"message": err.Error(), "tries": used, "of": seal.MaxTries},
			o.console.language.Text("cli.session.wrong", used, seal.MaxTries))
	} else {
		o.console.event("wrong", map[string]any{"message": err.Error()},
			say.Explain(o.console.language, say.Text("cli.session.notIn", err)))
	}
	if o.tries.Burnt() {
		o.endBurnt()
	}
}

// endBurnt ends the session because somebody guessed at its number: for both ends, and here even if
// the gateway would continue.
func (o *ownSession) endBurnt() {
	o.once.Do(func() {
		o.console.event("burnt", nil, o.console.language.Text("cli.session.burnt"))
		o.mu.Lock()
		owner := o.owner
		o.mu.Unlock()
		_ = owner.Burnt()
		close(o.burnt)
	})
}

// reopen opens another control stream to the agent if it is needed.
func (o *ownSession) reopen(ctx context.Context) {
	select {
	case <-time.After(retryPause): // the session's end may be about to arrive
	case <-ctx.Done():
		return
	}
	o.mu.Lock()
	needed := o.control == nil && o.state == tunnel.StateJoined
	o.mu.Unlock()
	// If no customer has proved the number, there is no exchange for the stream.
	if !needed || o.known() == nil {
		return
	}
	conn, err := o.open(ctx, tunnel.KindControl, false)
	if err != nil {
		o.console.failure(say.Text("cli.session.noControl", err), err)
		if o.tries.Burnt() {
			o.endBurnt()
		}
		return
	}
	o.talk(ctx, conn)
}

// talk runs a sealed control stream until it ends. While the customer is connected, another one
// follows.
func (o *ownSession) talk(ctx context.Context, conn *seal.Conn) {
	control := tunnel.NewControlConn(conn)
	defer control.Close()
	o.mu.Lock()
	o.control = control
	o.mu.Unlock()
	defer func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.control == control {
			o.control = nil
			if o.state == tunnel.StateJoined {
				o.wg.Go(func() { o.reopen(ctx) })
			}
		}
	}()
	o.console.event("compare", map[string]any{"code": conn.Compare()},
		o.console.language.Text("cli.sealed", conn.Compare()))
	if err := control.Send(tunnel.AdvisorHello{Version: version, Client: "lotse"}); err != nil {
		return
	}
	for {
		m, err := control.Receive()
		if err != nil {
			return
		}
		if d, ok := m.(tunnel.DoorNumber); ok {
			o.doorAnswer(d) // contains a secret, so it must not be printed as it is
			continue
		}
		if h, ok := m.(tunnel.AgentHello); ok {
			o.mu.Lock()
			o.hello = h
			o.mu.Unlock()
		}
		if lines, ok := m.(tunnel.RecordLines); ok {
			if err := o.record.take(lines); err != nil {
				o.console.failure(say.Text("cli.session.recordBroken"), err)
			}
			continue
		}
		if c, ok := m.(tunnel.ColleagueState); ok {
			sayColleague(ctx, o, c)
			continue
		}
		o.console.control(m)
		if bye, ok := m.(tunnel.Bye); ok && bye.Reason == tunnel.ReasonPassed {
			o.once.Do(func() { close(o.passed) })
		}
		if bye, ok := m.(tunnel.Bye); ok {
			if bye.Reason == tunnel.ReasonBurnt {
				o.endBurnt() // the customer's end noticed the guess
			}
			return // so the customer's end knows that it was heard
		}
	}
}
