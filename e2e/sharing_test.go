package e2e

import (
	"fmt"
	"image"
	"image/color"
	"strings"
	"testing"
)

// captureNote is what Chromium says of every screen capture where pages may not
// use a camera; the capture works.
const captureNote = "camera is not allowed in this document"

// endOfCaptureNote is what Chromium 156 says at times when a capture ends while a frame is on
// its way from its processor to the page: that frame never reaches the page, which closes all
// that it gets. A page of twenty lines that closes each frame shows the same.
const endOfCaptureNote = "A VideoFrame was garbage collected without being closed"

// besideWindow is the part of a capturing display that its browser does not cover.
var besideWindow = image.Rect(540, 40, 760, 560)

// showsBeside waits until viewer shows that part of the customer's display: a
// capture goes through a video format, so colours are a little off.
func showsBeside(t testing.TB, customer *display, viewer func() image.Image, what string) {
	t.Helper()
	eventually(t, what, func() error {
		desk, shown := customer.picture(), viewer()
		if !besideWindow.In(shown.Bounds()) {
			return fmt.Errorf("a picture of %v", shown.Bounds())
		}
		// Fine coloured lines lose most in the video format.
		if n, all := differences(desk, shown, besideWindow, image.Point{}, 24), besideWindow.Dx()*besideWindow.Dy(); n > all/20 {
			return fmt.Errorf("%d of %d pixels differ", n, all)
		}
		return nil
	})
}

// sharingCustomer is a customer who shares from the page and has entered the number.
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

// TestBrowserCustomer: nothing is downloaded, the advisor's own viewer sees what
// the customer chose.
func TestBrowserCustomer(t *testing.T) {
	s := newStack(t)
	ses := s.newSession()
	customer, page := sharingCustomer(t, s, ses.number)
	ses.Line(`"state":"joined"`)
	page.wait("now")
	_, port := s.view(ses.number)
	screen := viewerDisplay(t, "900x700")
	viewer := start(t, append(screen.env(), "HOME="+t.TempDir()), need(t, "xtigervncviewer", "tigervnc-viewer"), "-MenuKey=", "-FullScreen", hostPort(port))
	// He closes the browser's picker, and says yes again.
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

// TestBrowserCustomerByDoor: a viewer that cannot seal sees a customer without a
// program too, by a number of its own, and both are told that the line is not
// sealed.
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
	v.open(t, s, ses, screen, "-FullScreen") // else its window is anywhere
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

// foundBeside is the customer's desktop in what a viewer's display shows.
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

// shifted is a picture seen from another corner.
type shifted struct {
	image.Image
	offset image.Point
}

func (s shifted) Bounds() image.Rectangle { return s.Image.Bounds().Sub(s.offset) }
func (s shifted) At(x, y int) color.Color { return s.Image.At(x+s.offset.X, y+s.offset.Y) }

// locateBeside finds the desktop beside the browser's window in a viewer's
// picture. The viewer centres it or shows it at the corner.
func locateBeside(desk, shown image.Image) (image.Point, bool) {
	room := shown.Bounds().Size().Sub(desk.Bounds().Size())
	all := besideWindow.Dx() * besideWindow.Dy()
	best, least := image.Point{}, all/4 // the desktop's pattern repeats
	for _, offset := range []image.Point{{}, room.Div(2)} {
		if n := differences(desk, shown, besideWindow, offset, 24); besideWindow.Add(offset).In(shown.Bounds()) && n < least {
			best, least = offset, n
		}
	}
	return best, least < all/4
}

// TestTurn: the advisor shows his screen, the customer sees it; the direction
// turns with one click and one consent, and the show ends by itself.
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

	// And back, refused: what was seen stays.
	advisor.click("turn-show")
	page.waitFor("question", `[data-right="show"]`)
	page.waitFor("question-refuse", ":not([disabled])")
	page.click("question-refuse")
	advisor.waitFor("showing", `[data-phase="refused"]`)
	showsBeside(t, customer, advisor.canvas, "the customer's screen, still")

	page.click("take-view")
	advisor.do("wait", map[string]any{"id": "ask-control", "value": "", "hidden": true})
	advisor.click("end-session")
	advisor.click("confirm-yes")
	page.wait("ended")
	advisor.noComplaints(captureNote, endOfCaptureNote)
	page.noComplaints(captureNote, endOfCaptureNote)
}
