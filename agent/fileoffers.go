package agent

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"lotse/agent/files"
	"lotse/agent/recorder"
	"lotse/consent"
	"lotse/tunnel"
)

// offers are the files that the advisor has offered, and those that the customer gives. The
// customer is asked for each of the advisor; then the panel saves it, and streams of the advisor's
// end bring it. Streams of any advisor's end take what the customer gives. The loop owns them.
type offers struct {
	list  files.List[*control]
	asked *files.Offer[*control] // the file that the open question is about; nil: none
	// controlled means that the advisor has had control in this session. Since then he could have
	// chosen a file in the panel, so the customer is asked about each.
	controlled bool
}

// fileOffered means that an advisor's end offers a file, or again one that it offered before its
// control stream was lost.
type fileOffered struct {
	offer tunnel.FileOffer
	from  *control
}

func (e fileOffered) in(st *state) {
	refuse := func(why string) {
		e.from.send(tunnel.FileState{ID: e.offer.ID, State: tunnel.FileEnded, Why: why})
	}
	if st.consent.Phase != consent.Joined || st.reason != "" || !st.session.cfg.SavesFiles {
		refuse(tunnel.FileNobody)
		return
	}
	if o, why := st.controls.offers.list.Add(e.offer, e.from); o == nil {
		refuse(why)
	}
}

// fileWithdrawn means that the advisor gives up a file that he has offered.
type fileWithdrawn struct {
	id   string
	from *control
}

func (e fileWithdrawn) in(st *state) {
	o := st.controls.offers.list.Find(e.id)
	switch {
	case o == nil:
	case o.Given:
		st.controls.offers.end(st, o, tunnel.FileRefused)
	case o.Sender == e.from:
		st.controls.offers.end(st, o, files.Withdrawn)
	}
}

// fileUnclaimed means that a sender whose control stream was lost has not offered its file again in
// time.
type fileUnclaimed struct {
	offer  *files.Offer[*control]
	claims int
}

func (e fileUnclaimed) in(st *state) {
	// While away, nobody can come back.
	if e.offer.Sender == nil && e.offer.Claims == e.claims && st.consent.Phase != consent.Away {
		st.controls.offers.end(st, e.offer, tunnel.FileLost)
	}
}

// senderGone gives the sender of files time to come back. It is called with nil after a lost
// connection: the time begins again for all senders that are gone.
func (of *offers) senderGone(st *state, gone *control) {
	for _, o := range of.list.All() {
		if o.Sender == gone && !o.Given {
			o.Sender = nil
			o.Claims++
			st.after(tunnel.FileClaim, fileUnclaimed{o, o.Claims})
		}
	}
}

// end ends an offer. Only if the customer was asked for it, the record has a line: so an advisor
// cannot fill the record with offers.
func (of *offers) end(st *state, o *files.Offer[*control], why string) {
	if o.State == files.Done || o.State == files.Ended {
		return
	}
	asked := o.State != files.Waiting || why == tunnel.FileSilent || why == tunnel.FileRefused && !st.consent.Silenced.Has(consent.Files)
	o.End(why)
	if asked {
		st.notes.File(o.OfferedFile)
	}
	if of.asked == o {
		st.apply(consent.Event{Kind: consent.Withdraw, Right: consent.Files}, byAdvisor)
	}
}

// decided carries out the answer to the question for a file.
func (of *offers) decided(st *state, c consent.Change) {
	of.controlled = of.controlled || c.Right == consent.Control && c.Outcome == consent.Given
	if c.Right != consent.Files {
		return
	}
	if c.Outcome == consent.Opened {
		of.asked = of.list.Next()
		return
	}
	o := of.asked
	of.asked = nil
	switch {
	case o == nil && c.Outcome == consent.Refused: // the customer does not want to be asked for files
		for o := of.list.Next(); o != nil; o = of.list.Next() {
			of.end(st, o, tunnel.FileRefused)
		}
	case o == nil:
	case c.Outcome == consent.Given:
		of.accept(st, o)
	case c.Outcome == consent.Refused:
		of.end(st, o, tunnel.FileRefused)
	case c.Outcome == consent.TimedOut:
		of.end(st, o, tunnel.FileSilent)
	}
}

// accept carries out the customer's yes to a file.
func (of *offers) accept(st *state, o *files.Offer[*control]) {
	o.Accept()
	st.notes.File(o.OfferedFile)
	if o.Given {
		st.controls.send(o.Offer())
	}
}

// still reports whether no byte of a file may move now.
func (of *offers) still(st *state) bool {
	return st.consent.Phase != consent.Joined || st.consent.Paused || st.reason != ""
}

// over ends all offers, because the session is over.
func (of *offers) over(st *state) {
	for _, o := range of.list.All() {
		of.end(st, o, files.Over)
	}
}

// advance does what follows from an event: it asks for the next file, stops what may not move, and
// tells the senders.
func (of *offers) advance(st *state) {
	of.ask(st)
	still := of.still(st)
	for _, o := range of.list.All() {
		if still {
			o.Cut()
		}
		told := o.Tell(still)
		switch {
		case told == o.Told, o.Given && st.reason != "": // the end of the session says it
		case o.Given && (o.State == files.Done || o.State == files.Ended):
			o.Told = told
			st.controls.send(told)
		case o.Sender != nil:
			o.Told = told
			o.Sender.send(told)
		}
	}
}

// ask asks for the next file, and withdraws a question whose file nobody offers any more.
func (of *offers) ask(st *state) {
	if o := of.asked; o != nil && o.Sender == nil && !o.Given || of.list.Next() == nil && st.consent.Asked.Has(consent.Files) {
		st.apply(consent.Event{Kind: consent.Withdraw, Right: consent.Files}, byAuto)
	}
	// If the program answers by itself, the next one can be asked for at once.
	for range tunnel.MaxFiles {
		if of.list.Next() == nil || st.consent.Asked.Has(consent.Files) || st.consent.Phase != consent.Joined {
			return
		}
		st.apply(consent.Event{Kind: consent.Ask, Right: consent.Files}, byAdvisor)
	}
}

// SaveFile writes a file that the customer has accepted to the writer that begin returns, as it
// arrives; key is that of the snapshot. begin is called with the file when everything is ready.
// cut must make a write return that waits. SaveFile returns nil when the file is complete. With the
// key of a recording, it writes that as it grows; the file's size is -1 then.
func (s *Session) SaveFile(ctx context.Context, key string, begin func(files.OfferedFile) io.Writer, cut func()) error {
	e := &fileSaving{key: key}
	s.send(e)
	switch {
	case e.copied != nil:
		err := e.copied.Save(ctx, begin(e.file), cut)
		s.send(fileMoved{})
		return err
	case e.transfer == nil:
		return ErrNoFile
	}
	err := e.transfer.Save(ctx, begin(e.file), cut)
	s.send(fileSaved{e.file.ID, err})
	return err
}

// ErrNoFile means that no file can be saved with that key, or not any more.
var ErrNoFile = errors.New("agent: there is no such file to save")

// fileSaving means that a panel saves a file.
type fileSaving struct {
	key      string
	file     files.OfferedFile
	transfer *files.Transfer // nil: there is none to save with this key
	copied   *recorder.Copy  // set if the key is that of a recording
}

func (e *fileSaving) in(st *state) {
	if o := st.controls.offers.list.FindKey(e.key); o != nil && st.reason == "" {
		e.transfer = o.Save(func() { st.session.send(fileMoved{}) })
		e.file = o.OfferedFile
		return
	}
	e.copied, e.file.Name = st.viewers.recordings.save(e.key)
	e.file.Size = -1
}

// fileMoved means that bytes of a file have arrived, which panels show.
type fileMoved struct{}

func (fileMoved) in(*state) {}

// fileSaved means that a panel has saved a file, or could not.
type fileSaved struct {
	id  string
	err error
}

func (e fileSaved) in(st *state) {
	o := st.controls.offers.list.Find(e.id)
	switch {
	case o == nil || o.State != files.Saving:
	case e.err != nil:
		st.controls.offers.end(st, o, tunnel.FileCancelled)
	default:
		o.Finish()
		st.notes.File(o.OfferedFile)
	}
}

// GiveFile gives a file to the advisor, as the customer has chosen it. accepted is called with its
// ID. GiveFile returns when the file is done or has ended, or with a FileRefusal at once; if ctx
// ends, the file cannot be given any more. source may be read until then, and a little longer.
func (s *Session) GiveFile(ctx context.Context, name string, size int64, source io.ReaderAt, accepted func(id string)) error {
	e := &fileGiven{name: name, size: size, source: source}
	if s.send(e); e.offer == nil {
		return FileRefusal(e.why)
	}
	accepted(e.offer.ID)
	select {
	case <-e.offer.Over():
		return nil
	case <-ctx.Done():
		s.send(fileGone{e.offer})
		return context.Cause(ctx)
	}
}

// FileRefusal says why a file cannot be given: a value of tunnel.FileState.Why.
type FileRefusal string

// Error implements error.
func (e FileRefusal) Error() string { return "agent: the file cannot be given: " + string(e) }

// fileGiven means that the customer gives a file.
type fileGiven struct {
	name   string
	size   int64
	source io.ReaderAt
	offer  *files.Offer[*control] // nil: it was not accepted
	why    string
}

func (e *fileGiven) in(st *state) {
	of := &st.controls.offers
	if e.why = tunnel.FileNobody; st.consent.Phase != consent.Joined || st.reason != "" {
		return
	}
	var moved time.Time
	e.offer, e.why = of.list.Give(e.name, e.size, e.source, func() {
		if now := time.Now(); now.Sub(moved) >= files.ReportEvery {
			moved = now
			st.session.send(fileMoved{})
		}
	})
	if e.offer != nil && !of.controlled {
		of.accept(st, e.offer)
	}
}

// fileGone means that a file of the customer cannot be read any more.
type fileGone struct{ offer *files.Offer[*control] }

func (e fileGone) in(st *state) { st.controls.offers.end(st, e.offer, tunnel.FileLost) }

// StopFile ends the transfer of a file, or gives up one that was accepted.
type StopFile struct{ ID string }

func (c StopFile) do(st *state) error {
	if o := st.controls.offers.list.Find(c.ID); o != nil && (o.Given || o.State != files.Waiting) {
		st.controls.offers.end(st, o, tunnel.FileCancelled)
	}
	return nil
}

// serveFile takes a file from a stream, if it is wanted.
func serveFile(ctx context.Context, s *Session, conn net.Conn) {
	quick := newQuickClose(conn)
	defer quick.wait()
	defer quick.Close()
	stop := context.AfterFunc(ctx, func() { quick.Close() })
	defer stop()
	_ = conn.SetReadDeadline(time.Now().Add(tunnel.FileNothing))
	header, err := tunnel.ReadFileHeader(conn)
	if err != nil {
		return
	}
	e := &fileComes{id: header.File, conn: quick}
	switch s.send(e); {
	case e.offer == nil:
		return
	case e.offer.Given:
		err = e.offer.Source.Serve(quick)
	default:
		err = e.transfer.Receive(quick, e.stopped)
	}
	s.send(fileStreamGone{e.offer, err})
}

// fileComes means that a stream brings or takes a file. Another one that is open already goes on.
type fileComes struct {
	id       string
	conn     net.Conn
	offer    *files.Offer[*control] // nil: no file moves
	transfer *files.Transfer        // nil: the customer gives the file
	stopped  chan struct{}          // closed when nothing may be passed on any more
}

func (e *fileComes) in(st *state) {
	o := st.controls.offers.list.Find(e.id)
	switch {
	case o == nil || o.Stop != nil || st.controls.offers.still(st):
		return
	case o.Given && o.State == files.Accepted:
		o.State = files.Saving
	case o.Given, o.State != files.Saving || o.Transfer.Sum() != "":
		return
	}
	e.offer, e.transfer, e.stopped = o, o.Transfer, make(chan struct{})
	o.Stop = func() {
		select {
		case <-e.stopped:
		default:
			close(e.stopped)
			e.conn.Close()
		}
	}
}

// fileStreamGone means that the stream that brought a file has ended.
type fileStreamGone struct {
	offer *files.Offer[*control]
	err   error
}

func (e fileStreamGone) in(st *state) {
	o := e.offer
	o.Stop = nil
	switch {
	case o.Given && o.State != files.Saving: // it has ended
	case o.Given && e.err != nil:
		o.State = files.Accepted
	case o.Given:
		o.Finish()
		st.notes.File(o.OfferedFile)
	case errors.Is(e.err, tunnel.ErrFileDamaged):
		st.controls.offers.end(st, o, tunnel.FileDamaged)
	case e.err != nil && o.Told.State == tunnel.FileWanted && o.Transfer.Sum() == "":
		o.Told = tunnel.FileState{} // then it is told once more that a stream is wanted
	}
}
