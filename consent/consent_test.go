package consent

import (
	"slices"
	"testing"

	"lotse/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// run applies events. An answer with Serial 0 gets the open question's serial.
func run(s State, events ...Event) State {
	for _, e := range events {
		if e.Serial == 0 && (e.Kind == Allow || e.Kind == Refuse || e.Kind == Timeout) {
			e.Serial = s.Serial
		}
		s, _ = Next(s, e)
	}
	return s
}

var viewing = []Event{{Kind: Join}, {Kind: Ask, Right: View}, {Kind: Allow}}
var controlling = append(slices.Clone(viewing), Event{Kind: Ask, Right: Control}, Event{Kind: Allow})

var showing = []Event{{Kind: Join}, {Kind: Ask, Right: Show}, {Kind: Allow}}

const (
	// seen is what a yes to the view gives, and recorded a yes to a recording after it.
	seen     = Rights(View | Point)
	recorded = seen | Rights(Record)
)

var recording = append(slices.Clone(viewing), Event{Kind: Ask, Right: Record}, Event{Kind: Allow})

func TestTable(t *testing.T) {
	for name, test := range map[string]struct {
		events    []Event
		given     Rights
		effective Rights
		question  Right
		phase     Phase
	}{
		"nothing at the start":             {nil, 0, 0, 0, Alone},
		"nothing by joining":               {[]Event{{Kind: Join}}, 0, 0, 0, Joined},
		"asking opens a question":          {[]Event{{Kind: Join}, {Kind: Ask, Right: View}}, 0, 0, View, Joined},
		"asking before joining":            {[]Event{{Kind: Ask, Right: View}, {Kind: Join}}, 0, 0, 0, Joined},
		"allow gives":                      {viewing, seen, seen, 0, Joined},
		"refuse does not":                  {[]Event{{Kind: Join}, {Kind: Ask, Right: View}, {Kind: Refuse}}, 0, 0, 0, Joined},
		"silence does not":                 {[]Event{{Kind: Join}, {Kind: Ask, Right: View}, {Kind: Timeout}}, 0, 0, 0, Joined},
		"allow without a question":         {[]Event{{Kind: Join}, {Kind: Allow, Serial: 1}}, 0, 0, 0, Joined},
		"control needs the view":           {[]Event{{Kind: Join}, {Kind: Ask, Right: Control}}, 0, 0, 0, Joined},
		"control by a second answer":       {controlling, seen | Rights(Control), seen | Rights(Control), 0, Joined},
		"a question stops control":         {append(slices.Clone(controlling), Event{Kind: Ask, Right: Clipboard}), seen | Rights(Control), Rights(View), Clipboard, Joined},
		"key takes control":                {append(slices.Clone(controlling), Event{Kind: Key}), seen, seen, 0, Joined},
		"key refuses control's question":   {append(slices.Clone(viewing), Event{Kind: Ask, Right: Control}, Event{Kind: Key}), seen, seen, 0, Joined},
		"taking the view takes all":        {append(slices.Clone(controlling), Event{Kind: Take, Right: View}), 0, 0, 0, Joined},
		"returning control":                {append(slices.Clone(controlling), Event{Kind: Return, Right: Control}), seen, seen, 0, Joined},
		"pause":                            {append(slices.Clone(controlling), Event{Kind: Pause}), seen, 0, 0, Joined},
		"pause and resume":                 {append(slices.Clone(controlling), Event{Kind: Pause}, Event{Kind: Resume}), seen, seen, 0, Joined},
		"no asking while paused":           {append(slices.Clone(viewing), Event{Kind: Pause}, Event{Kind: Ask, Right: Control}), seen, 0, 0, Joined},
		"lost line":                        {append(slices.Clone(controlling), Event{Kind: Lose}), seen, 0, 0, Away},
		"line back: view, not control":     {append(slices.Clone(controlling), Event{Kind: Lose}, Event{Kind: Rejoin}), seen, seen, 0, Joined},
		"taken back while away":            {append(slices.Clone(viewing), Event{Kind: Lose}, Event{Kind: Take, Right: View}, Event{Kind: Rejoin}), 0, 0, 0, Joined},
		"paused while away":                {append(slices.Clone(viewing), Event{Kind: Lose}, Event{Kind: Pause}, Event{Kind: Rejoin}), seen, 0, 0, Joined},
		"wish withdrawn":                   {[]Event{{Kind: Join}, {Kind: Ask, Right: View}, {Kind: Withdraw, Right: View}}, 0, 0, 0, Joined},
		"viewers gone":                     {append(slices.Clone(controlling), Event{Kind: ViewersGone}), seen, seen, 0, Joined},
		"end":                              {append(slices.Clone(controlling), Event{Kind: End}), 0, 0, 0, Over},
		"nothing after the end":            {append(slices.Clone(controlling), Event{Kind: End}, Event{Kind: Join}, Event{Kind: Ask, Right: View}), 0, 0, 0, Over},
		"an answer to an old question":     {[]Event{{Kind: Join}, {Kind: Ask, Right: View}, {Kind: Timeout}, {Kind: Ready, Right: View}, {Kind: Ask, Right: View}, {Kind: Allow, Serial: 1}}, 0, 0, View, Joined},
		"view's refusal drops the rest":    {append(slices.Clone(viewing), Event{Kind: Take, Right: View}, Event{Kind: Ask, Right: View}, Event{Kind: Ask, Right: Control}, Event{Kind: Refuse}), 0, 0, 0, Joined},
		"a file, asked":                    {[]Event{{Kind: Join}, {Kind: Ask, Right: Files}}, 0, 0, Files, Joined},
		"a yes to a file gives no right":   {[]Event{{Kind: Join}, {Kind: Ask, Right: Files}, {Kind: Allow}}, 0, 0, 0, Joined},
		"no control while a file is asked": {append(slices.Clone(controlling), Event{Kind: Ask, Right: Files}), seen | Rights(Control), Rights(View), Files, Joined},
		"showing":                          {showing, Rights(Show), Rights(Show), 0, Joined},
		"showing needs a yes":              {[]Event{{Kind: Join}, {Kind: Ask, Right: Show}}, 0, 0, Show, Joined},
		"asked to turn, still showing":     {append(slices.Clone(showing), Event{Kind: Ask, Right: View}), Rights(Show), Rights(Show), View, Joined},
		"turned to the customer":           {append(slices.Clone(showing), Event{Kind: Ask, Right: View}, Event{Kind: Allow}), seen, seen, 0, Joined},
		"turn refused":                     {append(slices.Clone(showing), Event{Kind: Ask, Right: View}, Event{Kind: Refuse}), Rights(Show), Rights(Show), 0, Joined},
		"turned to the advisor":            {append(slices.Clone(controlling), Event{Kind: Ask, Right: Show}, Event{Kind: Allow}), Rights(Show), Rights(Show), 0, Joined},
		"the newer direction is asked":     {[]Event{{Kind: Join}, {Kind: Ask, Right: Show}, {Kind: Ask, Right: View}}, 0, 0, View, Joined},
		"an old yes to the other":          {[]Event{{Kind: Join}, {Kind: Ask, Right: Show}, {Kind: Ask, Right: View}, {Kind: Allow, Serial: 1}}, 0, 0, View, Joined},
		"show is not kept while away":      {append(slices.Clone(showing), Event{Kind: Lose}, Event{Kind: Rejoin}), 0, 0, 0, Joined},
		"no control while showing":         {append(slices.Clone(showing), Event{Kind: Ask, Right: Control}), Rights(Show), Rights(Show), 0, Joined},
		"pausing does not hide the show":   {append(slices.Clone(showing), Event{Kind: Pause}), Rights(Show), Rights(Show), 0, Joined},
		"another share, asked":             {append(slices.Clone(controlling), Event{Kind: Ask, Right: Share}), seen | Rights(Control), Rights(View), Share, Joined},
		"another share, allowed":           {append(slices.Clone(controlling), Event{Kind: Ask, Right: Share}, Event{Kind: Allow}), seen | Rights(Control), seen | Rights(Control), 0, Joined},
		"another share without the view":   {[]Event{{Kind: Join}, {Kind: Ask, Right: Share}}, 0, 0, 0, Joined},
		"taking the view drops the share":  {append(slices.Clone(viewing), Event{Kind: Ask, Right: Share}, Event{Kind: Take, Right: View}), 0, 0, 0, Joined},
		"asking again waits":               {[]Event{{Kind: Join}, {Kind: Ask, Right: View}, {Kind: Refuse}, {Kind: Ask, Right: View}}, 0, 0, 0, Joined},
		"until it is ready":                {[]Event{{Kind: Join}, {Kind: Ask, Right: View}, {Kind: Refuse}, {Kind: Ask, Right: View}, {Kind: Ready, Right: View}}, 0, 0, View, Joined},
		"silence puts it off as well":      {[]Event{{Kind: Join}, {Kind: Ask, Right: View}, {Kind: Timeout}, {Kind: Ask, Right: View}}, 0, 0, 0, Joined},
		"another right does not wait":      {append(slices.Clone(viewing), Event{Kind: Ask, Right: Control}, Event{Kind: Refuse}, Event{Kind: Ask, Right: Clipboard}), seen, Rights(View), Clipboard, Joined},
		"withdrawing does not put it off":  {[]Event{{Kind: Join}, {Kind: Ask, Right: View}, {Kind: Withdraw, Right: View}, {Kind: Ask, Right: View}}, 0, 0, View, Joined},
		"put off, there are too many":      {[]Event{{Kind: Join}, {Kind: PutOff, Right: View}, {Kind: Ask, Right: View}}, 0, 0, 0, Joined},
		"and then asked":                   {[]Event{{Kind: Join}, {Kind: PutOff, Right: View}, {Kind: Ask, Right: View}, {Kind: Ready, Right: View}}, 0, 0, View, Joined},
		"silenced while asked":             {[]Event{{Kind: Join}, {Kind: Ask, Right: View}, {Kind: Silence, Right: View}, {Kind: Ready, Right: View}, {Kind: Ask, Right: View}}, 0, 0, 0, Joined},
		"asked again after unsilence":      {[]Event{{Kind: Join}, {Kind: Silence, Right: View}, {Kind: Unsilence, Right: View}, {Kind: Ask, Right: View}}, 0, 0, View, Joined},
		"silencing takes nothing":          {append(slices.Clone(controlling), Event{Kind: Silence, Right: Control}), seen | Rights(Control), seen | Rights(Control), 0, Joined},
		"no pointing during a question":    {append(slices.Clone(viewing), Event{Kind: Ask, Right: Control}), seen, Rights(View), Control, Joined},
		"pointing switched off":            {append(slices.Clone(viewing), Event{Kind: Silence, Right: Point}), Rights(View), Rights(View), 0, Joined},
		"and on again":                     {append(slices.Clone(viewing), Event{Kind: Silence, Right: Point}, Event{Kind: Unsilence, Right: Point}), seen, seen, 0, Joined},
		"off also for the next view":       {append([]Event{{Kind: Join}, {Kind: Silence, Right: Point}}, viewing[1:]...), Rights(View), Rights(View), 0, Joined},
		"on without a view gives nothing":  {[]Event{{Kind: Join}, {Kind: Silence, Right: Point}, {Kind: Unsilence, Right: Point}}, 0, 0, 0, Joined},
		"nobody asks for pointing":         {append(slices.Clone(viewing), Event{Kind: Silence, Right: Point}, Event{Kind: Unsilence, Right: View}, Event{Kind: Ask, Right: Point}), Rights(View), Rights(View), 0, Joined},
		"pointing switched off while away": {append(slices.Clone(viewing), Event{Kind: Lose}, Event{Kind: Silence, Right: Point}, Event{Kind: Rejoin}), Rights(View), Rights(View), 0, Joined},
		"pointing given up":                {append(slices.Clone(viewing), Event{Kind: Return, Right: Point}), Rights(View), Rights(View), 0, Joined},
		"a recording needs the view":       {[]Event{{Kind: Join}, {Kind: Ask, Right: Record}}, 0, 0, 0, Joined},
		"a recording needs a yes":          {append(slices.Clone(viewing), Event{Kind: Ask, Right: Record}), seen, Rights(View), Record, Joined},
		"recording":                        {recording, recorded, recorded, 0, Joined},
		"recorded while asked":             {append(slices.Clone(recording), Event{Kind: Ask, Right: Control}), recorded, Rights(View | Record), Control, Joined},
		"recording held":                   {append(slices.Clone(recording), Event{Kind: Hold}), recorded, seen, 0, Joined},
		"recording goes on":                {append(slices.Clone(recording), Event{Kind: Hold}, Event{Kind: Continue}), recorded, recorded, 0, Joined},
		"held before it was given":         {append(append(slices.Clone(viewing), Event{Kind: Hold}), recording[3:]...), recorded, recorded, 0, Joined},
		"not held the next time":           {append(append(slices.Clone(recording), Event{Kind: Hold}, Event{Kind: Take, Right: Record}), recording[3:]...), recorded, recorded, 0, Joined},
		"recording taken":                  {append(slices.Clone(recording), Event{Kind: Take, Right: Record}), seen, seen, 0, Joined},
		"recording given up":               {append(slices.Clone(recording), Event{Kind: Return, Right: Record}), seen, seen, 0, Joined},
		"recording ends with the view":     {append(slices.Clone(recording), Event{Kind: Take, Right: View}), 0, 0, 0, Joined},
		"recording ends with the turn":     {append(slices.Clone(recording), Event{Kind: Ask, Right: Show}, Event{Kind: Allow}), Rights(Show), Rights(Show), 0, Joined},
		"nothing recorded while paused":    {append(slices.Clone(recording), Event{Kind: Pause}), recorded, 0, 0, Joined},
		"recorded after the pause":         {append(slices.Clone(recording), Event{Kind: Pause}, Event{Kind: Resume}), recorded, recorded, 0, Joined},
		"held and paused":                  {append(slices.Clone(recording), Event{Kind: Hold}, Event{Kind: Pause}, Event{Kind: Resume}), recorded, seen, 0, Joined},
		"nothing recorded while away":      {append(slices.Clone(recording), Event{Kind: Lose}), recorded, 0, 0, Away},
		"recorded when the line is back":   {append(slices.Clone(recording), Event{Kind: Lose}, Event{Kind: Rejoin}), recorded, recorded, 0, Joined},
		"held while away":                  {append(slices.Clone(recording), Event{Kind: Lose}, Event{Kind: Hold}, Event{Kind: Rejoin}), recorded, seen, 0, Joined},
		"recording goes on without viewer": {append(slices.Clone(recording), Event{Kind: ViewersGone}), recorded, recorded, 0, Joined},
		"F12 does not end a recording":     {append(slices.Clone(recording), Event{Kind: Key}), recorded, recorded, 0, Joined},
		"two wishes, one after the other":  {append(slices.Clone(viewing), Event{Kind: Ask, Right: Clipboard}, Event{Kind: Ask, Right: Control}, Event{Kind: Refuse}), seen, Rights(View), Control, Joined},
	} {
		s := run(State{}, test.events...)
		if s.Given != test.given || s.Effective() != test.effective || s.Question != test.question || s.Phase != test.phase {
			t.Errorf("%s: %+v (effective %b)", name, s, s.Effective())
		}
	}
}

func TestRightNames(t *testing.T) {
	for _, r := range All {
		if got, ok := ParseRight(r.String()); !ok || got != r {
			t.Errorf("%v: %v %v", r, got, ok)
		}
	}
	if _, ok := ParseRight("root"); ok {
		t.Error("unknown right accepted")
	}
}

// FuzzNext checks what must hold after every event, whatever happened before.
func FuzzNext(f *testing.F) {
	f.Add([]byte{0, 0, 3, 1, 4, 1, 3, 2, 4, 2, 9, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		var s State
		for i := 0; i+1 < len(raw) && i < 2000; i += 2 {
			e := Event{Kind: Kind(raw[i] % 22), Right: Right(1) << (raw[i+1] & 7), Serial: uint64(raw[i+1] >> 3)}
			before := s
			after, changes := Next(s, e)
			check(t, before, e, after, changes)
			s = after
		}
	})
}

func check(t *testing.T, before State, e Event, after State, changes []Change) {
	t.Helper()
	gained := after.Given &^ before.Given
	if gained != 0 && !mayGive(before, e, gained) {
		t.Fatalf("%+v on %+v gave %b", e, before, gained)
	}
	if after.Given.Has(Point) && (!after.Given.Has(View) || after.Silenced.Has(Point)) {
		t.Fatalf("%+v: pointing without a view, or against the customer's will", after)
	}
	if after.Question != 0 && after.Effective()&^unasked != 0 {
		t.Fatalf("%+v: more than looking while a question is open", after)
	}
	if after.Given.Has(View) && after.Given.Has(Show) {
		t.Fatalf("%+v: both directions at once", after)
	}
	if after.Given&Rights(Files|Share) != 0 {
		t.Fatalf("%+v: what cannot be given was given", after)
	}
	if gained != 0 && looking&gained != 0 {
		// The old direction ends before the new one starts.
		for i, c := range changes {
			if c.Outcome == Taken && slices.IndexFunc(changes[:i], func(c Change) bool { return c.Outcome == Given }) >= 0 {
				t.Fatalf("%+v on %+v: %v", e, before, changes)
			}
		}
	}
	if before.Phase != after.Phase && after.Given&^recorded != 0 {
		t.Fatalf("%+v left %+v and kept %b", e, before, after.Given)
	}
	if after.Phase != Joined && after.Effective() != 0 {
		t.Fatalf("%+v: rights in effect outside of a session", after)
	}
	if after.Given.Has(Record) && !after.Given.Has(View) || after.Held && !after.Given.Has(Record) || after.Held && after.Effective().Has(Record) {
		t.Fatalf("%+v: a recording without view, or held and in effect", after)
	}
	if (after.Given.Has(Control) || after.Given.Has(Clipboard)) && !after.Given.Has(View) {
		t.Fatalf("%+v: control without view", after)
	}
	if after.Question != 0 && (!after.Asked.Has(after.Question) || after.Given.Has(after.Question)) {
		t.Fatalf("%+v: question without a wish", after)
	}
	if before.Phase == Over && after != before {
		t.Fatalf("%+v after the end: %+v", e, after)
	}
	if before.Phase == Joined && after.Phase != Joined && after.Given.Has(Control) {
		t.Fatalf("%+v kept control when the session was left", e)
	}
	silenced := e.Kind == Ask && before.Silenced.Has(e.Right) && len(changes) == 1 && changes[0] == Change{e.Right, Refused}
	if after == before && len(changes) != 0 && !silenced {
		t.Fatalf("%+v on %+v changed nothing and said %v", e, before, changes)
	}
	if before.Phase == Joined && after.Phase == Joined && before.Given&^after.Given != 0 && !takes(e) {
		t.Fatalf("%+v on %+v took %b", e, before, before.Given&^after.Given)
	}
	if opened := after.Serial > before.Serial; opened && (after.Delayed.Has(after.Question) || after.Silenced.Has(after.Question)) {
		t.Fatalf("%+v on %+v asked for what is put off or silenced", e, before)
	}
	if put := before.Delayed &^ after.Delayed; put != 0 && e.Kind != End && (e.Kind != Ready || put != Rights(e.Right)) {
		t.Fatalf("%+v on %+v: no longer put off: %b", e, before, put)
	}
	if after.Serial < before.Serial || after.Serial > before.Serial+1 {
		t.Fatalf("serial went from %d to %d", before.Serial, after.Serial)
	}
}

// mayGive reports whether an event may give these rights: that of the open question by its answer,
// and pointing together with the view, or when the customer wants it again.
func mayGive(before State, e Event, gained Rights) bool {
	if gained == Rights(Point) && before.Given.Has(View) {
		return e == Event{Kind: Unsilence, Right: Point, Serial: e.Serial}
	}
	if gained.Has(View) {
		gained &^= Rights(Point)
	}
	return e.Kind == Allow && e.Serial == before.Serial && Right(gained) == before.Question && before.Phase == Joined
}

// takes reports whether an event may end a right in a session that continues.
func takes(e Event) bool {
	return slices.Contains([]Kind{Take, Return, Key, Pause, ViewersGone, Allow}, e.Kind) || e.Kind == Silence && e.Right == Point
}
