//go:build portable && linux

package portable

import (
	"testing"

	"lotse/leaktest"
	"lotse/screen"
	"lotse/screen/x11/x11test"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestBackend(t *testing.T) {
	x := x11test.Xvfb(t, "1000x700x24")
	t.Setenv("DISPLAY", x.Display)
	d, err := Open(screen.Options{Display: x.Display})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	x11test.Backend(t, x, d, 0)
}
