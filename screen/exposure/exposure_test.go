package exposure

import (
	"image"
	"testing"
	"time"

	"lotse/screen"
)

func TestTrust(t *testing.T) {
	const Settle = 100 * time.Millisecond
	began := time.Now()
	at := func(ms int) time.Time { return began.Add(time.Duration(ms) * time.Millisecond) }
	whole, half := image.Rect(0, 0, 100, 100), image.Rect(0, 0, 50, 100)
	for _, test := range []struct {
		name    string
		do      func(*Trust)
		picture int
		want    int // pixels
	}{
		{"nothing seen", func(*Trust) {}, 0, 0},
		{"seen too shortly", func(r *Trust) {
			r.Sees(at(0), at(0), screen.RegionOf(whole), nil)
			r.Sees(at(60), at(60), screen.RegionOf(whole), nil)
		}, 50, 0},
		{"not seen after the picture", func(r *Trust) { r.Sees(at(0), at(0), screen.RegionOf(whole), nil) }, 150, 0},
		{"seen all the while", func(r *Trust) {
			r.Sees(at(0), at(0), screen.RegionOf(whole), nil)
			r.Sees(at(160), at(160), screen.RegionOf(whole), nil)
		}, 150, 10000},
		{"covered after the picture", func(r *Trust) {
			r.Sees(at(0), at(0), screen.RegionOf(whole), nil)
			r.Sees(at(160), at(160), screen.RegionOf(half), nil)
		}, 150, 5000},
		{"covered a moment ago", func(r *Trust) {
			r.Sees(at(0), at(0), screen.RegionOf(whole), nil)
			r.Sees(at(100), at(100), screen.RegionOf(half), nil)
			r.Sees(at(160), at(160), screen.RegionOf(whole), nil)
		}, 150, 5000},
		{"covered before the last look that is long ago", func(r *Trust) {
			r.Sees(at(0), at(0), screen.RegionOf(half), nil)
			r.Sees(at(20), at(20), screen.RegionOf(whole), nil)
			r.Sees(at(160), at(160), screen.RegionOf(whole), nil)
		}, 150, 10000},
		{"something passed", func(r *Trust) {
			r.Sees(at(0), at(0), screen.RegionOf(whole), nil)
			r.suspect(at(120), image.Rect(90, 0, 200, 100))
			r.Sees(at(160), at(160), screen.RegionOf(whole), nil)
		}, 150, 9000},
		{"something passed long ago", func(r *Trust) {
			r.Sees(at(0), at(0), screen.RegionOf(whole), nil)
			r.suspect(at(20), image.Rect(90, 0, 200, 100))
			r.SuspectAll(at(30))
			r.Sees(at(45), at(45), screen.RegionOf(whole), nil)
			r.Sees(at(160), at(160), screen.RegionOf(whole), nil)
		}, 150, 10000},
		{"something passed and nobody looked since", func(r *Trust) {
			r.Sees(at(0), at(0), screen.RegionOf(whole), nil)
			r.suspect(at(20), image.Rect(90, 0, 200, 100))
			r.Sees(at(160), at(160), screen.RegionOf(whole), nil)
		}, 150, 9000},
		{"nobody knows", func(r *Trust) {
			r.Sees(at(0), at(0), screen.RegionOf(whole), nil)
			r.SuspectAll(at(155))
			r.Sees(at(160), at(160), screen.RegionOf(whole), nil)
		}, 150, 0},
		{"the display became another", func(r *Trust) {
			r.Sees(at(0), at(0), screen.RegionOf(whole), nil)
			r.Forget()
			r.Sees(at(160), at(160), screen.RegionOf(whole), nil)
		}, 150, 0},
		{"too much at once", func(r *Trust) {
			r.Sees(at(0), at(0), screen.RegionOf(whole), nil)
			for range maxSuspects + 1 {
				r.suspect(at(140), image.Rect(200, 0, 201, 1))
			}
			r.Sees(at(160), at(160), screen.RegionOf(whole), nil)
		}, 150, 0},
		{"many looks", func(r *Trust) {
			for ms := 0; ms <= 1000; ms += 10 {
				r.Sees(at(ms), at(ms), screen.RegionOf(whole), nil)
			}
			if len(r.seen) > 50 {
				t.Errorf("%d sightings are kept", len(r.seen))
			}
		}, 995, 10000},
	} {
		r := &Trust{Settle: Settle}
		test.do(r)
		if got := r.Certain(at(test.picture)).Area(); got != test.want {
			t.Errorf("%s: %d pixels are certain, want %d", test.name, got, test.want)
		}
	}
}

func TestVisibleOf(t *testing.T) {
	bounds := image.Rect(0, 0, 100, 100)
	foreign := func(r image.Rectangle) Layer { return Layer{Outer: r} }
	shared := func(outer, inner image.Rectangle, cut int) Layer {
		return Layer{Outer: outer, Inner: inner, Shown: true, Cut: cut}
	}
	all := image.Rect(0, 0, 100, 100)
	for _, test := range []struct {
		name   string
		layers []Layer
		want   int
	}{
		{"nothing", nil, 0},
		{"one", []Layer{shared(all, all, 0)}, 10000},
		{"partly outside", []Layer{shared(image.Rect(-50, 0, 50, 100), image.Rect(-50, 0, 50, 100), 0)}, 5000},
		{"below a foreign one", []Layer{foreign(image.Rect(0, 0, 100, 30)), shared(all, all, 0)}, 7000},
		{"above a foreign one", []Layer{shared(all, all, 0), foreign(all)}, 10000},
		{"the border is not its own", []Layer{shared(all, image.Rect(10, 10, 90, 90), 0), foreign(all)}, 6400},
		{"the border over another shared one", []Layer{shared(all, image.Rect(10, 10, 90, 90), 0), shared(all, all, 0)}, 10000},
		{"the corners show what is below", []Layer{shared(all, all, 5), foreign(all)}, 10000 - 4*25},
	} {
		if got := Visible(bounds, test.layers).Area(); got != test.want {
			t.Errorf("%s: %d pixels, want %d", test.name, got, test.want)
		}
	}
}
