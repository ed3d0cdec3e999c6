package e2e

import (
	"fmt"
	"image"
	"image/color"
	"testing"
)

// arrowColour is that of the first advisor's arrow.
var arrowColour = color.RGBA{R: 0xc2, G: 0x41, B: 0x0c, A: 0xff}

// pointedAt waits until the customer's display shows the arrow of an advisor without control at a
// point, or until it does not show it.
func (d *display) pointedAt(t testing.TB, at image.Point, shown bool) {
	t.Helper()
	inside := at.Add(image.Pt(3, 10)) // of the arrow, whose tip is at the point
	eventually(t, fmt.Sprintf("an arrow at %v: %t", at, shown), func() error {
		got := color.RGBAModel.Convert(d.picture().At(inside.X, inside.Y))
		if (got == arrowColour) != shown {
			return fmt.Errorf("the colour there is %v", got)
		}
		return nil
	})
}
