package native

import (
	"image"
	"testing"
	"time"

	"lotse/screen"
)

func TestTrust(t *testing.T) {
	const settle = 100 * time.Millisecond
	began := time.Now()
	at := func(ms int) time.Time { return began.Add(time.Duration(ms) * time.Millisecond) }
	whole, half := image.Rect(0, 0, 100, 100), image.Rect(0, 0, 50, 100)
	for _, test := range []struct {
		name    string
		do      func(*trust)
		picture int
		want    int // pixels
	}{
		{"nothing seen", func(*trust) {}, 0, 0},
		{"seen too shortly", func(r *trust) {
			r.sees(at(0), at(0), screen.RegionOf(whole), nil)
			r.sees(at(60), at(60), screen.RegionOf(whole), nil)
		}, 50, 0},
		{"not seen after the picture", func(r *trust) { r.sees(at(0), at(0), screen.RegionOf(whole), nil) }, 150, 0},
		{"seen all the while", func(r *trust) {
			r.sees(at(0), at(0), screen.RegionOf(whole), nil)
			r.sees(at(160), at(160), screen.RegionOf(whole), nil)
		}, 150, 10000},
		{"covered after the picture", func(r *trust) {
			r.sees(at(0), at(0), screen.RegionOf(whole), nil)
			r.sees(at(160), at(160), screen.RegionOf(half), nil)
		}, 150, 5000},
		{"covered a moment ago", func(r *trust) {
			r.sees(at(0), at(0), screen.RegionOf(whole), nil)
			r.sees(at(100), at(100), screen.RegionOf(half), nil)
			r.sees(at(160), at(160), screen.RegionOf(whole), nil)
		}, 150, 5000},
		{"covered before the last look that is long ago", func(r *trust) {
			r.sees(at(0), at(0), screen.RegionOf(half), nil)
			r.sees(at(20), at(20), screen.RegionOf(whole), nil)
			r.sees(at(160), at(160), screen.RegionOf(whole), nil)
		}, 150, 10000},
		{"something passed", func(r *trust) {
			r.sees(at(0), at(0), screen.RegionOf(whole), nil)
			r.suspect(at(120), image.Rect(90, 0, 200, 100))
			r.sees(at(160), at(160), screen.RegionOf(whole), nil)
		}, 150, 9000},
		{"something passed long ago", func(r *trust) {
			r.sees(at(0), at(0), screen.RegionOf(whole), nil)
			r.suspect(at(20), image.Rect(90, 0, 200, 100))
			r.suspectAll(at(30))
			r.sees(at(45), at(45), screen.RegionOf(whole), nil)
			r.sees(at(160), at(160), screen.RegionOf(whole), nil)
		}, 150, 10000},
		{"something passed and nobody looked since", func(r *trust) {
			r.sees(at(0), at(0), screen.RegionOf(whole), nil)
			r.suspect(at(20), image.Rect(90, 0, 200, 100))
			r.sees(at(160), at(160), screen.RegionOf(whole), nil)
		}, 150, 9000},
		{"nobody knows", func(r *trust) {
			r.sees(at(0), at(0), screen.RegionOf(whole), nil)
			r.suspectAll(at(155))
			r.sees(at(160), at(160), screen.RegionOf(whole), nil)
		}, 150, 0},
		{"the display became another", func(r *trust) {
			r.sees(at(0), at(0), screen.RegionOf(whole), nil)
			r.forget()
			r.sees(at(160), at(160), screen.RegionOf(whole), nil)
		}, 150, 0},
		{"too much at once", func(r *trust) {
			r.sees(at(0), at(0), screen.RegionOf(whole), nil)
			for range maxSuspects + 1 {
				r.suspect(at(140), image.Rect(200, 0, 201, 1))
			}
			r.sees(at(160), at(160), screen.RegionOf(whole), nil)
		}, 150, 0},
		{"many looks", func(r *trust) {
			for ms := 0; ms <= 1000; ms += 10 {
				r.sees(at(ms), at(ms), screen.RegionOf(whole), nil)
			}
			if len(r.seen) > 50 {
				t.Errorf("%d sightings are kept", len(r.seen))
			}
		}, 995, 10000},
	} {
		r := &trust{settle: settle}
		test.do(r)
		if got := r.certain(at(test.picture)).Area(); got != test.want {
			t.Errorf("%s: %d pixels are certain, want %d", test.name, got, test.want)
		}
	}
}

func TestVisibleOf(t *testing.T) {
	bounds := image.Rect(0, 0, 100, 100)
	foreign := func(r image.Rectangle) layer { return layer{outer: r} }
	shared := func(outer, inner image.Rectangle, cut int) layer {
		return layer{outer: outer, inner: inner, shown: true, cut: cut}
	}
	all := image.Rect(0, 0, 100, 100)
	for _, test := range []struct {
		name   string
		layers []layer
		want   int
	}{
		{"nothing", nil, 0},
		{"one", []layer{shared(all, all, 0)}, 10000},
		{"partly outside", []layer{shared(image.Rect(-50, 0, 50, 100), image.Rect(-50, 0, 50, 100), 0)}, 5000},
		{"below a foreign one", []layer{foreign(image.Rect(0, 0, 100, 30)), shared(all, all, 0)}, 7000},
		{"above a foreign one", []layer{shared(all, all, 0), foreign(all)}, 10000},
		{"the border is not its own", []layer{shared(all, image.Rect(10, 10, 90, 90), 0), foreign(all)}, 6400},
		{"the border over another shared one", []layer{shared(all, image.Rect(10, 10, 90, 90), 0), shared(all, all, 0)}, 10000},
		{"the corners show what is below", []layer{shared(all, all, 5), foreign(all)}, 10000 - 4*25},
	} {
		if got := visibleOf(bounds, test.layers).Area(); got != test.want {
			t.Errorf("%s: %d pixels, want %d", test.name, got, test.want)
		}
	}
}
