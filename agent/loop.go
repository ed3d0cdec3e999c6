package agent

// A session is a loop: one goroutine owns its state (state.go), and no other goroutine reads or
// changes it.
//
//	panels, control streams, viewers, devices, timers, the gateway
//	   │ events, one at a time
//	   ▼
//	loop.run ──► event.in(state) ──► consent.Next
//	   │
//	   ├─► rights: rfb.Conn.SetRights, guard.Suspend   at once; neither blocks
//	   ├─► effects: release keys, grab the hot key     in order, on their own goroutine
//	   ├─► control streams: messages are queued        a stream with a full queue is closed
//	   └─► moment: what everybody else sees            an immutable value
//
// The loop never calls the display, a socket or a panel. So it reacts to F12 and to End at
// once, even if any of them hangs: TestLoopCallsNobody.

// event is something that happened. in runs on the loop and must not block.
type event interface{ in(*state) }

// loop processes events. Create one with newLoop.
type loop struct {
	events chan handled
	quit   chan struct{} // closed: no more events are accepted
	done   chan struct{} // closed when run has returned
}

// handled is an event whose sender waits for it.
type handled struct {
	event event
	done  chan struct{} // closed when the event has been processed
}

func newLoop() *loop {
	return &loop{events: make(chan handled), quit: make(chan struct{}), done: make(chan struct{})}
}

// send passes e to the loop and returns when e has been processed and its effects on rights are
// complete. After the loop's end it does nothing. It must not be called on the loop.
func (l *loop) send(e event) {
	h := handled{e, make(chan struct{})}
	select {
	case l.events <- h:
		<-h.done
	case <-l.quit:
	}
}

// run processes events until stop is called.
func (l *loop) run(st *state) {
	defer close(l.done)
	for {
		select {
		case h := <-l.events:
			h.event.in(st)
			st.controls.offers.advance(st)
			st.controls.parties.advance(st)
			st.publish()
			close(h.done)
		case <-l.quit:
			return
		}
	}
}

// stop ends run and returns after it. Later events are ignored, so no sender may depend on
// their result after that.
func (l *loop) stop() {
	close(l.quit)
	<-l.done
}
