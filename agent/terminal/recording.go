package terminal

import (
	"io"
	"path/filepath"

	"lotse/agent"
	"lotse/agent/files"
	"lotse/i18n"
	"lotse/partfile"
)

// sayRecording writes what has changed about the recording.
func (p *Panel) sayRecording(l i18n.Language, old, now *agent.Recording) {
	was, is := agent.Recording{}, agent.Recording{}
	if old != nil {
		was = *old
	}
	if now != nil {
		is = *now
	}
	switch {
	case was.Running == is.Running && was.Held == is.Held:
	case !is.Running:
		p.say(l.Text("agent.terminal.recordOver"))
	case is.Held:
		p.say(l.Text("agent.terminal.recordHeld"))
	default:
		p.say(l.Text("agent.terminal.recordKeys"))
	}
}

// saveRecording saves the recording into the folder, as it grows.
func (p *Panel) saveRecording(s model, snap agent.Snapshot) {
	l := snap.Lang
	switch {
	case p.Folder == "":
		p.say(l.Text("agent.terminal.recordNoFolder"))
		return
	case snap.Recording == nil || snap.Recording.Key == "":
		p.say(l.Text("agent.terminal.recordNoSave"))
		return
	}
	p.say(l.Text("agent.terminal.recordSaving"))
	p.saves.Go(func() {
		var to *partfile.File
		called := ""
		err := s.SaveFile(p.ctx, snap.Recording.Key, func(f files.OfferedFile) io.Writer {
			called, to = f.Name, partfile.Create(p.Folder, f.Name)
			return to
		}, func() {})
		if to == nil {
			p.report(l.Text("agent.terminal.recordNoSave"))
			return
		}
		name, err := to.Close(err)
		if err != nil {
			p.report(l.Text("agent.terminal.fileNotSaved", called, err))
			return
		}
		p.report(l.Text("agent.terminal.fileSaved", filepath.Join(p.Folder, name)))
	})
}
