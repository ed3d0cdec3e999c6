package terminal

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"lotse/agent"
	"lotse/agent/files"
	"lotse/i18n"
)

// gives returns the path of the file that a typed line gives to the advisor: what follows "f" and a
// space. ok is false for any other line.
func gives(line string) (path string, ok bool) {
	command, path, ok := strings.Cut(line, " ")
	return strings.TrimSpace(path), ok && strings.EqualFold(command, "f")
}

// give gives a file to the advisor. If that fails, it says why.
func (p *Panel) give(s model, l i18n.Language, path string) {
	file, err := os.Open(path)
	if err != nil {
		p.say(l.Text("agent.terminal.notGiven", path, err))
		return
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New(l.Text("agent.terminal.noFile"))
	}
	if err != nil {
		file.Close()
		p.say(l.Text("agent.terminal.notGiven", path, err))
		return
	}
	p.saves.Go(func() {
		defer file.Close()
		var refused agent.FileRefusal
		err := s.GiveFile(p.ctx, filepath.Base(path), info.Size(), file, func(string) {})
		if errors.As(err, &refused) {
			p.report(l.Text("agent.terminal.notGiven", path, l.Text("agent.terminal.giveRefused", string(refused))))
		}
	})
}

// sayGiven writes what became of the files that the customer gives.
func (p *Panel) sayGiven(s agent.Snapshot) {
	for _, f := range s.Files {
		if !f.Given || p.given[f.ID] == f.State {
			continue
		}
		if p.given == nil {
			p.given = map[string]string{}
		}
		p.given[f.ID] = f.State
		switch f.State {
		case files.Done:
			p.say(s.Lang.Text("agent.terminal.fileTaken", f.Name, f.SHA256))
		case files.Ended:
			p.say(s.Lang.Text("agent.terminal.fileNotTaken", f.Name))
		case files.Saving:
			p.say(s.Lang.Text("agent.terminal.fileLeaving", f.Name))
		case files.Accepted:
			p.say(s.Lang.Text("agent.terminal.fileGiven", f.Name))
		}
	}
}
