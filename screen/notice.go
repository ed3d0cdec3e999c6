package screen

import "context"

// Notice is something that the system does by itself and that both sides must be told in words.
type Notice uint8

// The notices.
const (
	// NoticeNone: nothing special.
	NoticeNone Notice = iota
	// NoticeHidden: the system shows something that no program may read or answer, such as its lock
	// screen or Windows' question for more rights. Frames are plain grey meanwhile, and input has
	// no effect.
	NoticeHidden
	// NoticeShielded: the window in front belongs to a program with more rights than this one. It
	// can be seen, but input to it has no effect.
	NoticeShielded
)

// Notices reports when the system starts or stops such a thing.
type Notices interface {
	// Watch calls changed with the current notice, on one goroutine, each time it changes, until
	// ctx ends. Initially the notice is NoticeNone.
	Watch(ctx context.Context, changed func(Notice)) error
}
