package terminal

import (
	"context"
	"io"
	"path/filepath"

	"lotse/agent"
	"lotse/agent/files"
	"lotse/i18n"
	"lotse/partfile"
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
	var to *partfile.File
	offered := ""
	err := s.SaveFile(ctx, key, func(f files.OfferedFile) io.Writer {
		offered = f.Name
		to = partfile.Create(p.Folder, f.Name)
		return to
	}, func() {})
	if to == nil {
		return // it was given up meanwhile
	}
	name, err := to.Close(err)
	if err != nil {
		p.report(l.Text("agent.terminal.fileNotSaved", offered, err))
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
