// Package audit is the gateway's audit trail: who did what and when, in lines that are
// chained by hashes, so that a change of what was written is found.
package audit

import (
	"fmt"
	"log/slog"
	"net/netip"
	"sync/atomic"
	"time"

	"lotse/gateway/clock"
)

// Record is one line of the audit trail, audit.jsonl in the data folder, without
// the chain that is its last field (chain.go). It never has a number, a secret or
// a token in it: a session is named by an identifier of its own.
type Record struct {
	Time    time.Time `json:"time"`
	Event   string    `json:"event"` // one of the constants below
	Account string    `json:"account,omitempty"`
	Session string    `json:"session,omitempty"`
	From    string    `json:"from,omitempty"`
	Kind    string    `json:"kind,omitempty"`   // of a stream
	Door    string    `json:"door,omitempty"`   // of a stream
	Reason  string    `json:"reason,omitempty"` // of an end or a refusal
	Bytes   int64     `json:"bytes,omitempty"`  // of a stream, both directions
	Seconds int64     `json:"seconds,omitempty"`

	// Of a flood: so many more like it came within Seconds, from these networks (the
	// first few) and so many others. Lost has the count, too.
	Folded   int64    `json:"folded,omitempty"`
	Networks []string `json:"networks,omitempty"`
	Others   int      `json:"other_networks,omitempty"`

	// Of File, the first line of each file: its number, the oldest one that is
	// kept, and the chain of the line before it.
	File     int    `json:"file,omitempty"`
	Oldest   int    `json:"oldest,omitempty"`
	Previous string `json:"previous,omitempty"`
}

// Events of a Record.
const (
	Start         = "gateway_started"
	Stop          = "gateway_stopped"
	SignIn        = "signed_in"
	SignInRefused = "sign_in_refused"
	SignOut       = "signed_out"
	Opened        = "session_opened"
	Enter         = "number_entered"
	Refused       = "entering_refused"
	Joined        = "customer_joined"
	Away          = "customer_away"
	Resumed       = "customer_resumed"
	Stream        = "stream_opened"
	StreamEnd     = "stream_ended"
	Ended         = "session_ended"
	Admitted      = "colleague_admitted" // the reason is the colleague's account
	Expelled      = "colleague_expelled" // the reason is the colleague's account
	Passed        = "session_passed"     // the reason is the account that had it before
	Answered      = "customer_answered"  // the question after a session; the reason is the answer
	Password      = "viewer_password_made"
	Token         = "viewer_address_made"
	Viewer        = "viewer_admitted"
	ViewerRefused = "viewer_refused"
	Foreign       = "foreign_opened"
	ForeignServer = "foreign_server"
	File          = "audit_file"      // a file begins
	Recovered     = "audit_recovered" // the last line was torn, by a crash most likely
	Broken        = "audit_broken"    // what was written before is not what it was
	Lost          = "audit_lost"      // lines that could not be written
)

// queueLength bounds what waits for the disk.
const queueLength = 4096

// tickEvery is how often what was folded is looked at, and what was written is made
// sure to be on the disk.
const tickEvery = time.Second

// Trail writes the records of a running gateway. Record never waits, neither for
// the disk nor for anybody else who records; Run is the one writer.
type Trail struct {
	// Static after Open.
	log   *slog.Logger
	clock clock.Clock
	queue chan Record   // never closed
	stop  chan struct{} // closed by Finish
	lost  atomic.Int64
	// failures counts writes that the disk refused.
	failures atomic.Int64

	// Owned by Run.
	fold *folding
	file *trailFile
	told time.Time // when a failure was logged last
}

// Config says where a trail is and how large it gets.
type Config struct {
	Folder string // the data folder
	Size   int64  // of a file, in bytes, or little more
	Files  int    // so many older ones are kept
	Log    *slog.Logger
	Clock  clock.Clock
	// Network names the network of an address: that of one stranger.
	Network func(netip.Addr) string
}

// Open continues the trail in the data folder. The caller calls Run, Finish and Close, in
// this order, or Close alone.
func Open(cfg Config) (*Trail, error) {
	f, err := openFile(cfg.Folder, cfg.Size, cfg.Files, cfg.Log, cfg.Clock)
	if err != nil {
		return nil, fmt.Errorf("gateway: audit trail: %w", err)
	}
	return &Trail{
		log: cfg.Log, clock: cfg.Clock, queue: make(chan Record, queueLength),
		stop: make(chan struct{}), fold: newFolding(cfg.Network), file: f,
	}, nil
}

// Record writes r down, soon. What finds the queue full is counted and told later.
func (a *Trail) Record(r Record) {
	r.Time = a.clock.Now().UTC().Truncate(time.Millisecond)
	select {
	case a.queue <- r:
	default:
		a.lost.Add(1)
	}
}

// Run writes until Finish is called and the queue is empty. A disk that is full ends
// no session: it is an error in the log, and a line as soon as there is room again.
func (a *Trail) Run() {
	tick := clock.NewTicker(a.clock, tickEvery)
	defer tick.Stop()
	for {
		select {
		case r := <-a.queue:
			a.take(r)
		case <-tick.C:
			a.write(a.fold.due(a.clock.Now()))
			a.report(a.file.settle())
			tick.Arm()
		case <-a.stop:
			a.drain()
			return
		}
	}
}

// take writes a record and those that wait behind it, in one piece.
func (a *Trail) take(r Record) {
	now := a.clock.Now()
	out := a.fold.add(nil, r, now)
	for range len(a.queue) {
		out = a.fold.add(out, <-a.queue, now)
	}
	a.write(append(out, a.fold.due(now)...))
}

func (a *Trail) drain() {
	for len(a.queue) > 0 {
		a.take(<-a.queue)
	}
	a.write(a.fold.all(a.clock.Now()))
	a.report(a.file.settle())
}

// Failures is how many writes the disk refused. It may be called at any time.
func (a *Trail) Failures() int64 { return a.failures.Load() }

func (a *Trail) write(records []Record) {
	if n := a.lost.Swap(0); n > 0 {
		now := a.clock.Now().UTC().Truncate(time.Millisecond)
		records = append(records, Record{Time: now, Event: Lost, Folded: n})
	}
	if len(records) == 0 {
		return
	}
	err := a.file.append(records)
	if err != nil {
		for _, r := range records {
			a.lost.Add(1)
			if r.Event == Lost {
				a.lost.Add(r.Folded - 1)
			}
		}
	}
	if err != nil {
		a.failures.Add(1)
	}
	a.report(err)
}

// report logs a failure, once a minute.
func (a *Trail) report(err error) {
	if now := a.clock.Now(); err != nil && now.Sub(a.told) >= time.Minute {
		a.told = now
		a.log.Error("audit records not written; sessions go on", "error", err)
	}
}

// Finish lets Run end; it is called once. Close is for after that, or without Run.
func (a *Trail) Finish() { close(a.stop) }

// Close closes the files.
func (a *Trail) Close() error { return a.file.close() }
