package tunnel

import "time"

// Limits of a customer's side, whichever program it is: lotse-agent, or the page that
// shares a screen without download. The page takes them from here (make protocol).
const (
	// EnterTimeout bounds the wait for the gateway's word on a number.
	EnterTimeout = 90 * time.Second
	// ProofTimeout bounds the wait for the seal behind the gateway's word, and for its
	// word behind a seal that failed.
	ProofTimeout = 20 * time.Second
	// MaxGrace bounds what a gateway may promise for coming back.
	MaxGrace = time.Hour
	// MaxPuzzles is how often a gateway may ask for work before it answers one try.
	MaxPuzzles = 4
	// MaxStreams bounds the streams of one link, open ones and those that are being
	// opened; further calls are not answered.
	MaxStreams = 32
	// MaxViewers and MaxControls bound the streams of one kind that are open.
	MaxViewers  = 16
	MaxControls = 8
	// DoorNumberLife is how long the number of a door waits for its viewer.
	DoorNumberLife = 5 * time.Minute
)
