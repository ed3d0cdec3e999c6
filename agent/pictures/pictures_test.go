package pictures

import (
	"bytes"
	"image"
	"image/png"
	"testing"

	"lotse/screen"
)

// TestThumbnail checks that a thumbnail has at most 320×200 pixels and the proportions and colours
// of the desktop.
func TestThumbnail(t *testing.T) {
	for size, want := range map[image.Point]image.Point{
		{X: 1920, Y: 1080}: {X: 320, Y: 180}, {X: 1000, Y: 1000}: {X: 200, Y: 200}, {X: 100, Y: 50}: {X: 100, Y: 50},
		{X: 1, Y: 9000}: {X: 1, Y: 200}, {X: 9000, Y: 1}: {X: 320, Y: 1},
	} {
		f := screen.NewFrame(size)
		f.Fill(f.Bounds(), 10, 20, 30)
		desktop := screen.NewFramebuffer(size)
		desktop.Apply(screen.Update{Frame: f, Damage: screen.RegionOf(f.Bounds())})
		small, err := png.Decode(bytes.NewReader(Thumbnail(desktop)))
		if err != nil {
			t.Fatal(err)
		}
		if got := small.Bounds().Size(); got != want {
			t.Errorf("%v becomes %v, want %v", size, got, want)
		}
		if r, g, b, _ := small.At(0, 0).RGBA(); r>>8 != 10 || g>>8 != 20 || b>>8 != 30 {
			t.Errorf("%v: %d, %d, %d", size, r>>8, g>>8, b>>8)
		}
	}
}
