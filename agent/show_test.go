package agent

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lotse/consent"
	"lotse/screen"
)

// offered is the advisor's end of a show stream.
type offered struct {
	net.Conn
	over chan struct{} // closed when the agent has finished with the stream
}

func (d *desk) offer(ctx context.Context) *offered {
	here, there := net.Pipe()
	o := &offered{Conn: here, over: make(chan struct{})}
	go func() {
		defer close(o.over)
		d.serveShow(ctx, there)
	}()
	return o
}

// panelView is a panel that looks at the advisor's screen.
type panelView struct {
	mu    sync.Mutex
	got   bytes.Buffer
	ended bool
}

func (p *panelView) look(d *desk) io.WriteCloser {
	return d.Look(context.Background(), func(b []byte) error {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.ended {
			return errors.New("gone")
		}
		p.got.Write(b)
		return nil
	}, func() { p.mu.Lock(); p.ended = true; p.mu.Unlock() })
}

func (p *panelView) has() (string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.got.String(), p.ended
}

func TestShowNeedsAYes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Config{})
		o := d.offer(t.Context())
		if _, err := io.WriteString(o, "RFB 003.008\n"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		var p panelView
		if d.questionID() == "" || p.look(d) != nil {
			t.Fatal("shown without a yes")
		}
		d.allow(t)
		sh := p.look(d)
		if sh == nil || d.state1().Direction != "advisor" {
			t.Fatalf("not shown after the yes: %+v", d.state1())
		}
		go func() { _, _ = io.WriteString(o, "picture") }()
		synctest.Wait()
		if got, _ := p.has(); got != "RFB 003.008\npicture" {
			t.Errorf("the panel got %q", got)
		}
		heard := make([]byte, 5)
		go func() { _, _ = sh.Write([]byte("hello")) }()
		if _, err := io.ReadFull(o, heard); err != nil || string(heard) != "hello" {
			t.Errorf("the advisor's end heard %q, %v", heard, err)
		}
		o.Close()
		<-o.over
		synctest.Wait()
		if _, ended := p.has(); !ended || d.rights().Show || d.state1().Direction != "none" {
			t.Error("the show outlives its stream")
		}
	})
}

func TestShowRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Config{})
		o := d.offer(t.Context())
		synctest.Wait()
		d.answer(t, screen.Answer{})
		<-o.over
		if _, err := o.Read(make([]byte, 1)); err == nil {
			t.Error("the refused stream goes on")
		}
	})
}

func TestShowWithdrawn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Config{})
		o := d.offer(t.Context())
		synctest.Wait()
		o.Close()
		<-o.over
		if d.questionID() != "" {
			t.Error("the question outlives the offer")
		}
	})
}

func TestShowOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Config{})
		first := d.offer(t.Context())
		synctest.Wait()
		second := d.offer(t.Context())
		<-second.over
		if d.questionID() == "" {
			t.Error("the second offer took the first one's question away")
		}
		first.Close()
		<-first.over
	})
}

func TestShowBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Config{})
		o := d.offer(t.Context())
		synctest.Wait()
		_, _ = o.Write(make([]byte, maxEarly+1)) // before a panel looks
		<-o.over
		if d.questionID() != "" {
			t.Error("an end that says too much is still asked about")
		}

		// Nobody looks after the yes.
		o = d.offer(t.Context())
		synctest.Wait()
		d.allow(t)
		time.Sleep(lookTimeout + time.Second)
		<-o.over
		if d.rights().Show {
			t.Error("shown to nobody")
		}
	})
}

// TestTurn checks that one view direction ends before the other begins.
func TestTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Config{})
		o := d.offer(t.Context())
		synctest.Wait()
		d.allow(t)
		var p panelView
		if p.look(d) == nil {
			t.Fatal("not shown")
		}
		d.ask(consent.View)
		if d.state1().Direction != "advisor" {
			t.Error("the wish alone turned the view")
		}
		d.allow(t)
		<-o.over
		if _, ended := p.has(); !ended || d.rights().Show || !d.rights().View || d.state1().Direction != "customer" {
			t.Errorf("turned: %+v", d.state1())
		}

		// The direction changes back: nothing of the customer's screen can be seen any more.
		o = d.offer(t.Context())
		synctest.Wait()
		if d.state1().Direction != "customer" {
			t.Error("the offer alone turned the view")
		}
		d.allow(t)
		if d.rights().View || d.Thumbnail() != nil || d.state1().Share != nil || d.state1().Direction != "advisor" {
			t.Errorf("turned back: %+v", d.state1())
		}
		var again panelView
		sh := again.look(d)
		if sh == nil {
			t.Fatal("not shown again")
		}
		// A second panel cannot join a connection that has begun; the show ends.
		if again.look(d) != nil {
			t.Error("two panels share one conversation")
		}
		<-o.over
	})
}

// TestShowToAStuckPanel checks that a panel which accepts no bytes delays neither the end of
// the show nor the customer's commands.
func TestShowToAStuckPanel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Config{})
		o := d.offer(t.Context())
		synctest.Wait()
		d.allow(t)
		stuck := make(chan struct{})
		looked := make(chan io.WriteCloser)
		go func() { looked <- d.Look(context.Background(), func([]byte) error { <-stuck; return nil }, func() {}) }()
		synctest.Wait()
		began := time.Now()
		_ = d.Do(Take{consent.Show})
		if took := time.Since(began); took > 0 || d.rights().Show {
			t.Errorf("taking it back took %v, rights %+v", took, d.rights())
		}
		<-o.over
		close(stuck)
		<-looked
	})
}
