package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"lotse/cmd/lotse/say"
	"lotse/filename"
	"lotse/manual"
	"lotse/partfile"
	"lotse/tunnel"
)

var aboutReceive = manual.Command{
	Name: "receive", Summary: "save the files that the customer gives",
	Forms: []string{"receive NUMBER FOLDER [flags]"},
	About: `Saves every file that the customer gives into FOLDER, which must exist, sealed end to
end. No file is replaced. It ends with the session, and with Ctrl+C. If the connection is
lost meanwhile, the files go on where they were. NUMBER may be "-": then the first line of
standard input has it, and no other user of this computer can read it from the command
line.`,
}

func receive(p *program, ctx context.Context, args []string) error {
	l := newLogin("receive")
	rest, err := l.parse(p, args, 2)
	if err != nil {
		return err
	}
	number, err := p.readNumber(rest[0])
	if err != nil {
		return l.mistake(err)
	}
	if info, err := os.Stat(rest[1]); err != nil || !info.IsDir() {
		return l.mistake(say.Text("cli.receive.folder", rest[1]))
	}
	end, leave, err := joinAsHelper(ctx, p, l, number)
	if err != nil {
		return err
	}
	defer leave()
	r := &receiving{end: end, p: p, folder: rest[1], files: map[string]*receivedFile{}}
	return r.run(ctx)
}

// receiving saves what the customer gives. run's goroutine owns it.
type receiving struct {
	end    *advisorEnd
	p      *program
	folder string
	files  map[string]*receivedFile
	wg     sync.WaitGroup // of the files
}

// receivedFile is a file that the customer gives.
type receivedFile struct {
	offer tunnel.FileOffer
	name  string        // cleaned
	ended chan struct{} // closed when the customer's end says that it is over
	once  sync.Once
}

// maxReceived is how many files are taken in one run.
const maxReceived = 1000

// run returns when the session is over.
func (r *receiving) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer r.wg.Wait()
	defer stop()
	r.p.tell(r.p.language.Text("cli.receive.ready", r.folder))
	lost := time.Time{}
	for {
		came, err := r.talk(ctx)
		switch {
		case ctx.Err() != nil, errors.Is(err, errBye):
			return nil
		case errors.Is(err, errMismatch):
			return err
		case came:
			lost = time.Now()
		case lost.IsZero() || time.Since(lost) > tunnel.FileClaim:
			return err
		}
		select {
		case <-time.After(retryPause):
		case <-ctx.Done():
		}
	}
}

// talk takes what the customer's end offers on a control stream, until that ends. came reports
// whether the customer's end answered.
func (r *receiving) talk(ctx context.Context) (came bool, err error) {
	conn, err := r.end.open(ctx, tunnel.KindControl, false)
	if err != nil {
		return false, err
	}
	control := tunnel.NewControlConn(conn)
	defer control.Close()
	stop := context.AfterFunc(ctx, func() { control.Close() })
	defer stop()
	if err := control.Send(tunnel.AdvisorHello{Version: version, Client: "lotse"}); err != nil {
		return false, err
	}
	for {
		m, err := control.Receive()
		if err != nil {
			return came, err
		}
		came = true
		switch m := m.(type) {
		case tunnel.FileOffer:
			r.offered(ctx, m)
		case tunnel.FileState:
			if f := r.files[m.ID]; f != nil && m.State == tunnel.FileEnded {
				f.once.Do(func() { close(f.ended) })
			}
		case tunnel.Bye:
			return true, errBye
		}
	}
}

// offered begins to save a file that was not offered before.
func (r *receiving) offered(ctx context.Context, offer tunnel.FileOffer) {
	name, ok := filename.Clean(offer.Name)
	if r.files[offer.ID] != nil || len(r.files) >= maxReceived || !ok || !tunnel.ValidStreamID(offer.ID) ||
		offer.Size < 0 || offer.Size > tunnel.MaxFileSize {
		return
	}
	f := &receivedFile{offer: offer, name: name, ended: make(chan struct{})}
	r.files[offer.ID] = f
	r.wg.Go(func() { r.save(ctx, f) })
}

// save saves a file, over as many streams as that takes.
func (r *receiving) save(ctx context.Context, f *receivedFile) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		select {
		case <-f.ended:
			stop()
		case <-ctx.Done():
		}
	}()
	language := r.p.language
	r.p.tell(language.Text("cli.receive.begins", f.name, language.Size(f.offer.Size)))
	to := partfile.Create(r.folder, f.name)
	receiver := &tunnel.FileReceiver{Size: f.offer.Size, Write: func(b []byte) error {
		if _, err := to.Write(b); err != nil {
			return &notWritten{err}
		}
		return nil
	}}
	err := r.fetch(ctx, f, receiver)
	name, err := to.Close(err)
	if err != nil {
		r.p.complain(say.Text("cli.receive.broken", f.name, err))
		return
	}
	r.p.tell(language.Text("cli.receive.done", filepath.Join(r.folder, name), receiver.Sum()))
}

// notWritten means that a file could not be written.
type notWritten struct{ error }

func (e *notWritten) Unwrap() error { return e.error }

// fetch opens streams until the file is complete.
func (r *receiving) fetch(ctx context.Context, f *receivedFile, receiver *tunnel.FileReceiver) error {
	for {
		conn, err := r.end.open(ctx, tunnel.KindFile, false)
		if err == nil {
			stop := context.AfterFunc(ctx, func() { conn.Close() })
			err = receiver.Fetch(conn, f.offer.ID)
			stop()
			conn.Close()
		}
		var failed *notWritten
		switch {
		case err == nil, errors.As(err, &failed), errors.Is(err, tunnel.ErrFileDamaged), errors.Is(err, errMismatch):
			return err
		case ctx.Err() != nil:
			return say.Text("cli.receive.stopped")
		}
		select {
		case <-time.After(retryPause):
		case <-ctx.Done():
		}
	}
}
