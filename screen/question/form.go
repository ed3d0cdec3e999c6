package question

import (
	"fmt"
	"slices"
	"time"

	"lotse/screen"
	"lotse/screen/keysym"
)

// ChoicesPerPage is how many choices are shown at once.
const ChoicesPerPage = 5

// Form is the content of a question window, independent of its appearance: the question, the page
// that is shown, what is chosen, and the Gate that decides. One goroutine owns it.
type Form struct {
	// Gate decides which presses count.
	Gate Gate

	q       screen.Question
	until   time.Time
	choices []screen.Choice // nil: the first page is shown
	page    int             // of the choices
	chosen  map[string]bool
}

// NewForm starts with the question's first page and the focus on the button that refuses.
func NewForm(q screen.Question) *Form {
	f := &Form{q: q, chosen: map[string]bool{}, Gate: Gate{After: q.ArmAfter}}
	f.Gate.SetFocus(Refuse)
	return f
}

// Until sets when the question ends.
func (f *Form) Until(t time.Time) { f.until = t }

// Choosing reports whether the choices are shown.
func (f *Form) Choosing() bool { return f.choices != nil }

// Targets returns what can be pressed, in the order of the keyboard's focus.
func (f *Form) Targets() []Target {
	var all []Target
	if !f.Choosing() {
		all = append(all, Refuse, Allow)
		if f.q.More != "" {
			all = append(all, More)
		}
		if f.q.Never != "" {
			all = append(all, Never)
		}
		return all
	}
	first, last := f.shown()
	for i := first; i < last; i++ {
		all = append(all, FirstChoice+Target(i))
	}
	if first > 0 {
		all = append(all, Earlier)
	}
	if last < len(f.choices) {
		all = append(all, Later)
	}
	all = append(all, Refuse, Back)
	if len(f.chosen) > 0 {
		all = append(all, Allow)
	}
	return all
}

// shown returns which choices are on this page.
func (f *Form) shown() (first, last int) {
	first = min(max(f.page, 0)*ChoicesPerPage, max(0, len(f.choices)-1)/ChoicesPerPage*ChoicesPerPage)
	return first, min(len(f.choices), first+ChoicesPerPage)
}

// Choice returns the choice of a target; ok is false for other targets.
func (f *Form) Choice(t Target) (c screen.Choice, chosen, ok bool) {
	if i := int(t - FirstChoice); i >= 0 && i < len(f.choices) {
		return f.choices[i], f.chosen[f.choices[i].ID], true
	}
	return c, false, false
}

// Label returns the text of a target.
func (f *Form) Label(t Target) string {
	switch t {
	case Allow:
		if f.Choosing() {
			return f.q.AllowChosen
		}
		return f.q.Allow
	case Refuse:
		return f.q.Refuse
	case Never:
		return f.q.Never
	case More:
		return f.q.More
	case Back:
		return f.q.Back
	case Earlier:
		return f.q.Earlier
	case Later:
		return f.q.Later
	}
	c, _, _ := f.Choice(t)
	return c.Name
}

// Name returns a target's name in a QuestionView.
func (f *Form) Name(t Target) string {
	if c, _, ok := f.Choice(t); ok {
		return "choice:" + c.ID
	}
	return map[Target]string{Allow: "allow", Refuse: "refuse", Never: "never", More: "more", Back: "back", Earlier: "earlier", Later: "later"}[t]
}

// Silence returns the sentence that counts down.
func (f *Form) Silence(now time.Time) string {
	left := max(0, int(f.until.Sub(now).Round(time.Second)/time.Second))
	return fmt.Sprintf(f.q.Silence, left)
}

// Activate performs what was pressed. It returns the person's answer, or nil if there is none yet.
func (f *Form) Activate(t Target, now time.Time) *screen.Answer {
	switch t {
	case None:
		return nil
	case Refuse:
		return &screen.Answer{}
	case Never:
		return &screen.Answer{Never: true}
	case Allow:
		return f.allow()
	case More:
		if f.choices = f.q.Choices(); f.choices == nil {
			f.choices = []screen.Choice{}
		}
	case Back:
		f.choices, f.page = nil, 0
		clear(f.chosen)
	case Earlier:
		f.page--
	case Later:
		f.page++
	default:
		if c, _, ok := f.Choice(t); ok {
			f.toggle(c)
		}
	}
	// The meaning or the place of the button that allows has changed.
	f.Gate.Changed(now)
	if !slices.Contains(f.Targets(), f.Gate.Focus()) {
		f.Gate.SetFocus(Refuse)
	}
	return nil
}

// allow returns the positive answer; while the choices are shown, it is for the chosen ones.
func (f *Form) allow() *screen.Answer {
	a := &screen.Answer{Allow: true, Chosen: f.Chosen()}
	if f.Choosing() && len(a.Chosen) == 0 {
		return nil // never allow more than what is shown as chosen
	}
	return a
}

// Chosen lists the IDs of the choices that were chosen, in the order of the choices.
func (f *Form) Chosen() []string {
	var ids []string
	for _, c := range f.choices {
		if f.chosen[c.ID] {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

func (f *Form) toggle(c screen.Choice) {
	if f.chosen[c.ID] {
		delete(f.chosen, c.ID)
		return
	}
	for _, other := range f.choices {
		if c.Alone || other.Alone {
			delete(f.chosen, other.ID)
		}
	}
	f.chosen[c.ID] = true
}

// Key handles the keyboard: Tab and the arrows move the focus, Return and Space press, Escape
// refuses. It returns the target that was activated.
func (f *Form) Key(e Event) Target {
	g := &f.Gate
	switch sym := keysym.Canonical(e.Sym); sym {
	case keysym.Return, keysym.KPEnter, keysym.Unicode + ' ':
		if e.Kind == KeyOn {
			g.KeyPress(e.When, sym, e.By)
			return None
		}
		return g.KeyRelease(e.When, sym, e.By)
	case keysym.Escape:
		if e.Kind == KeyOn {
			g.MoveFocus(e.When, Refuse, e.By)
			g.KeyPress(e.When, sym, e.By)
			return None
		}
		return g.KeyRelease(e.When, sym, e.By)
	case keysym.Tab, keysym.Right, keysym.Down, keysym.ISOLeftTab, keysym.Left, keysym.Up:
		if e.Kind == KeyOn {
			back := sym == keysym.ISOLeftTab || sym == keysym.Left || sym == keysym.Up || sym == keysym.Tab && e.Shift
			g.MoveFocus(e.When, f.neighbour(g.Focus(), back), e.By)
		}
	}
	return None
}

// neighbour returns the target before or after another in the order of the focus.
func (f *Form) neighbour(from Target, back bool) Target {
	order := f.Targets()
	i := slices.Index(order, from) + 1
	if back {
		i += len(order) - 2
	}
	return order[max(i, 0)%len(order)]
}
