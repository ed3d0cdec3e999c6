package consent

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite STATES.md's table")

const (
	tableFile  = "STATES.md"
	tableStart = "<!-- table: written by go test ./consent -update -->\n"
	tableEnd   = "<!-- end of table -->\n"
)

// TestStatesTable keeps the table in STATES.md true: it is made by Next itself.
func TestStatesTable(t *testing.T) {
	text, err := os.ReadFile(tableFile)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), tableStart)
	_, tail, ok2 := strings.Cut(rest, tableEnd)
	if !ok || !ok2 {
		t.Fatalf("%s has no table", tableFile)
	}
	want := head + tableStart + statesTable() + tableEnd + tail
	if want == string(text) {
		return
	}
	if !*update {
		t.Fatalf("%s is not what Next does: go test ./consent -update", tableFile)
	}
	if err := os.WriteFile(tableFile, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// statesTable lists for states a session can be in what each event makes of them.
func statesTable() string {
	asked := func(given Rights, question Right) State {
		return State{Phase: Joined, Given: given, Asked: Rights(question), Question: question, Serial: 1}
	}
	states := []State{
		{}, {Phase: Joined}, asked(0, View), asked(0, Show),
		{Phase: Joined, Given: Rights(View)}, asked(Rights(View), Control), asked(Rights(View), Share), asked(Rights(View), Show),
		{Phase: Joined, Given: Rights(View | Control)}, {Phase: Joined, Given: Rights(View), Paused: true},
		{Phase: Joined, Given: Rights(Show)}, asked(Rights(Show), View), {Phase: Away, Given: Rights(View)},
		{Phase: Joined, Delayed: Rights(View)}, {Phase: Joined, Asked: Rights(View), Delayed: Rights(View)}, {Phase: Joined, Silenced: Rights(View)}, {Phase: Over},
	}
	events := []Event{
		{Kind: Join}, {Kind: Lose}, {Kind: Rejoin}, {Kind: Ask, Right: View}, {Kind: Ask, Right: Show}, {Kind: Ask, Right: Control}, {Kind: Ask, Right: Share},
		{Kind: Allow, Serial: 1}, {Kind: Refuse, Serial: 1}, {Kind: Timeout, Serial: 1}, {Kind: Take, Right: View}, {Kind: Take, Right: Show},
		{Kind: Return, Right: Control}, {Kind: Key}, {Kind: Pause}, {Kind: Resume}, {Kind: ViewersGone}, {Kind: Ready, Right: View},
		{Kind: Silence, Right: View}, {Kind: Unsilence, Right: View}, {Kind: End},
	}
	var b strings.Builder
	b.WriteString("| in | event | then | direction |\n|---|---|---|---|\n")
	for _, s := range states {
		for _, e := range events {
			after, changes := Next(s, e)
			switch {
			case after != s:
				fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", s.words(), e.words(), after.words(), after.Direction())
			case len(changes) > 0:
				fmt.Fprintf(&b, "| %s | %s | unchanged, refused | %s |\n", s.words(), e.words(), after.Direction())
			}
		}
	}
	return b.String()
}

func (s State) words() string {
	w := [...]string{"alone", "joined", "away", "over"}[s.Phase]
	if given := s.Given.words(); given != "" {
		w += ": " + given
	}
	if s.Question != 0 {
		w += ", **" + s.Question.String() + "?**"
	} else if s.Asked != 0 {
		w += ", " + s.Asked.words() + " asked"
	}
	if s.Paused {
		w += ", paused"
	}
	if s.Delayed != 0 {
		w += ", " + s.Delayed.words() + " put off"
	}
	if s.Silenced != 0 {
		w += ", " + s.Silenced.words() + " silenced"
	}
	return w
}

func (s Rights) words() string {
	var names []string
	for _, r := range All {
		if s.Has(r) {
			names = append(names, r.String())
		}
	}
	return strings.Join(names, "+")
}

func (e Event) words() string {
	name := [...]string{"join", "lose", "rejoin", "ask", "allow", "refuse", "no answer", "take", "return", "withdraw", "F12", "pause", "resume", "viewers gone", "end",
		"ready", "silence", "unsilence"}[e.Kind]
	if e.Right != 0 {
		name += " " + e.Right.String()
	}
	return name
}
