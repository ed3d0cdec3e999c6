package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"lotse/cmd/lotse/say"
	"lotse/fbs"
	"lotse/manual"
	"lotse/tunnel"
)

var aboutRecord = manual.Command{
	Name: "record", Summary: "record what the customer shows",
	Forms: []string{"record NUMBER FILE.fbs [flags]"},
	About: `Asks the customer whether his screen may be recorded, as soon as he shows it, and writes the
recording to FILE.fbs, which must not exist. The customer can pause it, stop it, and save
the same recording. Only pictures are in it: no keys, no texts, no chat. It ends with the
session, with the customer's stop and with Ctrl+C. Beside it, FILE.fbs.record.json gets the
signatures of both ends, for lotse verify. NUMBER may be "-": then the first line of
standard input has it, and no other user of this computer can read it from the command
line. lotse replay and lotse film show a recording.`,
}

// recordSuffix is appended to the name of a recording for its record.
const recordSuffix = ".record.json"

func recordSession(p *program, ctx context.Context, args []string) error {
	l := newLogin("record")
	rest, err := l.parse(p, args, 2)
	if err != nil {
		return err
	}
	number, err := p.readNumber(rest[0])
	if err != nil {
		return l.mistake(err)
	}
	for _, name := range []string{rest[1], rest[1] + recordSuffix} {
		if _, err := os.Lstat(name); err == nil {
			return l.mistake(say.Text("cli.record.exists", name))
		}
	}
	end, leave, err := joinAsHelper(ctx, p, l, number)
	if err != nil {
		return err
	}
	defer leave()
	file, err := os.OpenFile(rest[1], os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return say.Text("cli.record.file", err)
	}
	t := newTaping(end, p, file)
	err = t.run(ctx)
	return errors.Join(err, t.finish())
}

// taping takes a recording. run's goroutine owns it, except where noted.
type taping struct {
	end      *advisorEnd
	p        *program
	file     *os.File
	private  ed25519.PrivateKey
	agent    ed25519.PublicKey // announced by the customer's end; nil: not yet
	receiver *tunnel.RecordReceiver
	splitter fbs.Splitter // owned by the running stream
	size     atomic.Int64

	asked    bool // the customer was asked
	given    bool // the recording is allowed now
	stopping bool // it is to end
	carrying bool // a stream is open
	streams  chan error
	proof    *fbs.Proof // complete, with both signatures; nil: not yet
}

func newTaping(end *advisorEnd, p *program, file *os.File) *taping {
	public, private, _ := ed25519.GenerateKey(nil) // never fails; crypto/rand
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails; crypto/rand
	t := &taping{end: end, p: p, file: file, private: private, streams: make(chan error, 1)}
	t.splitter.Chain = fbs.NewChain()
	t.receiver = &tunnel.RecordReceiver{
		Header: tunnel.RecordHeader{Recording: base64.RawURLEncoding.EncodeToString(id[:]), Key: tunnel.AppendKey(public)},
		Write:  t.write, Sign: t.sign,
	}
	return t
}

// write writes what has arrived. It runs on the stream's goroutine.
func (t *taping) write(b []byte) error {
	if _, err := t.splitter.Write(b); err != nil {
		return &notWritten{err}
	}
	if _, err := t.file.Write(b); err != nil {
		return &notWritten{err}
	}
	t.size.Add(int64(len(b)))
	return nil
}

// sign checks the signature of the customer's end, and signs. It runs on the stream's goroutine.
func (t *taping) sign(theirs []byte) ([]byte, error) {
	if !t.splitter.Whole() {
		return nil, &notWritten{fbs.ErrTruncated}
	}
	p := &fbs.Proof{Sum: t.splitter.Chain.Close(), Agent: t.agent, Advisor: t.private.Public().(ed25519.PublicKey)}
	p.AgentSignature, p.AdvisorSignature = theirs, ed25519.Sign(t.private, p.Message())
	if err := p.Check(p.Sum); err != nil {
		return nil, &notWritten{err}
	}
	t.proof = p
	return p.AdvisorSignature, nil
}

// errRecorded ends run: the recording is over.
var errRecorded = errors.New("recorded")

// run returns when the recording is over. It ends in an orderly way when ctx ends.
func (t *taping) run(ctx context.Context) error {
	free, quit := context.WithCancel(context.WithoutCancel(ctx))
	defer quit()
	t.p.tell(t.p.language.Text("cli.record.ready"))
	lost := time.Time{}
	for {
		came, err := t.talk(ctx, free)
		switch {
		case errors.Is(err, errRecorded):
			return nil
		case ctx.Err() != nil && (!t.carrying || t.stopping):
			return nil
		case errors.Is(err, errMismatch), errors.Is(err, errNoRecord), isSessionError(err):
			return err
		case came:
			lost = time.Now()
		case lost.IsZero() || time.Since(lost) > tunnel.RecordClaim:
			return err
		}
		select {
		case <-time.After(retryPause):
		case <-ctx.Done():
		}
	}
}

func isSessionError(err error) bool {
	var s *sessionError
	var w *notWritten
	return errors.As(err, &s) || errors.As(err, &w)
}

var errNoRecord = &sessionError{say.Text("cli.record.cannot")}

// talk asks for the recording and takes it, until the control stream or the recording ends. came
// reports whether the customer's end answered.
func (t *taping) talk(ctx, free context.Context) (came bool, err error) {
	conn, err := t.end.open(ctx, tunnel.KindControl, false)
	if err != nil {
		return false, err
	}
	control := tunnel.NewControlConn(conn)
	inner, stop := context.WithCancel(free)
	messages := make(chan tunnel.ControlMessage)
	read := make(chan error, 1)
	go func() { read <- receiveAll(inner, control, messages) }()
	defer func() {
		stop()
		control.Close()
		t.await() // before another one is opened
	}()
	if err := control.Send(tunnel.AdvisorHello{Version: version, Client: "lotse", Key: t.receiver.Header.Key}); err != nil {
		return false, err
	}
	ticker := time.NewTicker(progressEvery)
	defer ticker.Stop()
	stopped, late := ctx.Done(), make(<-chan time.Time)
	for {
		select {
		case m := <-messages:
			came = true
			if err := t.heard(inner, control, m); err != nil {
				if errors.Is(err, errBye) && t.carrying {
					return came, t.last(endTimeout)
				}
				return came, err
			}
		case err := <-read:
			return came, err
		case err := <-t.streams:
			if err := t.streamOver(inner, err); err != nil {
				return came, err
			}
		case <-stopped:
			if !t.carrying {
				return came, errRecorded
			}
			t.stopping, stopped, late = true, nil, time.After(tunnel.RecordEnd)
			if err := control.Send(tunnel.Return{Right: "record"}); err != nil {
				return came, err
			}
		case <-late:
			return came, errRecorded
		case <-ticker.C:
			t.progress()
		}
	}
}

// receiveAll passes messages on until the stream ends.
func receiveAll(ctx context.Context, control *tunnel.ControlConn, to chan<- tunnel.ControlMessage) error {
	for {
		m, err := control.Receive()
		if err != nil {
			return err
		}
		select {
		case to <- m:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// heard carries out a message of the customer's end.
func (t *taping) heard(ctx context.Context, control *tunnel.ControlConn, m tunnel.ControlMessage) error {
	switch m := m.(type) {
	case tunnel.AgentHello:
		key, ok := tunnel.ParseKey(m.Key)
		if !ok || !slices.Contains(m.Can, "record") || t.agent != nil && !t.agent.Equal(key) {
			return errNoRecord
		}
		t.agent = key
	case tunnel.State:
		return t.changed(ctx, control, m)
	case tunnel.Event:
		if m.Right == "record" {
			return t.happened(m)
		}
	case tunnel.Bye:
		return errBye
	}
	return nil
}

// changed asks for the recording when the customer shows something, and takes it once it is given.
func (t *taping) changed(ctx context.Context, control *tunnel.ControlConn, s tunnel.State) error {
	t.given = s.Rights.Record
	switch {
	case t.agent == nil || t.stopping:
	case s.Rights.Record:
		t.asked = true
		t.carry(ctx)
	case s.Rights.View && !s.Paused && !t.asked:
		t.asked = true
		return control.Send(tunnel.Ask{Right: "record"})
	}
	return nil
}

// happened prints what became of the right, and ends what cannot go on.
func (t *taping) happened(e tunnel.Event) error {
	l := t.p.language
	switch e.Event {
	case tunnel.EventAsked:
		t.p.tell(l.Text("cli.record.asked"))
	case "given":
		t.p.tell(l.Text("cli.record.given", t.file.Name()))
	case "refused", "timeout":
		return &sessionError{say.Text("cli.record.refused")}
	case "taken", "returned":
		t.p.tell(l.Text("cli.record.ends"))
		if !t.carrying {
			return errRecorded
		}
	}
	return nil
}

// carry opens a stream for the recording unless one is open.
func (t *taping) carry(ctx context.Context) {
	if t.carrying || t.proof != nil {
		return
	}
	t.carrying = true
	go func() {
		conn, err := t.end.open(ctx, tunnel.KindRecord, false)
		if err == nil {
			stop := context.AfterFunc(ctx, func() { conn.Close() })
			err = t.receiver.Receive(conn)
			stop()
			conn.Close()
		}
		t.streams <- err
	}()
}

// streamOver handles the end of a stream. If the recording goes on, another one is opened.
func (t *taping) streamOver(ctx context.Context, err error) error {
	t.carrying = false
	var written *notWritten
	switch {
	case err == nil:
		return errRecorded
	case errors.As(err, &written):
		return err
	case t.stopping || !t.given:
		return errRecorded
	}
	select {
	case <-time.After(retryPause):
	case <-ctx.Done():
	}
	t.carry(ctx)
	return nil
}

// last waits for the end of the recording after the session has ended.
func (t *taping) last(patience time.Duration) error {
	select {
	case <-t.streams:
		t.carrying = false
	case <-time.After(patience):
	}
	return errRecorded
}

// await waits until no stream is open.
func (t *taping) await() {
	if t.carrying {
		<-t.streams
		t.carrying = false
	}
}

// progress shows on a terminal how large the recording is.
func (t *taping) progress() {
	if !t.carrying || !marksOf(t.p.stderr).on {
		return
	}
	l := t.p.language
	fmt.Fprintf(t.p.stderr, "\r%s\x1b[K", say.Line(l.Text("cli.record.progress", l.Size(t.size.Load()))))
}

// finish closes the file, and writes the record beside it. A recording without the signature of the
// customer's end is kept up to its last whole block.
func (t *taping) finish() error {
	if marksOf(t.p.stderr).on && t.size.Load() > 0 {
		fmt.Fprint(t.p.stderr, "\r\x1b[K")
	}
	name := t.file.Name()
	p := t.proof
	if p == nil {
		p = &fbs.Proof{Sum: t.splitter.Chain.Close(), Agent: t.agent, Advisor: t.private.Public().(ed25519.PublicKey)}
		p.AdvisorSignature = ed25519.Sign(t.private, p.Message())
		if err := t.file.Truncate(p.Size); err != nil {
			return errors.Join(say.Text("cli.record.file", err), t.file.Close())
		}
	}
	if err := t.file.Close(); err != nil {
		return say.Text("cli.record.file", err)
	}
	if p.Size == 0 {
		return os.Remove(name)
	}
	beside, err := os.OpenFile(name+recordSuffix, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return say.Text("cli.record.file", err)
	}
	_, err = fmt.Fprintln(beside, p.Line(time.Now()))
	if err = errors.Join(err, beside.Close()); err != nil {
		return say.Text("cli.record.file", err)
	}
	l := t.p.language
	if t.proof == nil {
		t.p.tell(l.Text("cli.record.unsigned", name, l.Size(p.Size)))
		return nil
	}
	t.p.tell(l.Text("cli.record.done", name, l.Size(p.Size)))
	return nil
}
