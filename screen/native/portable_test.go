//go:build portable && linux

package native

import "testing"

func init() {
	backends = append(backends, backend{name: "portable", server: xvfb24, open: func(t testing.TB, x *xserver) *Desktop {
		t.Setenv("DISPLAY", x.display)
		d, err := OpenPortable(Options{Display: x.display})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := d.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
		return d
	}})
}
