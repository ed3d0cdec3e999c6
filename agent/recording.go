package agent

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"net"
	"time"

	"lotse/agent/recorder"
	"lotse/consent"
	"lotse/fbs"
	"lotse/rfb"
	"lotse/tunnel"
)

// recordings are the recording that is being made and the last one, and this end's key for them.
// The loop owns them.
type recordings struct {
	private ed25519.PrivateKey
	running *recording // nil: none
	last    *recording // the customer may still save it; it may be running
	// claims counts how often the wait for a stream began, so that an old timer has no effect.
	claims int
}

func newRecordings() recordings {
	_, private, _ := ed25519.GenerateKey(nil) // never fails; crypto/rand
	return recordings{private: private}
}

// key returns the public key as it is announced.
func (rs *recordings) key() string {
	return tunnel.AppendKey(rs.private.Public().(ed25519.PublicKey))
}

// recording is one recording. An advisor's end takes it over one stream after the other.
type recording struct {
	// Static.
	id     string
	server *rfb.Conn
	maker  *recorder.Recorder
	sender *tunnel.RecordSender
	copied *recorder.Copy
	over   chan struct{} // closed when it is signed or was given up
	ctx    context.Context
	quit   context.CancelFunc // ends ctx

	// Owned by the loop.
	proof   fbs.Proof
	stopped bool   // the right ended
	allowed bool   // the right is in effect
	turns   int    // counts the changes of allowed
	key     string // in the address at which the customer can save it; "": not any more
	stop    func() // closes the stream; nil: there is none
}

// Write implements recorder.Sink: the customer can have the same bytes as the advisor.
func (r *recording) Write(block []byte) error {
	r.copied.Write(block)
	return r.sender.Write(block)
}

// Drained implements recorder.Sink.
func (r *recording) Drained(ctx context.Context) error { return r.sender.Drained(ctx) }

// abort gives up what has not arrived. It never blocks.
func (r *recording) abort() {
	r.quit()
	r.maker.Stop()
	r.sender.Close()
	r.server.Close()
	if r.stop != nil {
		r.stop()
	}
}

// serveRecord sends a recording over a stream, if the customer has allowed one.
func serveRecord(ctx context.Context, s *Session, conn net.Conn) {
	quick := newQuickClose(conn)
	defer quick.wait()
	stop := context.AfterFunc(ctx, func() { quick.Close() })
	defer stop()
	_ = conn.SetReadDeadline(time.Now().Add(tunnel.FileNothing))
	header, key, err := tunnel.ReadRecordHeader(conn)
	if err != nil {
		return
	}
	_ = conn.SetReadDeadline(time.Time{})
	e := &recordComes{header: header, key: key, stop: func() { quick.Close() }}
	if s.send(e); e.recording == nil {
		return
	}
	if err := e.recording.sender.Serve(quick); err != nil {
		s.log.tunnel.Info("stream of a recording ended early", "reason", err)
	}
	s.send(recordStreamGone{e.recording})
}

// recordComes means that an advisor's end takes a recording over a stream. The first stream begins
// the recording. There is one recording, with one stream, at a time.
type recordComes struct {
	header    tunnel.RecordHeader
	key       ed25519.PublicKey
	stop      func()
	recording *recording // nil: nothing is recorded
}

func (e *recordComes) in(st *state) {
	rs := &st.viewers.recordings
	r := rs.running
	switch {
	case !st.consent.Given.Has(consent.Record) || st.consent.Phase != consent.Joined || st.reason != "" || !st.controls.announced(e.header.Key):
		return
	case r == nil && !st.consent.Effective().Has(consent.Record):
		return
	case r == nil:
		r = beginRecording(st, e.header.Recording, e.key)
	case r.id != e.header.Recording || r.stop != nil || !r.proof.Advisor.Equal(e.key):
		return
	}
	r.stop, e.recording = e.stop, r
}

// announced reports whether an open control stream has announced a key.
func (cs *controls) announced(key string) bool {
	for c := range cs.open {
		if c.key == key && c.party == cs.parties.Lead {
			return true
		}
	}
	return false
}

// beginRecording begins to record for the advisor's end with this key.
func beginRecording(st *state, id string, advisor ed25519.PublicKey) *recording {
	s, rs := st.session, &st.viewers.recordings
	here, there := net.Pipe()
	r := &recording{id: id, copied: recorder.NewCopy(recorder.CopyLimit), over: make(chan struct{})}
	r.ctx, r.quit = context.WithCancel(context.Background())
	r.allowed = true
	r.proof.Agent, r.proof.Advisor = rs.private.Public().(ed25519.PublicKey), advisor
	r.sender = tunnel.NewRecordSender(func(signature []byte) bool {
		return ed25519.Verify(advisor, r.proof.Message(), signature)
	})
	r.server = rfb.NewConn(patient{here}, rfb.Config{
		Desktop: s.share.desktop, Name: st.identity.desktopName(), Rights: rfb.RightView, Ready: s.share.takerReady,
		Approve: func(ctx context.Context, _ rfb.Viewer) error {
			if err := s.share.ready(ctx); err != nil {
				return err
			}
			return s.share.renew(ctx)
		},
		Logger: s.log.rfb,
	})
	r.maker = recorder.New(there, r)
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails; crypto/rand
	r.key = base64.RawURLEncoding.EncodeToString(key[:])
	if rs.last != nil && rs.last.key != "" {
		rs.last.copied.Drop()
	}
	rs.running, rs.last = r, r
	st.viewers.set(st.viewers.all)
	s.share.want(true)
	s.streams.Go(func() { _ = r.server.Serve(context.Background()) })
	private := rs.private
	s.streams.Go(func() { r.make(s, private) })
	return r
}

// enforce makes the right to record effective, or takes the view from the recorder at once. When it
// becomes effective again, the recorder sees only what is captured from then on: what was shown
// meanwhile must not be in the recording.
func (rs *recordings) enforce(st *state, effective consent.Rights) {
	r := rs.running
	if r == nil || r.allowed == effective.Has(consent.Record) {
		return
	}
	r.allowed = !r.allowed
	r.turns++
	if !r.allowed {
		r.server.SetRights(0)
		return
	}
	s, turn := st.session, r.turns
	s.streams.Go(func() {
		if s.share.renew(r.ctx) == nil {
			s.send(recordingGoesOn{r, turn})
		}
	})
}

// recordingGoesOn means that a frame was captured after the right was in effect again.
type recordingGoesOn struct {
	recording *recording
	turn      int
}

func (e recordingGoesOn) in(*state) {
	if r := e.recording; r.allowed && r.turns == e.turn {
		r.server.SetRights(rfb.RightView)
	}
}

// make makes the recording, and exchanges the signatures at its end.
func (r *recording) make(s *Session, private ed25519.PrivateKey) {
	defer close(r.over)
	sum, err := r.maker.Run()
	r.server.Close()
	if err != nil {
		s.log.rfb.Info("recording ended early", "reason", err)
	}
	e := &recordingMade{recording: r, sum: sum}
	s.send(e)
	ctx, cancel := context.WithTimeout(context.Background(), tunnel.RecordEnd)
	defer cancel()
	ours := ed25519.Sign(private, e.message)
	theirs := r.sender.Finish(ctx, ours)
	r.copied.Finish()
	s.send(recordingOver{r, ours, theirs})
}

// patient is a connection without deadlines: both ends are in this program, and while the line is
// lost, the recording waits.
type patient struct{ net.Conn }

// SetWriteDeadline does nothing.
func (patient) SetWriteDeadline(time.Time) error { return nil }

// recordingMade means that nothing more is recorded.
type recordingMade struct {
	recording *recording
	sum       fbs.Sum
	message   []byte // to sign
}

func (e *recordingMade) in(st *state) {
	e.recording.proof.Sum = e.sum
	e.message = e.recording.proof.Message()
	st.viewers.recordings.late(st, e.recording)
	st.viewers.set(st.viewers.all)
	if !e.recording.stopped {
		st.apply(consent.Event{Kind: consent.Return, Right: consent.Record}, byAuto)
	}
}

// recordingOver means that a recording is complete, or was given up.
type recordingOver struct {
	recording    *recording
	ours, theirs []byte // signatures; theirs may be nil
}

func (e recordingOver) in(st *state) {
	r := e.recording
	r.abort()
	if st.viewers.recordings.running == r {
		st.viewers.recordings.running = nil
	}
	r.proof.AgentSignature, r.proof.AdvisorSignature = e.ours, e.theirs
	if r.proof.Size > 0 {
		st.notes.Recording(r.proof)
	}
	st.viewers.set(st.viewers.all)
	st.session.share.want(wantsPicture(st))
}

// late gives a recording up that does not come to its end.
func (rs *recordings) late(st *state, r *recording) {
	st.after(tunnel.RecordEnd, recordingLate{r})
}

type recordingLate struct{ recording *recording }

func (e recordingLate) in(*state) {
	select {
	case <-e.recording.over:
	default:
		e.recording.abort()
	}
}

// recordStreamGone means that the stream of a recording has ended.
type recordStreamGone struct{ recording *recording }

func (e recordStreamGone) in(st *state) {
	e.recording.stop = nil
	st.viewers.recordings.claim(st)
}

// claim begins the wait for a stream. If none comes, the right to record ends.
func (rs *recordings) claim(st *state) {
	rs.claims++
	st.after(tunnel.RecordClaim, recordUnclaimed{rs.claims})
}

type recordUnclaimed struct{ claims int }

func (e recordUnclaimed) in(st *state) {
	rs := &st.viewers.recordings
	if e.claims != rs.claims || rs.running != nil && rs.running.stop != nil || st.consent.Phase == consent.Away {
		return
	}
	st.apply(consent.Event{Kind: consent.Return, Right: consent.Record}, byAuto)
}

// decided carries out what became of the right to record.
func (rs *recordings) decided(st *state, c consent.Change) {
	switch {
	case c.Right != consent.Record:
	case c.Outcome == consent.Given:
		rs.claim(st)
	case c.Outcome == consent.Taken || c.Outcome == consent.Returned:
		if rs.running != nil {
			rs.running.stopped = true
			rs.running.maker.Stop()
			rs.late(st, rs.running)
		}
	}
}

// ended returns what must be waited for before the connection may be closed; nil: nothing.
func (rs *recordings) ended() []<-chan struct{} {
	if rs.running == nil {
		return nil
	}
	return []<-chan struct{}{rs.running.over}
}

// abort gives up the recording that is not complete.
func (rs *recordings) abort() {
	if rs.running != nil {
		rs.running.abort()
	}
}

// recordingsOver means that nothing can arrive any more. over is what must be waited for.
type recordingsOver struct{ over []<-chan struct{} }

func (e *recordingsOver) in(st *state) {
	st.viewers.recordings.abort()
	e.over = st.viewers.recordings.ended()
}

// Recording is the recording that the advisor makes, or the last one, as a panel shows it;
// PANEL.md.
type Recording struct {
	Running bool `json:"running"`
	Held    bool `json:"held"`
	// Key is in the address at which the customer can save the same recording; "": he cannot, or
	// not any more.
	Key string `json:"key,omitempty"`
	// Lost means that it became too large to keep for the customer.
	Lost bool `json:"lost,omitempty"`
}

// shown returns the recording for panels; nil: there was none.
func (rs *recordings) shown(c consent.State) *Recording {
	given := c.Given.Has(consent.Record)
	if rs.last == nil && !given {
		return nil
	}
	shown := &Recording{Running: given, Held: c.Held}
	if rs.last != nil {
		shown.Key = rs.last.key
		if lost := rs.last.copied.Lost(); lost {
			shown.Key, shown.Lost = "", true
		}
	}
	return shown
}

// Hold holds the recording, or lets it go on. While the advisor has control, it cannot go on by
// this command, because the advisor could do that himself.
type Hold struct{ On bool }

func (c Hold) do(st *state) error {
	if c.On || !st.consent.Given.Has(consent.Control) {
		holdRecording(st, c.On)
	}
	return nil
}

// continuedByHand lets the recording go on. The customer clicked the badge with a device.
type continuedByHand struct{}

func (continuedByHand) in(st *state) { holdRecording(st, false) }

func holdRecording(st *state, on bool) {
	kind := consent.Continue
	if on {
		kind = consent.Hold
	}
	before := st.consent.Held
	if st.apply(consent.Event{Kind: kind}, byCustomer); st.consent.Held != before {
		st.notes.Held(on)
		st.session.log.consent.Info("recording", "held", on)
	}
}

// save gives the recording to a panel that saves it with this key, once; nil: there is none.
func (rs *recordings) save(key string) (copied *recorder.Copy, name string) {
	r := rs.last
	if r == nil || key == "" || r.key != key {
		return nil, ""
	}
	r.key = ""
	return r.copied, "lotse-" + time.Now().Format("2006-01-02-150405") + ".fbs"
}
