package main

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"strconv"
)

// icon draws a ship's wheel: a rim, a hub and eight spokes with handles. Each pixel is the mean
// of 8×8 points, so that the icon is smooth at every size.
func icon(sizeText, out string) error {
	size, err := strconv.Atoi(sizeText)
	if err != nil || size < 1 || size > 1024 {
		return fmt.Errorf("%q is no size in pixels", sizeText)
	}
	img := image.NewNRGBA(image.Rect(0, 0, size, size))
	const points = 8
	for y := range size {
		for x := range size {
			hits := 0
			for i := range points * points {
				px := (float64(x)+(float64(i%points)+0.5)/points)/float64(size)*2 - 1
				py := (float64(y)+(float64(i/points)+0.5)/points)/float64(size)*2 - 1
				if inWheel(px, py) {
					hits++
				}
			}
			img.SetNRGBA(x, y, color.NRGBA{0x1f, 0x56, 0x73, uint8(hits * 255 / (points * points))})
		}
	}
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		return err
	}
	return f.Close()
}

func inWheel(x, y float64) bool {
	r := math.Hypot(x, y)
	if r > 0.48 && r < 0.68 || r < 0.2 {
		return true
	}
	if r > 0.96 {
		return false
	}
	// off is the distance from the nearest of the eight spokes.
	eighth := math.Pi / 4
	angle := math.Atan2(y, x)
	off := math.Abs(math.Sin(angle-math.Round(angle/eighth)*eighth)) * r
	return off < 0.055 || r > 0.74 && off < 0.085
}
