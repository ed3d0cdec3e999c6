package screen

import (
	"context"
	"image"
	"time"
)

// Asker puts questions to the person at the computer, in a window of its own: the
// question window. It is the only place where a yes is given.
//
// A yes is a press and a release of a physical device inside the button that
// allows, or of a key while that button has the focus. It counts only after the
// window has been visible for question.ArmAfter without any input by a program,
// and after the pointer or the focus has come to the button since then. A no needs
// none of this. No share shows the window, and no Input reaches it.
type Asker interface {
	// Ask shows q until it is answered, q.Timeout is over, or ctx ends, and returns
	// after the window is gone from the screen. It returns ctx.Err() when ctx ended,
	// ErrNoAnswer when the time was over, and another error when the question cannot
	// be shown; the caller then has a no. One question is shown at a time, and the
	// next no earlier than two seconds after the last.
	Ask(ctx context.Context, q Question) (Answer, error)
}

// ErrNoAnswer is what Ask returns when nobody answered in time.
var ErrNoAnswer = noAnswer{}

type noAnswer struct{}

func (noAnswer) Error() string { return "screen: nobody answered the question in time" }

// Tone says how much a yes gives, for colours.
type Tone uint8

// The tones.
const (
	ToneLook    Tone = iota // the advisor, or the customer, sees something
	ToneControl             // somebody acts on this computer
)

// Question is what the question window shows. All texts are one line each, clean
// and in the person's language.
type Question struct {
	Tone   Tone
	Who    string // who asks: name and company
	Wish   string // what for, as the rest of the sentence
	Hint   string // what it means; "": nothing
	Line   string // the gateway, and how the line is encrypted
	Allow  string // the button that allows
	Refuse string // the button that refuses
	Never  string // refuses, now and later; "": not offered
	// Silence says what happens without an answer; it holds %d for the seconds left.
	Silence string
	Timeout time.Duration
	// ArmAfter is how long the window waits before a yes counts. A value below
	// question.ArmAfter counts as question.ArmAfter.
	ArmAfter time.Duration
	// Seen is told, on the window's goroutine, when the window has appeared and when
	// something about it changed; nil: nobody wants to know.
	Seen func(QuestionView)
	// More leads to the choices; "": there are none. Choices lists them when the
	// person asks for them; it is called on the window's goroutine and may take as
	// long as reading the desktop takes.
	More    string
	Choices func() []Choice
	// ChooseHint stands above the choices, AllowChosen on the button once something
	// is chosen. Back leads back, Earlier and Later to choices that do not fit.
	ChooseHint, AllowChosen, Back, Earlier, Later string
}

// QuestionView is a question on the screen at one moment.
type QuestionView struct {
	Until   time.Time                  // when no answer becomes a no
	Armed   bool                       // a yes counts now
	Buttons map[string]image.Rectangle // by name: allow, refuse, …; in Frame's coordinates
	Chosen  []string                   // what a yes would allow now, as in Answer
}

// Choice is one thing that can be allowed instead of what the question asks for.
type Choice struct {
	ID      string
	Name    string
	Note    string // titles of windows, size of a monitor
	Warning string // "": harmless
	Icon    []byte // a PNG of at most IconSide by IconSide; nil: none
	Alone   bool   // cannot be chosen together with others
}

// Answer is what the person chose.
type Answer struct {
	Allow  bool
	Never  bool     // refused, now and later
	Chosen []string // IDs of choices; empty: what the question asks for
}
