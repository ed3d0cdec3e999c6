package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"lotse/cmd/lotse/say"
	"lotse/manual"
	"lotse/tunnel"
)

var aboutSend = manual.Command{
	Name: "send", Summary: "give files to the customer",
	Forms: []string{"send NUMBER FILE… [flags]"},
	About: `Offers files to the customer, sealed end to end. He is asked for each file; one that he
wants he saves in his panel. Until he has entered the number it waits. It ends when the
last file is saved or refused, and with Ctrl+C. If the connection is lost meanwhile, the
files go on where they were. NUMBER may be "-": then the first line of standard input has
it, and no other user of this computer can read it from the command line.`,
}

func (p *program) send(ctx context.Context, args []string) error {
	l := newLogin("send")
	rest, err := l.parseUpTo(p, args, 2, 1+tunnel.MaxFiles)
	if err != nil {
		return err
	}
	number, err := p.readNumber(rest[0])
	if err != nil {
		return l.mistake(err)
	}
	offers, err := openOffers(rest[1:])
	if err != nil {
		return l.mistake(err)
	}
	defer closeOffers(offers)
	end, leave, err := joinAsHelper(ctx, p, l, number)
	if err != nil {
		return err
	}
	defer leave()
	s := &sending{end: end, p: p, offers: offers}
	return s.run(ctx)
}

// sentFile is a file that is offered.
type sentFile struct {
	tunnel.FileSender
	name  string
	file  *os.File
	state tunnel.FileState // the last one that the customer's end reported

	sending sync.Mutex // held while a stream carries the file

	mu   sync.Mutex
	conn net.Conn // Guarded by mu; the stream that carries the file; nil: none
}

// replace closes the stream that carries the file, if there is one; conn is the new one.
func (f *sentFile) replace(conn net.Conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.conn != nil {
		f.conn.Close()
	}
	f.conn = conn
}

// over reports whether nothing more happens to the file.
func (f *sentFile) over() bool {
	return f.state.State == tunnel.FileDone || f.state.State == tunnel.FileEnded
}

// openOffers opens files, and draws an ID for each.
func openOffers(paths []string) (offers []*sentFile, err error) {
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			closeOffers(offers)
			return nil, say.Text("cli.send.file", err)
		}
		var id [16]byte
		_, _ = rand.Read(id[:]) // never fails; crypto/rand
		f := &sentFile{name: filepath.Base(path), file: file}
		f.ID, f.File = base64.RawURLEncoding.EncodeToString(id[:]), file
		offers = append(offers, f)
		info, err := file.Stat()
		if err == nil && !info.Mode().IsRegular() {
			err = say.Text("cli.send.notFile", path)
		}
		if err != nil {
			closeOffers(offers)
			return nil, err
		}
		f.Size = info.Size()
	}
	return offers, nil
}

func closeOffers(offers []*sentFile) {
	for _, f := range offers {
		f.file.Close()
	}
}

// sending offers files and sends them. run's goroutine owns it.
type sending struct {
	end    *advisorEnd
	p      *program
	offers []*sentFile
	wg     sync.WaitGroup // of the streams
}

// run returns when nothing more happens to any file.
func (s *sending) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer s.wg.Wait()
	defer stop()
	lost := time.Time{}
	for {
		came, err := s.talk(ctx)
		switch {
		case s.left() == 0:
			return s.result()
		case ctx.Err() != nil:
			return &sessionError{say.Text("cli.send.stopped")}
		case errors.Is(err, errNoFiles) || errors.Is(err, errBye) || errors.Is(err, errMismatch):
			return &sessionError{err}
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

var (
	errNoFiles = say.Text("cli.send.cannot")
	errBye     = say.Text("cli.send.over")
)

// left returns how many files are still offered.
func (s *sending) left() (n int) {
	for _, f := range s.offers {
		if !f.over() {
			n++
		}
	}
	return n
}

// result returns nil if every file was saved.
func (s *sending) result() error {
	for _, f := range s.offers {
		if f.state.State != tunnel.FileDone {
			return &sessionError{say.Text("cli.send.notAll")}
		}
	}
	return nil
}

// talk offers the files over a control stream until it ends or nothing is left. came reports
// whether the customer's end answered.
func (s *sending) talk(ctx context.Context) (came bool, err error) {
	conn, err := s.end.open(ctx, tunnel.KindControl, false)
	if err != nil {
		return false, err
	}
	control := tunnel.NewControlConn(conn)
	defer control.Close()
	stop := context.AfterFunc(ctx, func() { s.withdraw(control) })
	defer stop()
	if err := control.Send(tunnel.AdvisorHello{Version: version, Client: "lotse"}); err != nil {
		return false, err
	}
	for {
		m, err := control.Receive()
		if err != nil {
			return came, err
		}
		switch m := m.(type) {
		case tunnel.AgentHello:
			if !m.Files {
				return true, errNoFiles
			}
			if !came {
				came = true
				err = s.offer(control)
			}
		case tunnel.FileState:
			s.changed(ctx, m)
		case tunnel.Bye:
			return true, errBye
		}
		if err != nil || s.left() == 0 {
			return came, err
		}
	}
}

// withdraw gives the files up and closes the stream.
func (s *sending) withdraw(control *tunnel.ControlConn) {
	for _, f := range s.offers {
		_ = control.Send(tunnel.FileCancel{ID: f.ID}) // of one that is over, it changes nothing
	}
	control.Close()
}

// offer offers what is not over.
func (s *sending) offer(control *tunnel.ControlConn) error {
	for _, f := range s.offers {
		if f.over() {
			continue
		}
		if err := control.Send(tunnel.FileOffer{ID: f.ID, Name: f.name, Size: f.Size}); err != nil {
			return err
		}
	}
	return nil
}

// changed carries out and prints what the customer's end reports of a file.
func (s *sending) changed(ctx context.Context, state tunnel.FileState) {
	for _, f := range s.offers {
		if f.ID != state.ID || f.over() {
			continue
		}
		before := f.state
		f.state = state
		language := s.p.language
		switch state.State {
		case tunnel.FileWaiting:
			s.p.tell(language.Text("cli.send.asked", f.name, language.Size(f.Size)))
		case tunnel.FileAccepted:
			if before.State == tunnel.FileWaiting || before.State == "" {
				s.p.tell(language.Text("cli.send.accepted", f.name))
			}
		case tunnel.FileWanted:
			s.wg.Go(func() { s.carry(ctx, f) })
		case tunnel.FileDone:
			if f.Sum() != state.SHA256 {
				f.state = tunnel.FileState{State: tunnel.FileEnded, Why: tunnel.FileDamaged}
				s.p.tell(language.Text("cli.send.ended", f.name, tunnel.FileDamaged))
				return
			}
			s.p.tell(language.Text("cli.send.done", f.name, state.SHA256))
		case tunnel.FileEnded:
			s.p.tell(language.Text("cli.send.ended", f.name, state.Why))
		}
	}
}

// carry sends a file over a stream of its own.
func (s *sending) carry(ctx context.Context, f *sentFile) {
	f.replace(nil) // the stream before may not have noticed its end
	f.sending.Lock()
	defer f.sending.Unlock()
	conn, err := s.end.open(ctx, tunnel.KindFile, false)
	if err != nil {
		if ctx.Err() == nil {
			s.p.complain(err)
		}
		return
	}
	f.replace(conn)
	defer f.replace(nil)
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	shown := s.progress(f)
	defer shown()
	if err := f.Send(conn); err != nil && ctx.Err() == nil && !errors.Is(err, io.EOF) {
		s.p.complain(say.Text("cli.send.broken", f.name, err))
	}
}

// progressEvery is how often a terminal shows how far a file is.
const progressEvery = time.Second / 2

// progress shows on a terminal how far a file is, until the returned function is called.
func (s *sending) progress(f *sentFile) (over func()) {
	if !marksOf(s.p.stderr).on {
		return func() {}
	}
	quit := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(progressEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				language := s.p.language
				fmt.Fprintf(s.p.stderr, "\r%s\x1b[K", say.Line(language.Text("cli.send.progress",
					f.name, language.Size(f.Counted()), language.Size(f.Size))))
			case <-quit:
				fmt.Fprint(s.p.stderr, "\r\x1b[K")
				return
			}
		}
	}()
	return func() { close(quit); <-done }
}
