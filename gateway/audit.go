package gateway

import (
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"
)

// AuditRecord is one line of the audit trail, audit.jsonl in the data folder, except for the last
// field, the chain (auditchain.go). It never contains a number, a secret or a token: Session is an
// identifier used for nothing else.
type AuditRecord struct {
	Time    time.Time `json:"time"`
	Event   string    `json:"event"` // one of the Audit constants
	Account string    `json:"account,omitempty"`
	Session string    `json:"session,omitempty"`
	From    string    `json:"from,omitempty"`
	Kind    string    `json:"kind,omitempty"`   // of a stream
	Door    string    `json:"door,omitempty"`   // of a stream
	Reason  string    `json:"reason,omitempty"` // of an end or a refusal
	Bytes   int64     `json:"bytes,omitempty"`  // of a stream, both directions
	Seconds int64     `json:"seconds,omitempty"`

	// Set in a line that summarizes many: the number of similar events within Seconds, the first
	// few networks they came from, and the number of other networks. AuditLost also uses Folded.
	Folded   int64    `json:"folded,omitempty"`
	Networks []string `json:"networks,omitempty"`
	Others   int      `json:"other_networks,omitempty"`

	// Set with AuditFile, the first line of each file: the file's number, the number of the oldest
	// file kept, and the chain of the line before it.
	File     int    `json:"file,omitempty"`
	Oldest   int    `json:"oldest,omitempty"`
	Previous string `json:"previous,omitempty"`
}

// Events of AuditRecord.
const (
	AuditStart         = "gateway_started"
	AuditStop          = "gateway_stopped"
	AuditSignIn        = "signed_in"
	AuditSignInRefused = "sign_in_refused"
	AuditSignOut       = "signed_out"
	AuditOpened        = "session_opened"
	AuditEnter         = "number_entered"
	AuditRefused       = "entering_refused"
	AuditJoined        = "customer_joined"
	AuditAway          = "customer_away"
	AuditResumed       = "customer_resumed"
	AuditStream        = "stream_opened"
	AuditStreamEnd     = "stream_ended"
	AuditEnded         = "session_ended"
	AuditPassword      = "viewer_password_made"
	AuditToken         = "viewer_address_made"
	AuditViewer        = "viewer_admitted"
	AuditViewerRefused = "viewer_refused"
	AuditForeign       = "foreign_opened"
	AuditForeignServer = "foreign_server"
	AuditFile          = "audit_file"      // a file starts
	AuditRecovered     = "audit_recovered" // the last line was incomplete, most likely after a crash
	AuditBroken        = "audit_broken"    // earlier lines were changed
	AuditLost          = "audit_lost"      // lines that could not be written
)

// auditQueue is the maximum number of records that wait to be written.
const auditQueue = 4096

// auditTick is the interval at which folded records are checked and the file is synced to disk.
const auditTick = time.Second

// auditTrail writes the records of a running gateway. record never blocks, neither on the disk nor
// on other callers. Only run writes.
type auditTrail struct {
	// Static after openAudit.
	log   *slog.Logger
	clock Clock
	queue chan AuditRecord // never closed
	stop  chan struct{}    // closed by finish
	lost  atomic.Int64
	// failures counts failed writes.
	failures atomic.Int64

	// Owned by run.
	fold *auditFold
	file *auditFile
	told time.Time // when a failure was last logged
}

// openAudit continues the trail in the data folder. Each file has about size bytes; the newest
// files are kept, as many as files says.
func openAudit(data string, size int64, files int, log *slog.Logger, clock Clock) (*auditTrail, error) {
	f, err := openAuditFile(data, size, files, log, clock)
	if err != nil {
		return nil, fmt.Errorf("gateway: audit trail: %w", err)
	}
	return &auditTrail{log: log, clock: clock, queue: make(chan AuditRecord, auditQueue), stop: make(chan struct{}), fold: newAuditFold(), file: f}, nil
}

// record queues r to be written. If the queue is full, r is counted and reported as AuditLost
// later.
func (a *auditTrail) record(r AuditRecord) {
	r.Time = a.clock.Now().UTC().Truncate(time.Millisecond)
	select {
	case a.queue <- r:
	default:
		a.lost.Add(1)
	}
}

// run writes until finish is called and the queue is empty. A full disk ends no session: it is
// logged as an error, and the number of lost records is written as soon as there is space.
func (a *auditTrail) run() {
	tick := newTicker(a.clock, auditTick)
	defer tick.stop()
	for {
		select {
		case r := <-a.queue:
			a.take(r)
		case <-tick.C:
			a.write(a.fold.due(a.clock.Now()))
			a.report(a.file.settle())
			tick.arm()
		case <-a.stop:
			a.drain()
			return
		}
	}
}

// take writes r and the queued records in one write.
func (a *auditTrail) take(r AuditRecord) {
	now := a.clock.Now()
	out := a.fold.add(nil, r, now)
	for range len(a.queue) {
		out = a.fold.add(out, <-a.queue, now)
	}
	a.write(append(out, a.fold.due(now)...))
}

func (a *auditTrail) drain() {
	for len(a.queue) > 0 {
		a.take(<-a.queue)
	}
	a.write(a.fold.all(a.clock.Now()))
	a.report(a.file.settle())
}

func (a *auditTrail) write(records []AuditRecord) {
	if n := a.lost.Swap(0); n > 0 {
		records = append(records, AuditRecord{Time: a.clock.Now().UTC().Truncate(time.Millisecond), Event: AuditLost, Folded: n})
	}
	if len(records) == 0 {
		return
	}
	err := a.file.append(records)
	if err != nil {
		for _, r := range records {
			a.lost.Add(1)
			if r.Event == AuditLost {
				a.lost.Add(r.Folded - 1)
			}
		}
	}
	if err != nil {
		a.failures.Add(1)
	}
	a.report(err)
}

// report logs a failure, at most once a minute.
func (a *auditTrail) report(err error) {
	if now := a.clock.Now(); err != nil && now.Sub(a.told) >= time.Minute {
		a.told = now
		a.log.Error("audit records not written; sessions go on", "error", err)
	}
}

// finish makes run return; it is called once. close is called after run has returned, or if run was
// never started.
func (a *auditTrail) finish() { close(a.stop) }

func (a *auditTrail) close() error { return a.file.close() }
