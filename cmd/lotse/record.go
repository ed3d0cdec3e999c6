package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"lotse/cmd/lotse/say"
	"lotse/i18n"
	"lotse/record"
	"lotse/tunnel"
)

// recordFile saves the record of a session under two names: as text, and as JSON lines, which
// programs read. Methods may be called concurrently.
type recordFile struct {
	name     string // without ending; "": nothing is saved
	language i18n.Language

	mu     sync.Mutex
	log    record.Log // Guarded by mu.
	broken bool       // Guarded by mu; lines did not fit, and no more are taken.
}

// Endings of a record's files.
const (
	recordText = ".txt"
	recordJSON = ".jsonl"
)

// check returns an error if the record could not be saved later.
func (r *recordFile) check() error {
	if r.name == "" {
		return nil
	}
	for _, ending := range []string{recordText, recordJSON} {
		if _, err := os.Lstat(r.name + ending); !errors.Is(err, fs.ErrNotExist) {
			return say.Text("cli.session.recordExists", r.name+ending)
		}
	}
	if info, err := os.Stat(filepath.Dir(r.name)); err != nil || !info.IsDir() {
		return say.Text("cli.session.recordFolder", filepath.Dir(r.name))
	}
	return nil
}

// take adds lines of the customer's end. It returns an error once, if they do not fit; then the
// record ends with those before.
func (r *recordFile) take(m tunnel.RecordLines) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.broken {
		return nil
	}
	_, err := r.log.Take(m.First, m.Lines)
	r.broken = err != nil
	return err
}

// note adds the advisor's own words.
func (r *recordFile) note(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log.Note(text, time.Now())
}

// save writes both files if a customer has joined. It replaces no file.
func (r *recordFile) save() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.name == "" || r.log.Len() == 0 {
		return nil
	}
	err := writeNew(r.name+recordText, r.log.InWords(r.language, time.Local))
	return errors.Join(err, writeNew(r.name+recordJSON, r.log.JSON()))
}

// writeNew creates a file that only its owner can read.
func writeNew(name, content string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return say.Text("cli.session.recordNotSaved", name, err)
	}
	_, err = f.WriteString(content)
	if err = errors.Join(err, f.Close()); err != nil {
		return say.Text("cli.session.recordNotSaved", name, err)
	}
	return nil
}
