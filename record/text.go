package record

import (
	"fmt"
	"strings"
	"time"

	"lotse/i18n"
	"lotse/plaintext"
)

// maxWords limits a name or a text of others in a sentence, in characters.
const maxWords = 1000

// InWords returns the record as people read it, in the language lang, with times of the zone where.
// It ends with the hash, which is the same in all languages and, of a complete record, at both
// sides.
func (l *Log) InWords(lang i18n.Language, where *time.Location) string {
	var b strings.Builder
	fmt.Fprintln(&b, lang.Text("record.title"))
	for _, e := range l.Entries() {
		if e.Event == Begin {
			fmt.Fprintln(&b, lang.Text("record.gateway", clean(e.Gateway)))
			if who := e.Who.named(); who != "" {
				fmt.Fprintln(&b, lang.Text("record.advisor", who))
			}
			fmt.Fprintln(&b)
			continue
		}
		fmt.Fprintln(&b, e.Time.In(where).Format("2006-01-02 15:04:05")+"  "+e.Words(lang))
	}
	fmt.Fprintln(&b)
	fmt.Fprintln(&b, lang.Text("record.hash", len(l.lines), l.SHA256()))
	if l.over {
		fmt.Fprintln(&b, lang.Text("record.same"))
	} else {
		fmt.Fprintln(&b, lang.Text("record.incomplete"))
	}
	for i, e := range l.own {
		if i == 0 {
			fmt.Fprint(&b, "\n"+lang.Text("record.note")+"\n")
		}
		fmt.Fprintln(&b, clean(e.Text))
	}
	return b.String()
}

// clean makes a text of the other side safe to show.
func clean(s string) string { return plaintext.Line(s, maxWords) }

// named returns an advisor's name and company.
func (p *Person) named() string {
	if p == nil {
		return ""
	}
	name := p.Display
	if name == "" {
		name = p.Name
	}
	if p.Company != "" {
		name += ", " + p.Company
	}
	return clean(name)
}

// Words returns what e says, without its time, in the language l.
func (e Entry) Words(l i18n.Language) string {
	who, what := l.Text("record.by", e.By), l.Text("record.right", e.Right)
	switch e.Event {
	case Joined:
		return l.Text("record.joined", clean(e.Code))
	case Accepted:
		if e.Terms != nil {
			return l.Text("record.terms", clean(e.Terms.Version), clean(e.Terms.SHA256))
		}
	case Named:
		if e.Who != nil {
			return l.Text("record.customer", clean(e.Who.User), clean(e.Who.Host), clean(e.Who.System))
		}
	case Shown:
		if e.Share != nil {
			return l.Text("record.shown", e.Share.words(l))
		}
	case Asked:
		return l.Text("record.asked", what)
	case Given:
		return l.Text("record.allowed", who, what)
	case Refused:
		return l.Text("record.refused", who, what)
	case TimedOut:
		return l.Text("record.silence", what)
	case Taken:
		return l.Text("record.taken", who, what)
	case Returned:
		return l.Text("record.returned", who, what)
	case FileAccepted, FileSaved, FileNotSaved:
		if e.File != nil {
			return e.File.words(e.Event, l)
		}
	case Held:
		return l.Text("record.held")
	case Continued:
		return l.Text("record.continued")
	case Recorded:
		if r := e.Recording; r != nil {
			signed := "agent"
			if r.AdvisorSignature != "" {
				signed = "both"
			}
			return l.Text("record.recording", l.Size(r.Size), signed)
		}
	case Away:
		return l.Text("record.away")
	case Back:
		return l.Text("record.back")
	case Paused:
		return l.Text("record.paused")
	case Resumed:
		return l.Text("record.resumed")
	case ColleagueAsked, ColleagueAllowed, ColleagueRefused, ColleagueCame, ColleagueLeft, ControlPassed, SessionPassed:
		return e.colleague(l)
	case LeftOut:
		return l.Text("record.more", e.Count)
	case Over:
		return l.Text("record.over", e.Reason)
	}
	return l.Text("record.other", clean(e.Event))
}

// colleague returns what an entry about another advisor says.
func (e Entry) colleague(l i18n.Language) string {
	who := e.Who.named()
	switch e.Event {
	case ColleagueAsked:
		return l.Text("record.colleagueAsked", who, e.For)
	case ColleagueAllowed:
		return l.Text("record.colleagueAllowed", who)
	case ColleagueRefused:
		return l.Text("record.colleagueRefused", e.Why, who)
	case ColleagueCame:
		return l.Text("record.colleagueCame", who)
	case ColleagueLeft:
		return l.Text("record.colleagueLeft", who, e.Why)
	case ControlPassed:
		return l.Text("record.controlPassed", who)
	}
	return l.Text("record.sessionPassed", who)
}

func (s *Share) words(l i18n.Language) string {
	names := clean(strings.Join(s.Names, ", "))
	switch {
	case s.Kind == "apps" && names != "":
		return l.Text("record.share.apps", names)
	case s.Kind == "apps":
		return l.Text("record.share.some")
	case s.Kind == "monitor":
		return l.Text("record.share.monitor", names)
	}
	return l.Text("record.share.screen")
}

func (f *File) words(event string, l i18n.Language) string {
	name, size := clean(f.Name), l.Size(f.Size)
	given := f.To == "advisor"
	switch {
	case event == FileAccepted && given:
		return l.Text("record.fileGiven", name, size)
	case event == FileAccepted:
		return l.Text("record.fileAccepted", name, size)
	case event == FileSaved && given:
		return l.Text("record.fileTaken", name, size, clean(f.SHA256))
	case event == FileSaved:
		return l.Text("record.fileDone", name, size, clean(f.SHA256))
	case given:
		return l.Text("record.fileNotTaken", name, size)
	}
	return l.Text("record.fileEnded", f.Why, name, size)
}
