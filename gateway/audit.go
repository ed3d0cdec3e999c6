package gateway

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// AuditRecord is one line of audit.jsonl. It never has a number, a secret or a
// token in it: a session is named by an identifier of its own.
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
)

// auditFile appends records to a file that only the operator reads.
type auditFile struct {
	log *slog.Logger

	mu   sync.Mutex
	file *os.File // Guarded by mu.
}

func openAudit(data string, log *slog.Logger) (*auditFile, error) {
	f, err := os.OpenFile(filepath.Join(data, "audit.jsonl"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("gateway: audit file: %w", err)
	}
	return &auditFile{log: log, file: f}, nil
}

// record writes r. A disk that is full must not end sessions, but it is an error.
func (a *auditFile) record(r AuditRecord) {
	r.Time = time.Now().UTC().Truncate(time.Millisecond)
	line, err := json.Marshal(r)
	if err == nil {
		a.mu.Lock()
		_, err = a.file.Write(append(line, '\n'))
		a.mu.Unlock()
	}
	if err != nil {
		a.log.Error("audit record not written", "event", r.Event, "error", err)
	}
}

func (a *auditFile) close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.file.Close()
}
