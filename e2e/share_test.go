package e2e

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"lotse/rfb/rfbtest"
	"lotse/screen/x11/x11test"
)

func init() { x11test.RunPuppet() }

// sharedUpdates is the number of updates that the viewer decodes. A test in screen/x11 watches
// more frames of the capture alone.
const sharedUpdates = 600

// TestShareLeaksNothing checks that a viewer never decodes anything of windows that are not
// shared, while shared and other windows move, grow, open and close at full speed. It looks at
// pixels, copied rectangles, pointer shapes and the panel's thumbnail.
func TestShareLeaksNothing(t *testing.T) {
	s := newStack(t)
	customer := xserver(t, 0, need(t, "Xvfb", "xvfb"), "-screen", "0", "800x600x24", "-nolisten", "tcp")
	puppets := []*x11test.Puppet{
		x11test.StartPuppet(t, customer.name, x11test.Secret),
		x11test.StartPuppet(t, customer.name, x11test.Chosen),
	}
	ses := s.newSession()
	_, address := s.panelAgent(customer, "--number", ses.number, "--answer", "view", "--share", "app:"+x11test.Class)
	ses.Line(`"state":"joined"`)
	thumbnail := thumbnailOf(t, address)
	_, port := s.view(ses.number)
	v, err := rfbtest.Dial(net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), rfbtest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if err := v.SetEncodings(rfbtest.CopyRect, rfbtest.ZRLE, rfbtest.Cursor, rfbtest.DesktopSize); err != nil {
		t.Fatal(err)
	}
	own, copied, thumbnails := 0, 0, 0
	for i := 0; i < sharedUpdates || own == 0 || thumbnails == 0 || copied == 0; i++ {
		for _, p := range puppets {
			switch {
			case i < sharedUpdates:
				p.Step(10) // more than one update needs on an idle machine
			case i == sharedUpdates: // on a slow machine the viewer sees shared windows only when they rest
				p.Rest()
			}
		}
		if err := v.Request(i > 0, v.Bounds()); err != nil {
			t.Fatal(err)
		}
		u, err := v.NextUpdate()
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range u.Rects {
			if r.Encoding == rfbtest.CopyRect {
				copied++
			}
		}
		secret, mine := colours(v.Canvas().Pix)
		if secret > 0 {
			t.Fatalf("update %d: %d pixels of a window that was not chosen", i, secret)
		}
		own += mine
		if shape := v.Shape(); shape != nil {
			if secret, _ := colours(shape.Image.Pix); secret > 0 {
				t.Fatalf("update %d: the pointer's shape is another window's", i)
			}
		}
		if i%20 == 0 {
			if small := thumbnail(); small != nil {
				thumbnails++
				for y := range small.Bounds().Dy() {
					for x := range small.Bounds().Dx() {
						// Only the secret colour is bright in red.
						if r, _, _, _ := small.At(x, y).RGBA(); r>>8 > 0xa4 {
							t.Fatalf("update %d: the thumbnail shows what is not shared", i)
						}
					}
				}
			}
		}
	}
	t.Logf("%d pixels of chosen windows, %d copied rectangles, %d thumbnails", own, copied, thumbnails)
}

// colours counts the pixels of windows that are not shared and of shared ones. pix is RGBA.
func colours(pix []byte) (secret, own int) {
	for ; len(pix) >= 4; pix = pix[4:] {
		switch int(pix[0])<<16 | int(pix[1])<<8 | int(pix[2]) {
		case x11test.Sentinel:
			secret++
		case x11test.Own, x11test.Menu:
			own++
		}
	}
	return secret, own
}

// thumbnailOf opens a panel by its address and returns a function that returns its thumbnail.
func thumbnailOf(t *testing.T, address string) func() image.Image {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	origin := "http://" + u.Host
	body, _ := json.Marshal(map[string]string{"token": strings.TrimPrefix(u.Fragment, "t=")})
	answer, err := http.Post(origin+"/api/open", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var opened struct{ Key string }
	if err := json.NewDecoder(answer.Body).Decode(&opened); err != nil || opened.Key == "" {
		t.Fatalf("the panel does not open: %v", err)
	}
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return func() image.Image {
		t.Helper()
		r, err := http.NewRequest(http.MethodGet, origin+"/api/thumbnail", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Lotse-Key", opened.Key)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if answer.StatusCode == http.StatusNoContent {
			return nil
		}
		img, err := png.Decode(answer.Body)
		if err != nil {
			t.Fatalf("thumbnail: %v, status %d", err, answer.StatusCode)
		}
		return img
	}
}
