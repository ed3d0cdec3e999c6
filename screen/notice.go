package screen

import "context"

// Notice is something that the system does of its own and that both sides must
// be told in words.
type Notice uint8

// The notices.
const (
	// NoticeNone: all is as usual.
	NoticeNone Notice = iota
	// NoticeHidden: the system shows something that no program may read or answer,
	// such as its lock screen or Windows' question for more rights. Pictures are
	// plain grey meanwhile, and input goes nowhere.
	NoticeHidden
	// NoticeShielded: the window in front belongs to a program with more rights
	// than this one. It can be seen, but input for it goes nowhere.
	NoticeShielded
)

// Notices tells when the system begins or ends such a thing.
type Notices interface {
	// Watch calls changed with the notice that holds now, on one goroutine, each
	// time it is another one, until ctx ends. It begins with NoticeNone.
	Watch(ctx context.Context, changed func(Notice)) error
}
