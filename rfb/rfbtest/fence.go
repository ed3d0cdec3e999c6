package rfbtest

import (
	"fmt"
)

// Flags of a fence; rfbproto, sections "ClientFence" and "ServerFence".
const (
	FenceBlockBefore = 1 << 0
	FenceBlockAfter  = 1 << 1
	FenceSyncNext    = 1 << 2
	FenceRequest     = 1 << 31
)

// FenceMessage is a ServerFence. A request has been answered already, unless HoldFences is on.
type FenceMessage struct {
	Flags   uint32
	Payload []byte
}

func (v *Viewer) serverFence() (any, error) {
	if err := v.in.skip(3); err != nil {
		return nil, err
	}
	flags, err := v.in.u32()
	if err != nil {
		return nil, err
	}
	n, err := v.in.u8()
	if err != nil {
		return nil, err
	}
	payload, err := v.in.bytes(int(n), 64)
	if err != nil {
		return nil, err
	}
	m := FenceMessage{flags, payload}
	const known = FenceBlockBefore | FenceBlockAfter | FenceSyncNext
	if flags&^(known|FenceRequest) != 0 {
		return nil, fmt.Errorf("%w: fence flags %#x", ErrReserved, flags)
	}
	if flags&FenceRequest == 0 {
		if string(payload) == formatFence {
			v.mu.Lock()
			if v.nextPixels != nil {
				v.pixels, v.nextPixels = v.nextPixels, nil
			}
			v.mu.Unlock()
		}
		return m, nil
	}
	if v.holdFences {
		return m, nil
	}
	return m, v.AnswerFence(m)
}

// HoldFences sets whether requests remain unanswered; then use AnswerFence.
func (v *Viewer) HoldFences(hold bool) { v.holdFences = hold }

// formatFence is the payload of the fence in SyncPixelFormat.
const formatFence = "rfbtest: format"

// SyncPixelFormat changes the format while updates may be in flight: the answer to a fence with
// SyncNext marks where the new format starts.
func (v *Viewer) SyncPixelFormat(f PixelFormat) error {
	v.mu.Lock()
	v.nextPixels = newPixels(f)
	v.mu.Unlock()
	if err := v.SendFence(FenceRequest|FenceSyncNext, []byte(formatFence)); err != nil {
		return err
	}
	return v.send(f.append([]byte{0, 0, 0, 0}))
}
