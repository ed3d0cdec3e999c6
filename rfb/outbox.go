package rfb

import "fmt"

// maxQueued is the maximum number of messages queued for a viewer that does not read.
const maxQueued = 128

// outbox queues the messages that are written before the next update.
type outbox struct {
	messages []func([]byte) []byte
	fences   int // number of queued answers to fences
	// hold stops updates between a fence with SyncNext and its answer, so that the message after
	// the fence takes effect exactly at the answer.
	hold bool
}

// add appends a message. It returns an error if too many are queued.
func (o *outbox) add(message func([]byte) []byte) error {
	if len(o.messages) >= maxQueued {
		return lateError(fmt.Sprintf("rfb: viewer let %d messages wait", maxQueued))
	}
	o.messages = append(o.messages, message)
	return nil
}

// addFence counts an answer to a fence before it is added.
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
