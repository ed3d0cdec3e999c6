//go:build linux

package x11

import (
	"testing"

	"lotse/leaktest"
	"lotse/screen"
	"lotse/screen/screentest"
	"lotse/screen/x11/x11test"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func openOn(t testing.TB, x *x11test.Server, o screen.Options) *screen.Desktop {
	t.Helper()
	o.Display, o.Logger = x.Display, screentest.Log(t)
	d, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return d
}
