package screen

import (
	"context"
	"image"
	"time"
)

// Asker asks the person at the computer a question, in a window of its own: the question window.
// Only there can a request be allowed.
//
// To allow, the person presses and releases the button that allows with a physical device, or a key
// while that button has the focus. This counts only after the window has been visible for
// question.ArmAfter without any input by a program, and after the pointer or the focus has moved to
// the button since then. Refusing has none of these conditions. No share shows the window, and no
// Input reaches it.
type Asker interface {
	// Ask shows q until it is answered, q.Timeout has passed, or ctx ends, and returns after the
	// window has disappeared from the screen. It returns ctx.Err() if ctx ended, ErrNoAnswer after
	// the timeout, and another error if the question cannot be shown; the caller must treat any
	// error as a refusal. One question is shown at a time, and the next one no earlier than two
	// seconds after the last.
	Ask(ctx context.Context, q Question) (Answer, error)
}

// ErrNoAnswer is returned by Ask if nobody answered in time.
var ErrNoAnswer = noAnswer{}

type noAnswer struct{}

func (noAnswer) Error() string { return "screen: nobody answered the question in time" }

// Tone says how much is allowed by a question, for its colours.
type Tone uint8

// The tones.
const (
	ToneLook    Tone = iota // the advisor, or the customer, sees something
	ToneControl             // somebody controls this computer
)

// Question is the content of the question window. All texts are single lines, free of control
// characters and in the person's language.
type Question struct {
	Tone   Tone
	Who    string // name and company of the advisor
	Wish   string // what he asks for, as the rest of the sentence
	Hint   string // what that means; "": no hint
	Line   string // the gateway, and how the connection is encrypted
	Allow  string // the label of the button that allows
	Refuse string // the label of the button that refuses
	Never  string // the label of the button that refuses now and later; "": no such button
	// Silence says what happens without an answer; it contains %d for the seconds left.
	Silence string
	Timeout time.Duration
	// ArmAfter is how long the window waits before it accepts a yes. A value below
	// question.ArmAfter is treated as question.ArmAfter.
	ArmAfter time.Duration
	// Seen is called on the window's goroutine when the window has appeared and when it has
	// changed; nil: not called.
	Seen func(QuestionView)
	// Remind delivers reminders. For each value the window makes a sound, and its frame or its
	// title bar blinks. Nothing moves, and nothing else changes. nil: there are no reminders.
	Remind <-chan struct{}
	// More is the label of the link to the choices; "": there are none. Choices returns them when
	// the person follows the link. It is called on the window's goroutine and may take as long as
	// reading the desktop takes.
	More    string
	Choices func() []Choice
	// ChooseHint is shown above the choices, and AllowChosen on the button once something is
	// chosen. Back, Earlier and Later are the labels for leaving the choices and for the other
	// pages.
	ChooseHint, AllowChosen, Back, Earlier, Later string
}

// QuestionView describes a question on the screen at one moment.
type QuestionView struct {
	Until   time.Time                  // when no answer counts as a refusal
	Armed   bool                       // allowing counts now
	Buttons map[string]image.Rectangle // in Frame's coordinates, by name: allow, refuse, …
	Chosen  []string                   // what the button that allows would allow now, as in Answer
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

// Answer is the person's answer.
type Answer struct {
	Allow  bool
	Never  bool     // refused, now and later
	Chosen []string // IDs of choices; empty: what the question asks for
}
