package rfb

import "encoding/binary"

// Flags of a fence; rfbproto, sections "ClientFence" and "ServerFence".
const (
	fenceBlockBefore = 1 << 0
	fenceBlockAfter  = 1 << 1
	fenceSyncNext    = 1 << 2
	fenceRequest     = 1 << 31
	fenceKnown       = fenceBlockBefore | fenceBlockAfter | fenceSyncNext
)

// maxPendingFences is the maximum number of fences whose answers a viewer has not read.
const maxPendingFences = 64

func appendFence(b []byte, flags uint32, payload []byte) []byte {
	b = append(b, msgServerFence, 0, 0, 0)
	b = binary.BigEndian.AppendUint32(b, flags)
	b = append(b, byte(len(payload)))
	return append(b, payload...)
}
