package gateway

import (
	"errors"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"lotse/gateway/clock"
	"lotse/tunnel"
)

// wireQueue is the maximum number of messages queued for a peer that does not read.
const wireQueue = 64

// wire is the gateway's side of an agent's or owner's link. Messages of the directory are queued,
// so that it never waits for the network while it holds its lock.
type wire struct {
	// Static after newWire.
	link *tunnel.Link
	out  chan letter   // never closed
	done chan struct{} // closed by abort
	once sync.Once
}

// letter is one queued message. If last is set, the link is closed after it.
type letter struct {
	message any // nil: none
	last    bool
	reason  string
}

func newWire(link *tunnel.Link) *wire {
	return &wire{link: link, out: make(chan letter, wireQueue), done: make(chan struct{})}
}

// send queues a message. If the queue is full, the link is aborted.
func (w *wire) send(message any) { w.put(letter{message: message}) }

// finish queues a last message, after which the link is closed.
func (w *wire) finish(message any, reason string) {
	w.put(letter{message: message, last: true, reason: reason})
}

func (w *wire) put(l letter) {
	select {
	case <-w.done:
	default:
		select {
		case w.out <- l:
		default:
			w.abort()
		}
	}
}

// abort ends the link without a message.
func (w *wire) abort() { w.once.Do(func() { close(w.done) }) }

// writeLoop sends messages until the link ends, and starts closing the link.
func (w *wire) writeLoop() {
	for {
		select {
		case <-w.done:
			w.link.CloseReason(websocket.CloseGoingAway, "")
			return
		case l := <-w.out:
			if l.message != nil {
				if err := w.link.Send(l.message); err != nil {
					_ = w.link.Close()
					return
				}
			}
			if l.last {
				// The reader receives the answer and closes the connection.
				w.link.SetReadDeadline(time.Now().Add(farewell))
				w.link.SayClose(websocket.CloseNormalClosure, l.reason)
				return
			}
		}
	}
}

var errTooFast = errors.New("gateway: too many messages")

// run reads messages and gives them to handle until the link ends, and returns
// after both its goroutines.
func (w *wire) run(clock clock.Clock, handle func([]byte) error) error {
	var writer sync.WaitGroup
	writer.Go(w.writeLoop)
	defer writer.Wait()
	defer w.abort()
	defer w.link.Close()
	tokens, at := float64(linkBurst), clock.Now()
	for {
		b, err := w.link.Receive()
		if err != nil {
			return err
		}
		now := clock.Now()
		tokens = min(linkBurst, tokens+linkRate*now.Sub(at).Seconds()) - 1
		at = now
		if tokens < 0 {
			err = errTooFast
		} else {
			err = handle(b)
		}
		if err != nil {
			w.link.CloseReason(websocket.ClosePolicyViolation, err.Error())
			return err
		}
	}
}
