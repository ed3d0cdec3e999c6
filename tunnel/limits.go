package tunnel

import "time"

// Limits of a customer's program: of lotse-agent, and of the page that shares a screen without a
// download. The page's values are generated from these constants (make protocol).
const (
	// EnterTimeout limits the wait for the gateway's answer to a number.
	EnterTimeout = 90 * time.Second
	// ProofTimeout limits the wait for the seal after the gateway's answer, and for the gateway's
	// answer after a seal that failed.
	ProofTimeout = 20 * time.Second
	// MaxGrace is the longest grace period for reconnecting that is accepted from a gateway.
	MaxGrace = time.Hour
	// MaxPuzzles is how many puzzles a gateway may send before it answers one try.
	MaxPuzzles = 4
	// MaxStreams is the maximum number of streams of one link, counting those that are being
	// opened. Further calls are not answered.
	MaxStreams = 32
	// MaxViewers and MaxControls are the maximum numbers of open streams of one kind.
	MaxViewers  = 16
	MaxControls = 8
	// MaxChatText is the maximum length in characters of a line of the chat.
	MaxChatText = 1000
	// MaxChatLines is how many lines of the chat are kept, the latest ones.
	MaxChatLines = 100
	// MaxChatBurst is how many lines one side may write at once; after that, one each ChatPause.
	MaxChatBurst = 10
	ChatPause    = time.Second
	// DoorNumberLife is how long a door's number waits for its viewer.
	DoorNumberLife = 5 * time.Minute
)
