package drawing

import (
	"image"
	"image/color"
	"testing"

	"golang.org/x/image/font/sfnt"
)

// TestCharacters checks that both fonts have the letters of Latin, Greek and Cyrillic.
func TestCharacters(t *testing.T) {
	all, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	var buf sfnt.Buffer
	for i, f := range all {
		for _, r := range "AZaz09 ÄÖÜäöüßÉÈÊÇéèêçœŒÿŸŁłŚśŽžŐőŞşĞğİı…’– ΑΩαωάώ АЯаяЁёЇїЄє" {
			if at, err := f.GlyphIndex(&buf, r); at == 0 || err != nil {
				t.Errorf("font %d has no %q: %v", i, r, err)
			}
		}
	}
}

func TestElideAndWrap(t *testing.T) {
	f, err := Regular(14)
	if err != nil {
		t.Fatal(err)
	}
	if got := Elide(f, "short", 100); got != "short" {
		t.Errorf("%q", got)
	}
	if got := Elide(f, "much too long for this", 60); Width(f, got) > 60 || got[0] != 'm' {
		t.Errorf("%q is %d pixels wide", got, Width(f, got))
	}
	if got := Elide(f, "anything", 0); got != "…" {
		t.Errorf("%q", got)
	}
	if got := Wrap(f, "one two three four five six", 60, 3); len(got) != 3 || Width(f, got[2]) > 60 {
		t.Errorf("%q", got)
	}
	if got := Wrap(f, "", 60, 3); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

// TestSmoothText checks that letters have edges between ink and paper, and stay in their
// rectangle.
func TestSmoothText(t *testing.T) {
	f, err := Bold(14)
	if err != nil {
		t.Fatal(err)
	}
	c := NewCanvas(image.Pt(80, 30))
	c.Fill(c.Rect, color.RGBA{255, 255, 255, 255})
	r := image.Rect(10, 5, 60, 25)
	c.Left(r, f, "Anna Berg sees everything", color.RGBA{0, 0, 0, 255})
	between := 0
	for y := range 30 {
		for x := range 80 {
			p := c.RGBAAt(x, y)
			if p.R != 255 && !image.Pt(x, y).In(r) {
				t.Fatalf("ink at %d,%d", x, y)
			}
			if p.R > 0 && p.R < 255 {
				between++
			}
		}
	}
	if between < 30 {
		t.Errorf("%d smooth pixels", between)
	}
}
