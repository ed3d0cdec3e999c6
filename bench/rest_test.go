package main

import (
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lotse/leaktest"
	"lotse/rfb/rfbtest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// TestExactAtRest checks that the viewer's picture equals the screen pixel for pixel after a
// workload has stopped. It covers every encoding on a fast line, and two of them on a slow one.
// The time it takes is not judged here, only that it happens within the patience of tests.
//
// Photographs of the whole screen are left out on the slow line, because their lossless data
// take longer. Workloads that fill the screen run with one encoding only.
func TestExactAtRest(t *testing.T) {
	bin, err := filepath.Abs("../bin")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"lotse", "lotse-agent"} {
		if _, err := os.Stat(filepath.Join(bin, name)); err != nil {
			t.Fatalf("%s is not built: make build", name)
		}
	}
	xserver, display, err := startX("1920x1080")
	if err != nil {
		t.Fatal(err)
	}
	defer xserver.stop()
	x, err := newXClient(display)
	if err != nil {
		t.Fatal(err)
	}
	defer x.close()
	srv, err := startLotse(bin, display)
	if err != nil {
		t.Fatal(err)
	}
	defer srv.stop()
	lists := map[string][]int32{
		"Tight 6": {rfbtest.Tight, rfbtest.CopyRect, rfbtest.Quality(6), rfbtest.LastRect, rfbtest.Fence, rfbtest.ContinuousUpdates},
		"Tight":   {rfbtest.Tight, rfbtest.CopyRect}, "ZRLE": {rfbtest.ZRLE, rfbtest.CopyRect, rfbtest.Fence},
		"Hextile": {rfbtest.Hextile, rfbtest.CopyRect}, "Zlib": {rfbtest.Zlib}, "Raw": {rfbtest.Raw, rfbtest.CopyRect},
	}
	for _, link := range []shape{shapes[0], shapes[2]} {
		for name, list := range lists {
			if link.bytesPerSecond > 0 && name != "Tight 6" && name != "ZRLE" {
				continue
			}
			for _, w := range workloads {
				if w.every == 0 || w.keys > 0 || w.lossless {
					continue
				}
				if large := w.name == "full" || w.name == "video720"; large && (link.bytesPerSecond > 0 || name != "Tight 6") {
					continue
				}
				t.Run(strings.Join([]string{w.name, link.name, name}, "/"), func(t *testing.T) {
					rest(t, x, w, link, srv, append(list, rfbtest.DesktopSize, rfbtest.Cursor))
				})
			}
		}
	}
}

func rest(t *testing.T, x *xclient, w workload, link shape, srv *server, list []int32) {
	x.clear()
	draw, _ := w.setup(x)
	conn, shut, err := dialThrough(link, srv.address)
	if err != nil {
		t.Fatal(err)
	}
	defer shut()
	_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
	v, err := rfbtest.New(conn, rfbtest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := v.SetEncodings(list...); err != nil {
		t.Fatal(err)
	}
	drawn := make(chan []byte, 1)
	go func() {
		for n := range 25 {
			draw(n + 1)
			time.Sleep(min(w.every, time.Second/20))
		}
		x.sync()
		drawn <- x.picture()
		_ = v.Request(false, image.Rect(0, 0, 1, 1)) // forces an update even if everything has arrived
	}()
	if err := v.Request(false, v.Bounds()); err != nil {
		t.Fatal(err)
	}
	var want []byte
	began := time.Now()
	for {
		m, err := v.Next()
		if err != nil {
			t.Fatalf("%v; %v", err, differing(v.Canvas(), want))
		}
		if _, ok := m.(*rfbtest.Update); !ok {
			continue
		}
		if want == nil {
			select {
			case want = <-drawn:
				began = time.Now()
			default:
			}
		}
		if want != nil && differing(v.Canvas(), want) == nil {
			t.Logf("exact after %v", time.Since(began).Round(time.Millisecond))
			return
		}
		if err := v.Request(true, v.Bounds()); err != nil {
			t.Fatal(err)
		}
	}
}
