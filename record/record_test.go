package record

import (
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"lotse/fbs"
	"lotse/i18n"
)

var update = flag.Bool("update", false, "write testdata/vectors.json")

// vectors are a record, its hash and its text, for this package and its twin in TypeScript.
type vectors struct {
	Lines  []string          `json:"lines"`
	SHA256 string            `json:"sha256"`
	Note   string            `json:"note"`
	NoteAt time.Time         `json:"noteAt"`
	Text   map[string]string `json:"text"` // by language, in UTC
	JSON   string            `json:"json"`
}

// entries has each event, and each field with an odd value.
func entries() []Entry {
	all := []Entry{
		{Event: Begin, Version: 1, Gateway: "support.example.com", Who: &Person{Name: "anna", Display: "Anna Groß", Company: "Example & Söhne <GmbH>"}},
		{Event: Accepted, Terms: &Terms{Version: "2026-11", SHA256: "56ef", At: time.Date(2026, 11, 30, 8, 59, 0, 0, time.UTC)}},
		{Event: Joined, Code: "0412"},
		{Event: Asked, Right: "view"},
		{Event: Shown, Share: &Share{Kind: "apps", Names: []string{"Editor", "Brief \u202e\"3\".txt"}}},
		{Event: Given, Right: "view", By: "customer"},
		{Event: Named, Who: &Person{User: "erika", Host: "pc-7", System: "windows/amd64"}},
		{Event: Shown, Share: &Share{Kind: "monitor", Names: []string{"HDMI-1"}}},
		{Event: Shown, Share: &Share{Kind: "screen"}},
		{Event: Shown, Share: &Share{Kind: "apps"}},
		{Event: Refused, Right: "control", By: "auto"},
		{Event: TimedOut, Right: "clipboard"},
		{Event: Taken, Right: "control", By: "key"},
		{Event: Returned, Right: "show", By: "advisor"},
		{Event: ColleagueAsked, Who: &Person{Name: "bert", Display: "Bert Maier", Company: "Example"}, For: "see"},
		{Event: ColleagueAsked, Who: &Person{Name: "bert"}, For: "point"},
		{Event: ColleagueAsked, Who: &Person{Name: "bert"}, For: "control"},
		{Event: ColleagueAllowed, Who: &Person{Name: "bert"}}, {Event: ColleagueCame, Who: &Person{Name: "bert"}},
		{Event: ColleagueRefused, Who: &Person{Name: "bert"}, Why: "refused"},
		{Event: ColleagueRefused, Who: &Person{Name: "bert"}, Why: "silence"},
		{Event: ColleagueLeft, Who: &Person{Name: "bert"}, Why: "late"}, {Event: ColleagueLeft, Who: &Person{Name: "bert"}, Why: "burnt"},
		{Event: ColleagueLeft, Who: &Person{Name: "bert"}, Why: "removed"}, {Event: ColleagueLeft, Who: &Person{Name: "bert"}, Why: "left"},
		{Event: ControlPassed, Who: &Person{Name: "bert"}}, {Event: SessionPassed, Who: &Person{Name: "bert"}},
		{Event: Paused}, {Event: Resumed}, {Event: Away}, {Event: Back},
		{Event: FileAccepted, File: &File{Name: "a.txt", Size: 1, To: "customer"}},
		{Event: FileSaved, File: &File{Name: "a.txt", Size: 1, To: "customer", SHA256: "12ab"}},
		{Event: FileNotSaved, File: &File{Name: "b.txt", Size: 2 << 30, To: "customer", Why: "refused"}},
		{Event: FileAccepted, File: &File{Name: "c.txt", Size: 1500, To: "advisor"}},
		{Event: FileSaved, File: &File{Name: "c.txt", Size: 1500, To: "advisor", SHA256: "34cd"}},
		{Event: FileNotSaved, File: &File{Name: "d.txt", Size: 0, To: "advisor", Why: "lost"}},
		{Event: Given, Right: "record", By: "customer"},
		{Event: Held}, {Event: Continued},
		{Event: Recorded, Recording: &fbs.Entry{Size: 123456, Head: "ab12", Blocks: 3, AgentKey: "A", AgentSignature: "B", AdvisorKey: "C", AdvisorSignature: "D"}},
		{Event: Recorded, Recording: &fbs.Entry{Size: 123456, Head: "ab12", Blocks: 3, AgentKey: "A", AgentSignature: "B", AdvisorKey: "C"}},
		{Event: "fromTheFuture", Right: "fly"},
		{Event: LeftOut, Count: 2},
		{Event: Over, Reason: "customer"},
	}
	for i := range all {
		all[i].Time = time.Date(2026, 11, 30, 9, 0, i, 0, time.UTC)
	}
	return all
}

func TestVectors(t *testing.T) {
	var l Log
	for _, e := range entries() {
		l.Add(e)
	}
	v := vectors{Lines: l.lines, SHA256: l.SHA256(), Note: "Anna called.\n\n  Ticket 4711\t<done>\n", NoteAt: time.Date(2026, 11, 30, 10, 0, 0, 0, time.UTC), Text: map[string]string{}}
	l.Note(v.Note, v.NoteAt)
	v.JSON = l.JSON()
	for _, lang := range i18n.Languages {
		v.Text[string(lang)] = l.InWords(lang, time.UTC)
	}
	got, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile("testdata/vectors.json", got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/vectors.json")
	if err != nil || string(want) != string(got) {
		t.Errorf("testdata/vectors.json differs; if that is meant: go test ./record -update\n%s", got)
	}
	for lang, text := range v.Text {
		seen := map[string]bool{}
		for _, line := range strings.Split(text, "\n") {
			if len(line) > 21 && strings.HasPrefix(line, "2026") {
				if seen[line[21:]] {
					t.Errorf("%s: two entries say the same: %s", lang, line)
				}
				seen[line[21:]] = true
			}
		}
		if len(seen) != len(entries())-1 || strings.ContainsAny(text, "{}\u202e") || strings.Contains(text, "record.") {
			t.Errorf("%s: %d lines:\n%s", lang, len(seen), text)
		}
	}
	again, err := Read(strings.NewReader(v.JSON))
	if err != nil || again.JSON() != v.JSON || !again.Complete() {
		t.Errorf("read again: %v", err)
	}
}

func TestLogIsBounded(t *testing.T) {
	names := []string{strings.Repeat("ä", 80)}
	for range 64 {
		names = append(names, names[0])
	}
	for _, e := range []Entry{{Event: Paused}, {Event: Shown, Share: &Share{Kind: "apps", Names: names}}} {
		var customer, advisor Log
		for range MaxLines + 10 {
			first := customer.Len()
			if _, err := advisor.Take(first, customer.Add(e)); err != nil {
				t.Fatal(err)
			}
		}
		first := customer.Len()
		last := customer.Add(Entry{Event: Over, Reason: "customer"})
		if fresh, err := advisor.Take(first, last); err != nil || len(fresh) != 2 {
			t.Fatalf("%d entries, %v", len(fresh), err)
		}
		if customer.Add(e) != nil {
			t.Error("something was added after the end")
		}
		if customer.Len() > MaxLines || customer.size > MaxBytes || customer.leftOut == 0 || advisor.SHA256() != customer.SHA256() || !advisor.Complete() {
			t.Errorf("%d lines, %d bytes, %d left out", customer.Len(), customer.size, customer.leftOut)
		}
		var late Log
		batches := customer.Batches()
		if len(batches) > MaxBatches {
			t.Errorf("%d batches, at most %d", len(batches), MaxBatches)
		}
		for _, b := range batches {
			if _, err := late.Take(late.Len(), b); err != nil {
				t.Fatal(err)
			}
		}
		if late.JSON() != customer.JSON() {
			t.Error("an end that connects late has another record")
		}
	}
}

func TestTakeRefuses(t *testing.T) {
	good := `{"time":"2026-11-30T09:00:00Z","event":"paused"}`
	for name, lines := range map[string][]string{
		"no JSON":       {"paused"},
		"a line feed":   {good[:10] + "\n" + good[10:]},
		"no text":       {good[:len(good)-2] + "\xff\"}"},
		"too long":      {`{"event":"` + strings.Repeat("x", MaxLine) + `"}`},
		"an array":      {"[]"},
		"too many":      strings.Split(strings.Repeat(good+"\n", MaxLines)+good, "\n"),
		"bad after one": {good, "x"},
	} {
		var l Log
		l.Take(0, []string{good})
		if _, err := l.Take(1, lines); err == nil || l.Len() != 1 {
			t.Errorf("%s: %d lines, %v", name, l.Len(), err)
		}
	}
	var l Log
	l.Take(0, []string{good})
	for _, first := range []int{-1, 2, 1 << 40} {
		if _, err := l.Take(first, []string{good}); err == nil {
			t.Errorf("lines from number %d were taken", first)
		}
	}
	if _, err := l.Take(0, []string{strings.Replace(good, "paused", "resumed", 1)}); err == nil {
		t.Error("a known line was changed")
	}
}

func TestReadFindsChanges(t *testing.T) {
	var l Log
	for _, e := range entries() {
		l.Add(e)
	}
	l.Note("a note", time.Now())
	saved := l.JSON()
	for name, changed := range map[string]string{
		"another word":     strings.Replace(saved, `"paused"`, `"resumed"`, 1),
		"a line less":      saved[strings.IndexByte(saved, '\n')+1:],
		"no hash":          strings.Join(l.lines, "\n") + "\n",
		"lines after":      saved + l.lines[3] + "\n",
		"another hash":     strings.Replace(saved, l.SHA256(), strings.Repeat("0", 64), 1),
		"not a record":     "hello\n",
		"empty":            "",
		"a very long line": strings.Repeat("x", 1<<20),
	} {
		if _, err := Read(strings.NewReader(changed)); err == nil {
			t.Errorf("%s: not found", name)
		}
	}
}

func FuzzTake(f *testing.F) {
	f.Add(0, `{"event":"paused"}`, `{"event":"over"}`)
	f.Fuzz(func(t *testing.T, first int, a, b string) {
		var l Log
		l.Take(0, []string{a})
		l.Take(first, []string{b})
		for _, lang := range i18n.Languages {
			if text := l.InWords(lang, time.UTC); strings.ContainsAny(text, "\x1b\u202e\r") {
				t.Errorf("%q", text)
			}
		}
		if read, err := Read(strings.NewReader(l.JSON())); l.Len() > 0 && err == nil && read.JSON() != l.JSON() {
			t.Errorf("%q", l.JSON())
		}
	})
}
