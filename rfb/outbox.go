package rfb

import "fmt"

// maxQueued bounds the messages that wait for a viewer that does not read.
const maxQueued = 128

// outbox holds the messages that are written before the next update.
type outbox struct {
	messages []func([]byte) []byte
	fences   int // answers to fences among them
	// hold stops updates between a fence with SyncNext and its answer, so that the
	// message in between takes effect exactly there.
	hold bool
}

// add appends a message. The error says that the viewer let too many wait.
func (o *outbox) add(message func([]byte) []byte) error {
	if len(o.messages) >= maxQueued {
		return lateError(fmt.Sprintf("rfb: viewer let %d messages wait", maxQueued))
	}
	o.messages = append(o.messages, message)
	return nil
}

// addFence counts an answer to a fence that will be added.
func (o *outbox) addFence() error {
	if o.fences >= maxPendingFences {
		return lateError(fmt.Sprintf("rfb: viewer let %d fences wait", maxPendingFences))
	}
	o.fences++
	return nil
}

// take removes and returns all messages.
func (o *outbox) take() []func([]byte) []byte {
	messages := o.messages
	o.messages, o.fences = nil, 0
	return messages
}
