package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"lotse/agent"
	"lotse/agent/files"
	"lotse/i18n"
)

// receive saves the files that the customer has accepted and that are not being saved yet.
func (p *Panel) receive(ctx context.Context, s model, snap agent.Snapshot) {
	if p.Folder == "" {
		return
	}
	for _, f := range snap.Files {
		if f.State != files.Accepted || p.saving[f.ID] {
			continue
		}
		if p.saving == nil {
			p.saving = map[string]bool{}
		}
		p.saving[f.ID] = true
		p.saves.Go(func() { p.save(ctx, s, snap.Lang, f.Key) })
	}
}

// save saves one file, and says what became of it.
func (p *Panel) save(ctx context.Context, s model, l i18n.Language, key string) {
	var to *received
	err := s.SaveFile(ctx, key, func(f files.OfferedFile) io.Writer {
		to = receiveIn(p.Folder, f.Name)
		return to
	}, func() {})
	if to == nil {
		return // it was given up meanwhile
	}
	name, err := to.close(err)
	if err != nil {
		p.report(l.Text("agent.terminal.fileNotSaved", to.name, err))
		return
	}
	p.report(l.Text("agent.terminal.fileSaved", filepath.Join(p.Folder, name)))
}

// report hands a line to the goroutine that writes.
func (p *Panel) report(line string) {
	select {
	case p.reports <- line:
	case <-p.over:
	}
}

// received is a file that is being received. It has a name of its own until it is complete.
type received struct {
	folder string
	name   string // as offered; files.Name has cleaned it
	file   *os.File
	err    error // why it could not be opened
}

func receiveIn(folder, name string) *received {
	r := &received{folder: folder, name: name}
	r.file, r.err = os.CreateTemp(folder, "lotse-*.part")
	if r.err == nil {
		r.err = markForeign(r.file.Name())
	}
	return r
}

// Write implements io.Writer.
func (r *received) Write(b []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	return r.file.Write(b)
}

// close gives the file its name, or removes it if something failed; err is what failed so far.
func (r *received) close(err error) (name string, _ error) {
	if r.file == nil {
		return "", r.err
	}
	part := r.file.Name()
	err = errors.Join(err, r.err, r.file.Close())
	if err == nil {
		name, err = r.rename(part)
	}
	if err != nil {
		return "", errors.Join(err, os.Remove(part))
	}
	return name, nil
}

// maxSame is how many files with the same name may be in the folder.
const maxSame = 1000

// rename gives a complete file the first name that is free. It never replaces a file.
func (r *received) rename(part string) (string, error) {
	ending := filepath.Ext(r.name)
	for n := range maxSame {
		name := r.name
		if n > 0 {
			name = fmt.Sprintf("%s (%d)%s", strings.TrimSuffix(r.name, ending), n+1, ending)
		}
		place, err := os.OpenFile(filepath.Join(r.folder, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		place.Close()
		return name, os.Rename(part, filepath.Join(r.folder, name))
	}
	return "", fs.ErrExist
}

// markForeign marks a file as coming from the Internet where the system knows such a mark, as
// browsers do. Windows then warns before it opens the file. A file system that cannot keep the mark
// cannot receive files.
func markForeign(path string) error {
	if runtime.GOOS != "windows" {
		return nil
	}
	return os.WriteFile(path+":Zone.Identifier", []byte("[ZoneTransfer]\r\nZoneId=3\r\n"), 0o600)
}
