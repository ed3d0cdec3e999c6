package tunnel

import "time"

// A file must not delay the picture on the same line. So its sender keeps little under way. When
// the counts of the receiver come later than they could, something waits in front of the line, and
// the sender slows down. novnc-web/src/advisor/filewindow.ts does the same.
const (
	minFileWindow   = 16 << 10
	startFileWindow = 64 << 10
	// fileDelay is how much later than the fastest one a count may come.
	fileDelay = 15 * time.Millisecond
	minSlice  = 4 << 10
	maxSlice  = 64 << 10
)

// fileWindow determines how many bytes may be under way. Create one with newFileWindow.
type fileWindow struct {
	size   int           // in bytes
	count  int64         // how many bytes were counted
	sent   []sentBytes   // not counted yet, oldest first
	best   time.Duration // the shortest time from sending to a count; 0: not known yet
	shrunk time.Time     // when size was last made smaller
}

// sentBytes are bytes up to an offset, which were sent at one time.
type sentBytes struct {
	end int64
	at  time.Time
}

func newFileWindow(begin int64) *fileWindow { return &fileWindow{size: startFileWindow, count: begin} }

// slice returns how many bytes to send at a time: few, because the picture waits for the end of
// each on a slow line.
func (w *fileWindow) slice() int { return min(max(w.size/16, minSlice), maxSlice) }

// sends notes that the bytes up to end were sent.
func (w *fileWindow) sends(end int64, now time.Time) {
	w.sent = append(w.sent, sentBytes{end, now})
}

// counts adapts the window when the receiver has counted the bytes up to n.
func (w *fileWindow) counts(n int64, now time.Time) {
	var last *sentBytes
	for len(w.sent) > 0 && w.sent[0].end <= n {
		last = &w.sent[0]
		w.sent = w.sent[1:]
	}
	if last == nil {
		return
	}
	counted := int(last.end - w.count)
	w.count = last.end
	delay := now.Sub(last.at)
	if w.best == 0 || delay < w.best {
		w.best = delay
	}
	switch {
	case delay <= w.best+fileDelay: // an eighth more in a round trip
		w.size = min(w.size+1+counted/8, FileWindow)
	case now.Sub(w.shrunk) >= delay:
		w.size, w.shrunk = max(w.size*7/10, minFileWindow), now
	}
}
