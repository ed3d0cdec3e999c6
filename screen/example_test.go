package screen_test

import (
	"fmt"
	"image"

	"lotse/screen"
)

// A framebuffer compares each frame with the last one and reports what changed.
func ExampleFramebuffer() {
	b := screen.NewFramebuffer(image.Pt(640, 480))
	frame := screen.NewFrame(image.Pt(640, 480))
	all := screen.RegionOf(frame.Bounds())
	b.Apply(screen.Update{Frame: frame, Damage: all})

	frame.Fill(image.Rect(100, 100, 110, 104), 0xff, 0xff, 0xff)
	// The system's damage may be too large: only real differences are changes.
	change := b.Apply(screen.Update{Frame: frame, Damage: all})
	fmt.Println(change.Region.Rects())
	// Output:
	// [(100,100)-(110,104)]
}

// A region is a set of pixels, stored as rectangles that do not overlap.
func ExampleRegion() {
	r := screen.RegionOf(image.Rect(0, 0, 100, 100), image.Rect(50, 50, 150, 150))
	r.Subtract(image.Rect(0, 0, 100, 100))
	fmt.Println(r.Area(), r.Contains(image.Pt(10, 10)), r.Contains(image.Pt(120, 120)))
	// Output:
	// 7500 false true
}
