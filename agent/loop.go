package agent

// A session is a loop: one goroutine owns its state (state.go), and nothing else
// reads or changes it.
//
//	panels, control streams, viewers, devices, timers, the gateway
//	   │ events, one at a time
//	   ▼
//	loop.run ──► event.in(state) ──► consent.Next
//	   │
//	   ├─► rights: rfb.Conn.SetRights, guard.Suspend   at once; neither waits
//	   ├─► effects: release keys, grab the hot key     in order, on a goroutine of its own
//	   ├─► control streams: messages are queued        a full queue cuts the stream
//	   └─► moment: what everybody else sees            an immutable value
//
// The loop never calls the display, a socket or a panel. So it answers an F12 and an
// End at once, whatever else hangs: TestLoopCallsNobody.

// event is something that happened. in runs on the loop; it must not wait for
// anything but the processor.
type event interface{ in(*state) }

// loop processes events. Make it with newLoop.
type loop struct {
	events chan handled
	quit   chan struct{} // closed: no more events are taken
	done   chan struct{} // closed when run has returned
}

// handled is an event whose sender waits for it.
type handled struct {
	event event
	done  chan struct{} // closed when the event was processed
}

func newLoop() *loop {
	return &loop{events: make(chan handled), quit: make(chan struct{}), done: make(chan struct{})}
}

// send has e processed and returns when that is done, its effects on rights
// included. After the loop's end it does nothing. It must not be called on the loop.
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
			st.publish()
			close(h.done)
		case <-l.quit:
			return
		}
	}
}

// stop ends run and returns after it. Nobody may send then who expects an answer.
func (l *loop) stop() {
	close(l.quit)
	<-l.done
}
