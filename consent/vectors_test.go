package consent

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// The vectors are sequences of events with their results. This package and the same code in
// TypeScript (novnc-web/src/customer/sharing/consent.ts) both run them, so that the two behave
// alike.
const vectorsFile = "testdata/vectors.json"

// vectorStep is one event, its changes, and the complete state after it.
type vectorStep [3]string

var (
	kindNames = [...]string{"join", "lose", "rejoin", "ask", "allow", "refuse", "timeout", "take", "return", "withdraw", "key",
		"pause", "resume", "viewersGone", "end", "ready", "silence", "unsilence", "hold", "continue", "putOff"}
	outcomeNames = [...]string{"nothing", "opened", "given", "refused", "timeout", "taken", "returned", "withdrawn"}
	phaseNames   = [...]string{"alone", "joined", "away", "over"}
)

const (
	tapes      = 220
	tapeEvents = 24
)

func TestVectors(t *testing.T) {
	want := encodeVectors(t, makeVectors())
	got, err := os.ReadFile(vectorsFile)
	if err == nil && bytes.Equal(got, want) {
		return
	}
	if !*update {
		t.Fatalf("%s is not what Next does: go test ./consent -update", vectorsFile)
	}
	if err := os.WriteFile(vectorsFile, want, 0o644); err != nil {
		t.Fatal(err)
	}
}

// encodeVectors writes one step per line, so that a diff shows what changed.
func encodeVectors(t *testing.T, all [][]vectorStep) []byte {
	var b bytes.Buffer
	for i, tape := range all {
		if i > 0 {
			b.WriteString(",\n")
		}
		for j, step := range tape {
			line, err := json.Marshal(step)
			if err != nil {
				t.Fatal(err)
			}
			b.WriteString([...]string{"[", ",\n"}[min(j, 1)])
			b.Write(line)
		}
		b.WriteString("]")
	}
	return []byte("[" + b.String() + "\n]\n")
}

// TestVectorsCover checks that the vectors contain every kind of event in every phase, and every
// possible outcome of every right.
func TestVectorsCover(t *testing.T) {
	seen := map[string]bool{}
	for _, tape := range makeVectors() {
		phase := phaseNames[Alone]
		for _, step := range tape {
			kind, _, _ := strings.Cut(step[0], " ")
			seen[phase+" "+kind] = true
			phase, _, _ = strings.Cut(step[2], " ")
			for change := range strings.SplitSeq(step[1], ",") {
				seen[change] = true
			}
		}
	}
	for _, phase := range phaseNames {
		for _, kind := range kindNames {
			if !seen[phase+" "+kind] {
				t.Errorf("no tape has %s while %s", kind, phase)
			}
		}
	}
	for _, right := range []Right{View, Control, Clipboard, Show, Share, Record, Files, Colleague} {
		for _, outcome := range []Outcome{Opened, Given, Refused, TimedOut, Withdrawn} {
			if change := right.String() + " " + outcomeNames[outcome]; !seen[change] {
				t.Errorf("no tape has %s", change)
			}
		}
	}
}

// makeVectors draws event sequences from a fixed seed.
func makeVectors() [][]vectorStep {
	rnd := rand.New(rand.NewPCG(11, 15))
	all := make([][]vectorStep, tapes)
	for i := range all {
		var s State
		for range tapeEvents {
			e := drawEvent(rnd, s)
			after, changes := Next(s, e)
			all[i] = append(all[i], vectorStep{vectorEvent(e), vectorChanges(changes), vectorState(after)})
			s = after
		}
	}
	return all
}

// drawEvent prefers events that lead somewhere: joining, the view, and answers to the open
// question. It rarely ends the session.
func drawEvent(rnd *rand.Rand, s State) Event {
	right := All[rnd.IntN(len(All))]
	serial := s.Serial
	if rnd.IntN(8) == 0 {
		serial += uint64(rnd.IntN(3)) - 1
	}
	switch {
	case s.Phase == Alone && rnd.IntN(2) == 0:
		return Event{Kind: Join}
	case s.Phase == Away && rnd.IntN(2) == 0:
		return Event{Kind: Rejoin}
	case s.Question != 0 && rnd.IntN(2) == 0:
		return Event{Kind: []Kind{Allow, Allow, Allow, Refuse, Timeout}[rnd.IntN(5)], Serial: serial}
	case s.Phase == Joined && !s.Given.Has(View) && rnd.IntN(2) == 0:
		return Event{Kind: []Kind{Ask, Ready, Unsilence}[rnd.IntN(3)], Right: View}
	case rnd.IntN(3) == 0:
		return Event{Kind: Ask, Right: right}
	case rnd.IntN(8) == 0:
		return Event{Kind: Lose}
	}
	e := Event{Kind: Kind(rnd.IntN(len(kindNames)))}
	switch e.Kind {
	case End:
		if rnd.IntN(2) > 0 {
			return Event{Kind: Ready, Right: right}
		}
	case Ask, Take, Return, Withdraw, Ready, Silence, Unsilence, PutOff:
		e.Right = right
	case Allow, Refuse, Timeout:
		e.Serial = serial
	}
	return e
}

func vectorEvent(e Event) string {
	switch {
	case e.Right != 0:
		return kindNames[e.Kind] + " " + e.Right.String()
	case e.Kind == Allow || e.Kind == Refuse || e.Kind == Timeout:
		return fmt.Sprintf("%s %d", kindNames[e.Kind], e.Serial)
	}
	return kindNames[e.Kind]
}

func vectorChanges(changes []Change) string {
	var out []string
	for _, c := range changes {
		out = append(out, c.Right.String()+" "+outcomeNames[c.Outcome])
	}
	return strings.Join(out, ",")
}

// vectorState writes the phase, then everything that is not empty.
func vectorState(s State) string {
	out := phaseNames[s.Phase]
	for _, set := range []struct {
		name   string
		rights Rights
	}{{"given", s.Given}, {"asked", s.Asked}, {"question", Rights(s.Question)}, {"delayed", s.Delayed}, {"silenced", s.Silenced}, {"effective", s.Effective()}} {
		if set.rights != 0 {
			out += " " + set.name + "=" + set.rights.words()
		}
	}
	if s.Paused {
		out += " paused"
	}
	if s.Held {
		out += " held"
	}
	return fmt.Sprintf("%s serial=%d direction=%s", out, s.Serial, s.Direction())
}
