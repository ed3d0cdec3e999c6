package e2e

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// captureNote is what Chromium logs at every screen capture if pages may not use a camera. The
// capture works nevertheless.
const captureNote = "camera is not allowed in this document"

// endOfCaptureNote is what Chromium 156 sometimes logs when a capture ends while a frame is on
// its way from the MediaStreamTrackProcessor to the page. That frame never reaches the page.
// The page closes every frame that it receives. A page of twenty lines that closes each frame
// causes the same message.
const endOfCaptureNote = "A VideoFrame was garbage collected without being closed"

// besideWindow is the part of the captured display that the browser's window does not cover.
var besideWindow = image.Rect(540, 40, 760, 560)

// showsBeside waits until viewer shows besideWindow of the customer's display. Colours may
// differ a little because a capture passes through a video format.
func showsBeside(t testing.TB, customer *display, viewer func() image.Image, what string) {
	t.Helper()
	eventually(t, what, func() error {
		desk, shown := customer.picture(), viewer()
		if !besideWindow.In(shown.Bounds()) {
			return fmt.Errorf("a picture of %v", shown.Bounds())
		}
		// The video format changes fine coloured lines most.
		if n, all := differences(desk, shown, besideWindow, image.Point{}, 24), besideWindow.Dx()*besideWindow.Dy(); n > all/20 {
			return fmt.Errorf("%d of %d pixels differ", n, all)
		}
		return nil
	})
}

// sharingCustomer returns a customer who shares from the page and has entered the number.
func sharingCustomer(t testing.TB, s *stack, number string) (*display, *tab) {
	t.Helper()
	d := viewerDisplay(t, "800x600")
	d.paint()
	page := newWindow(t, d, "--window-size=520,590").tab("customer")
	page.open(s.url + "/#p=" + number[:4])
	page.click("share-here")
	page.fill("number", number)
	page.click("number-submit")
	return d, page
}

// TestBrowserCustomer checks that the advisor's own viewer sees what the customer shares from
// the page, without a download.
func TestBrowserCustomer(t *testing.T) {
	s := newStack(t)
	ses := s.newSession()
	customer, page := sharingCustomer(t, s, ses.number)
	ses.Line(`"state":"joined"`)
	page.wait("now")
	_, port := s.view(ses.number)
	screen := viewerDisplay(t, "900x700")
	viewer := start(t, append(screen.env(), "HOME="+t.TempDir()), need(t, "xtigervncviewer", "tigervnc-viewer"), "-MenuKey=", "-FullScreen", hostPort(port))
	// The customer cancels the browser's picker and then says yes again.
	page.eval(`() => {
		const devices = navigator.mediaDevices, picker = devices.getDisplayMedia;
		devices.getDisplayMedia = () => {
			devices.getDisplayMedia = picker;
			return Promise.reject(new DOMException("closed", "NotAllowedError"));
		};
	}`)
	page.allows("view")
	page.allows("view")
	defer func() { keepPictures(t, screen, customer) }()
	at := foundBeside(customer, screen)
	showsBeside(t, customer, at, "TigerVNC's picture of a browser's screen")

	page.click("pause")
	eventually(t, "nothing while paused", func() error {
		if _, ok := locateBeside(customer.picture(), screen.picture()); ok {
			return fmt.Errorf("still to be seen")
		}
		return nil
	})
	page.click("pause")
	showsBeside(t, customer, at, "the picture again")

	page.click("end")
	page.wait("ended")
	page.wait("record")
	ses.Line(`"state":"ended"`)
	viewer.Exit()
	page.noComplaints(captureNote, endOfCaptureNote)
	works("TigerVNC", "tigervnc-viewer", "`lotse view`, of a customer's browser", "picture", "consent", "pause", "end")
}

// TestBrowserCustomerAfterARestart checks that a customer who shares from the page comes back to
// the session after the gateway was restarted, and need not share again.
func TestBrowserCustomerAfterARestart(t *testing.T) {
	s := newStack(t)
	advisor := newBrowser(t).tab("advisor")
	advisor.signsIn(s.url + "/advisor")
	advisor.click("new-session")
	customer, page := sharingCustomer(t, s, strings.ReplaceAll(advisor.text("number"), " ", ""))
	advisor.waitFor("session", `[data-phase="joined"]`)
	advisor.click("see-screen")
	page.allows("view")
	advisor.waitFor("view-canvas", `[data-phase="shown"]`)

	s.gateway.Stop()
	s.startGateway(strings.TrimPrefix(s.url, "https://"))
	customer.paintWith(func(x, y, w, h int) (r, g, b byte) { // something new, which the page must receive
		r, g, b = desktopColour(x, y, w, h)
		return 255 - r, 255 - g, 255 - b
	})
	advisor.waitFor("view-canvas", `[data-phase="shown"]`)
	showsBeside(t, customer, advisor.canvas, "the advisor's picture after the restart")
	page.click("end")
	page.wait("ended")
	advisor.wait("ended")
	sameRecord(t, page, advisor)
}

// TestBrowserCustomerByDoor checks that a viewer which cannot seal sees the screen of a
// customer who uses only the page. The viewer has a number of its own, and both people are told
// that the connection is not sealed.
func TestBrowserCustomerByDoor(t *testing.T) {
	s := newDoorStack(t)
	ses := s.newSession()
	customer, page := sharingCustomer(t, s.stack, ses.number)
	ses.Line(`"state":"joined"`)
	page.wait("now")
	v := doorViewers[0] // TigerVNC at the VNC port
	screen := viewerDisplay(t, "900x700")
	defer func() { keepPictures(t, screen, customer) }()
	mark := ses.Mark()
	v.open(t, s, ses, screen, "-FullScreen") // otherwise its window may be anywhere
	page.allows("view")
	ses.LineAfter(mark, `"line":"gateway"`)
	eventually(t, "the customer is told of the line", func() error {
		if words := page.text("line"); !strings.Contains(words, "encrypted to the gateway") {
			return fmt.Errorf("%q", words)
		}
		return nil
	})
	showsBeside(t, customer, foundBeside(customer, screen), "TigerVNC's picture by the VNC port")
	page.click("end")
	page.wait("ended")
	ses.Line(`"state":"ended"`)
	page.noComplaints(captureNote, endOfCaptureNote)
	works(v.name, v.table, doorNames[v.door]+", of a customer's browser", "picture", "consent", "end")
}

// foundBeside returns a function that cuts the customer's desktop out of what a viewer's
// display shows.
func foundBeside(customer, screen *display) func() image.Image {
	return func() image.Image {
		shown := screen.picture()
		offset, ok := locateBeside(customer.picture(), shown)
		if !ok {
			return image.NewRGBA(image.Rectangle{})
		}
		return shifted{shown, offset}
	}
}

// shifted is an image with its origin moved by offset.
type shifted struct {
	image.Image
	offset image.Point
}

func (s shifted) Bounds() image.Rectangle { return s.Image.Bounds().Sub(s.offset) }
func (s shifted) At(x, y int) color.Color { return s.Image.At(x+s.offset.X, y+s.offset.Y) }

// locateBeside finds the desktop in a viewer's picture by the part beside the browser's window.
// The viewer shows the desktop at its corner or in its centre.
func locateBeside(desk, shown image.Image) (image.Point, bool) {
	room := shown.Bounds().Size().Sub(desk.Bounds().Size())
	all := besideWindow.Dx() * besideWindow.Dy()
	best, least := image.Point{}, all/4 // a limit is needed because the desktop's pattern repeats
	for _, offset := range []image.Point{{}, room.Div(2)} {
		if n := differences(desk, shown, besideWindow, offset, 24); besideWindow.Add(offset).In(shown.Bounds()) && n < least {
			best, least = offset, n
		}
	}
	return best, least < all/4
}

// TestTurn checks that the customer sees the advisor's screen when he shows it. One click and
// one consent turn the view direction, and the show ends by itself.
func TestTurn(t *testing.T) {
	s := newStack(t)
	desk := viewerDisplay(t, "800x600")
	desk.paint()
	advisor := newWindow(t, desk, "--window-size=520,590").tab("advisor")
	advisor.open(s.url + "/advisor")
	advisor.fill("signin-name", "advisor")
	advisor.fill("signin-password", devPassword)
	advisor.click("signin-submit")
	advisor.click("new-session")
	customer, page := sharingCustomer(t, s, strings.ReplaceAll(advisor.text("number"), " ", ""))
	advisor.waitFor("session", `[data-phase="joined"]`)
	advisor.wait("browser-note")

	advisor.click("show-screen")
	page.allows("show")
	advisor.waitFor("showing", `[data-phase="shown"]`)
	page.wait("show-screen")
	showsBeside(t, desk, page.canvas, "the advisor's screen at the customer's")

	advisor.click("see-screen")
	page.allows("view")
	advisor.waitFor("view-canvas", `[data-phase="shown"]`)
	advisor.waitFor("showing", `[data-phase="ended"]`)
	page.do("wait", map[string]any{"id": "show", "value": "", "hidden": true})
	showsBeside(t, customer, advisor.canvas, "the customer's screen at the advisor's")

	// The advisor asks to turn back. The customer refuses, and the view stays as it was.
	advisor.click("more")
	advisor.click("turn-show")
	page.waitFor("question", `[data-right="show"]`)
	page.waitFor("question-refuse", ":not([disabled])")
	page.click("question-refuse")
	advisor.waitFor("showing", `[data-phase="refused"]`)
	showsBeside(t, customer, advisor.canvas, "the customer's screen, still")

	page.click("details")
	page.click("take-view")
	advisor.waitFor("screen", ":not([data-seen])")
	advisor.click("end-session")
	advisor.click("confirm-yes")
	page.wait("ended")
	advisor.noComplaints(captureNote, endOfCaptureNote)
	page.noComplaints(captureNote, endOfCaptureNote)
}

// TestBrowserCustomerFiles gives a file from the advisor's page to a customer who uses only the
// page, and back, with the line cut in the middle.
func TestBrowserCustomerFiles(t *testing.T) {
	s := newStack(t)
	w := newWire(t, strings.TrimPrefix(s.url, "https://"))
	b := newBrowser(t)
	advisor, page := b.tab("advisor"), b.tab("customer")
	advisor.signsIn(s.url + "/advisor")
	advisor.click("new-session")
	number := strings.ReplaceAll(advisor.text("number"), " ", "")
	page.open("https://" + w.listener.Addr().String() + "/#p=" + number[:4])
	page.click("share-here")
	page.fill("number", number)
	page.click("number-submit")
	advisor.waitFor("session", `[data-phase="joined"]`)
	path, content, sum := noisyFile(t, "Übersicht 2026.xlsx", fileSize)

	advisor.do("choose", map[string]any{"id": "files-field", "value": path})
	page.waitFor("question", `[data-right="files"]`)
	advisor.waitFor("file", `[data-state="waiting"]`)
	w.cutAfter(fileSize / 3)
	page.waitFor("question-allow", ":not([disabled])")
	page.click("question-allow")
	w.breaks()
	w.reconnect()
	if name, got := page.saved(); name != "Übersicht 2026.xlsx" || !bytes.Equal(got, content) {
		t.Errorf("the customer's browser saved %d bytes as %q", len(got), name)
	}
	page.waitFor("file", `[data-state="done"]`)
	advisor.waitFor("file", `[data-state="done"]`)

	advisor.eval("() => { delete window.showSaveFilePicker; }")
	w.cutAfter(fileSize / 3)
	page.do("choose", map[string]any{"id": "files-field", "value": path})
	advisor.waitFor("file", `[data-state="offered"]`)
	advisor.click("file-take")
	w.breaks()
	w.reconnect()
	if name, got := advisor.saved(); name != "Übersicht 2026.xlsx" || !bytes.Equal(got, content) {
		t.Errorf("the advisor's browser saved %d bytes as %q", len(got), name)
	}
	page.waitFor("file", `[data-given="true"][data-state="done"]`)
	for _, tab := range []*tab{advisor, page} {
		if got := tab.text("file-sum"); got != sum {
			t.Errorf("%s has the hash %s, want %s", tab.name, got, sum)
		}
	}
	page.click("end")
	page.wait("ended")
	advisor.wait("ended")
	sameRecord(t, page, advisor)
	b.noComplaints(append([]string{"status of 409"}, afterTheEnd...)...) // while the line was cut
}

// TestBrowserCustomerFilesCommandLine gives files between `lotse send`, `lotse receive` and a
// customer who uses only the page, and who refuses the second one.
func TestBrowserCustomerFilesCommandLine(t *testing.T) {
	s := newStack(t)
	ses := s.newSession()
	page := newBrowser(t).tab("customer")
	page.open(s.url + "/#p=" + ses.number[:4])
	page.click("share-here")
	page.fill("number", ses.number)
	page.click("number-submit")
	ses.Line(`"state":"joined"`)
	path, content, sum := noisyFile(t, "report.pdf", 300_000)
	program, _, _ := noisyFile(t, "setup.exe", 10)
	sender := s.send(ses.number, path, program)
	page.waitFor("question-allow", ":not([disabled])")
	page.click("question-allow")
	sender.Line("saved: report.pdf, SHA-256 " + sum)
	if name, got := page.saved(); name != "report.pdf" || !bytes.Equal(got, content) {
		t.Errorf("the browser saved %d bytes as %q", len(got), name)
	}
	page.wait("file-program")
	page.waitFor("question-refuse", ":not([disabled])")
	page.click("question-refuse")
	sender.Line("not saved: setup.exe (the customer refused)")
	sender.Exit()

	taken := t.TempDir()
	receiver := start(t, s.env(), ours(t, "lotse"), "receive", ses.number, taken, "--gateway", s.url, "--user", "advisor")
	receiver.Line("ready:")
	page.do("choose", map[string]any{"id": "files-field", "value": path})
	receiver.Line("saved: " + filepath.Join(taken, "report.pdf") + ", SHA-256 " + sum)
	if got, err := os.ReadFile(filepath.Join(taken, "report.pdf")); err != nil || !bytes.Equal(got, content) {
		t.Errorf("the advisor has %d bytes, %v", len(got), err)
	}
	page.waitFor("file", `[data-given="true"][data-state="done"]`)
	page.click("end")
	page.wait("ended")
	ses.Line(`"state":"ended"`)
	receiver.Exit()
	page.noComplaints(afterTheEnd...)
}
