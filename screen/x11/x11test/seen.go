//go:build unix

package x11test

import (
	"context"
	"fmt"
	"image"
	"sync"
	"testing"
	"time"

	"lotse/screen"
	"lotse/screen/screentest"
)

// Seen is a framebuffer that a goroutine keeps up to date from Next, using only the damage.
type Seen struct {
	*screen.Framebuffer
	mu      sync.Mutex
	updates int
	err     error
}

// Watch keeps a copy of what s shows until the test ends.
func Watch(t testing.TB, s screen.Screen) *Seen {
	f := &Seen{Framebuffer: screen.NewFramebuffer(image.Pt(1, 1))}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			u, err := s.Next(ctx)
			f.mu.Lock()
			f.updates++
			f.err = err
			f.mu.Unlock()
			if err != nil {
				return
			}
			f.Apply(u)
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
	return f
}

// Err returns the last error of Next.
func (f *Seen) Err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// Count returns how often Next has returned.
func (f *Seen) Count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.updates
}

// Differs compares with an image of the display; the result is empty if they are equal within
// tolerance per channel.
func (f *Seen) Differs(want []byte, tolerance int) string {
	var msg string
	f.Read(func(v screen.View) {
		size := v.Frame.Size
		if len(want) != size.X*size.Y*3 {
			msg = fmt.Sprintf("%v pixels, want %d bytes", size, len(want))
			return
		}
		bad := 0
		for y := range size.Y {
			row := v.Frame.Row(y, 0, size.X)
			for i := range size.X {
				for c := range 3 {
					d := int(row[4*i+2-c]) - int(want[3*(y*size.X+i)+c])
					if d < -tolerance || d > tolerance {
						if bad++; bad == 1 {
							msg = fmt.Sprintf("at %d,%d channel %d: off by %d", i, y, c, d)
						}
					}
				}
			}
		}
		if bad > 0 {
			msg += fmt.Sprintf(" (%d bad)", bad)
		}
	})
	return msg
}

// WantSame waits until it equals what the display shows.
func (f *Seen) WantSame(t testing.TB, x *Server, tolerance int) {
	t.Helper()
	f.wantSame(t, "picture", x.Picture, tolerance)
}

func (f *Seen) wantSame(t testing.TB, what string, picture func(testing.TB) []byte, tolerance int) {
	t.Helper()
	var msg string
	for deadline := time.Now().Add(screentest.Patience); ; time.Sleep(20 * time.Millisecond) {
		if msg = f.Differs(picture(t), tolerance); msg == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s differs: %s", what, msg)
		}
	}
}
