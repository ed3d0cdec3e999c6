package rfb

import (
	"image"
	"testing"

	"lotse/screen"
)

// If view is taken between the choice of the framebuffer and reading it, the pending region belongs
// to the waiting framebuffer and must not be taken.
func TestRightTakenBetweenChoiceAndReading(t *testing.T) {
	c := NewConn(nil, Config{Desktop: coloured(255, 0, 0), Waiting: coloured(0, 0, 255), Rights: RightView})
	c.writer.size = image.Pt(8, 4)
	c.reader.request(updateRequest{area: image.Rect(0, 0, 8, 4)})
	c.mu.Lock()
	j := c.writer.takeLocked()
	c.mu.Unlock()
	if !j.update {
		t.Fatal("nothing to do")
	}
	c.SetRights(0)
	c.cfg.Desktop.Read(func(v screen.View) {
		b, err := c.writer.appendUpdate(nil, &j, v)
		if err != nil || len(b) != 0 {
			t.Errorf("% x, %v", b, err)
		}
	})
	b, updated, err := c.writer.compose(nil)
	if err != nil || !updated {
		t.Fatalf("no picture, %v", err)
	}
	// The first pixel of the only rectangle, which is Raw.
	if pixel := b[4+12:][:3]; pixel[0] != 255 || pixel[2] != 0 {
		t.Errorf("blue, green, red: %v", pixel)
	}
}
