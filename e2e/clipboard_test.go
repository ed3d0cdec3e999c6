package e2e

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// noise returns a picture of random opaque pixels.
func noise(seed uint64, width, height int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	random := rand.New(rand.NewPCG(seed, seed))
	for i := range m.Pix {
		if m.Pix[i] = byte(random.Uint32()); i%4 == 3 {
			m.Pix[i] = 0xff
		}
	}
	return m
}

// copies puts content on the display's clipboard until the test ends.
func (d *display) copies(t *testing.T, content []byte, args ...string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "content")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, d.env(), need(t, "xclip", "xclip"), append([]string{"-selection", "clipboard", "-quiet", "-in", file}, args...)...)
}

// pasted returns what another program pastes.
func (d *display) pasted(t *testing.T, args ...string) (string, error) {
	t.Helper()
	return tryRun(d.env(), need(t, "xclip", "xclip"), append([]string{"-selection", "clipboard", "-out"}, args...)...)
}

func samePicture(encoded []byte, want *image.NRGBA) error {
	m, err := png.Decode(bytes.NewReader(encoded))
	if err != nil {
		return fmt.Errorf("%d bytes: %w", len(encoded), err)
	}
	if m.Bounds() != want.Rect {
		return fmt.Errorf("a picture of %v", m.Bounds())
	}
	if n := differences(want, m, want.Rect, image.Point{}, 0); n > 0 {
		return fmt.Errorf("%d pixels differ", n)
	}
	return nil
}

// TestClipboardPictures checks that pictures and HTML pass between the customer's clipboard and
// that of the advisor's browser, with the same pixels, long ones too.
func TestClipboardPictures(t *testing.T) {
	s := newStack(t)
	customer := customerDisplay(t, "800x600")
	customer.paint()
	agent, url := s.panelAgent(customer)
	b := newBrowser(t)
	advisor, panel := b.tab("advisor"), b.tab("panel")
	advisor.signsIn(s.url + "/advisor")
	advisor.click("new-session")
	number := advisor.text("number")
	panel.open(url)
	panel.fill("number", number)
	panel.click("number-submit")
	advisor.waitFor("session", `[data-phase="joined"]`)
	mark := agent.Mark()
	advisor.click("see-screen")
	allow(customer, agent, mark, "view")
	advisor.waitFor("view-canvas", `[data-phase="shown"]`)

	// What was copied before the right was given stays with the customer.
	customer.copies(t, []byte("before"))
	mark = agent.Mark()
	advisor.click("ask-clipboard")
	allow(customer, agent, mark, "clipboard")
	advisor.waitFor("ask-clipboard", `[data-right="given"]`)
	advisor.click("ask-clipboard")
	advisor.wait("clipboard-send-picture")

	for i, size := range []image.Point{{40, 30}, {1100, 800}} { // the second in pieces
		m := noise(uint64(i+1), size.X, size.Y)
		var encoded bytes.Buffer
		if err := png.Encode(&encoded, m); err != nil {
			t.Fatal(err)
		}
		customer.copies(t, encoded.Bytes(), "-target", "image/png")
		advisor.wait("clipboard-copy-picture")
		eventually(t, "the customer's picture in the advisor's clipboard", func() error {
			advisor.click("clipboard-copy-picture")
			got := advisor.eval(`async () => {
				const read = async () => {
					for (const item of await navigator.clipboard.read()) {
						if (item.types.includes("image/png")) return item.getType("image/png");
					}
				};
				for (let tries = 0; tries < 20; tries++) {
					const png = await read().catch(() => null);
					if (png) {
						const bytes = new Uint8Array(await png.arrayBuffer());
						return btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(""));
					}
					await new Promise((done) => setTimeout(done, 100));
				}
				return "";
			}`)
			data, err := base64.StdEncoding.DecodeString(got)
			if err != nil {
				return err
			}
			return samePicture(data, m)
		})

		// The other way round: the page is given another picture.
		m = noise(uint64(i+11), size.Y, size.X)
		encoded.Reset()
		if err := png.Encode(&encoded, m); err != nil {
			t.Fatal(err)
		}
		advisor.eval(`async () => {
			const bytes = Uint8Array.from(atob("` + base64.StdEncoding.EncodeToString(encoded.Bytes()) + `"), (c) => c.charCodeAt(0));
			await navigator.clipboard.write([new ClipboardItem({ "image/png": new Blob([bytes], { type: "image/png" }) })]);
		}`)
		advisor.click("clipboard-send-picture")
		eventually(t, "the advisor's picture in the customer's clipboard", func() error {
			got, err := customer.pasted(t, "-target", "image/png")
			if err != nil {
				return err
			}
			return samePicture([]byte(got), m)
		})
	}

	// A picture that is pasted into the field needs no right to read the clipboard.
	m := noise(21, 64, 48)
	var encoded bytes.Buffer
	if err := png.Encode(&encoded, m); err != nil {
		t.Fatal(err)
	}
	advisor.eval(`() => {
		const bytes = Uint8Array.from(atob("` + base64.StdEncoding.EncodeToString(encoded.Bytes()) + `"), (c) => c.charCodeAt(0));
		const clipboardData = new DataTransfer();
		clipboardData.items.add(new File([bytes], "image.png", { type: "image/png" }));
		document.querySelector("#clipboard-out").dispatchEvent(new ClipboardEvent("paste", { clipboardData, cancelable: true }));
	}`)
	eventually(t, "the pasted picture", func() error {
		got, err := customer.pasted(t, "-target", "image/png")
		if err != nil {
			return err
		}
		return samePicture([]byte(got), m)
	})

	// HTML goes with the text, when the advisor turns to the picture. What is in his clipboard when
	// he does so for the first time may be older than what he has sent by hand.
	advisor.click("card-close")
	advisor.clickAt(400, 300)
	advisor.eval(`() => navigator.clipboard.read()`) // after the page has done so
	advisor.eval(`async () => {
		const form = (type, text) => ({ [type]: new Blob([text], { type }) });
		await navigator.clipboard.write([new ClipboardItem({ ...form("text/plain", "Öl"), ...form("text/html", "<b>Öl</b>") })]);
	}`)
	advisor.clickAt(400, 300)
	eventually(t, "the advisor's HTML", func() error {
		text, err := customer.pasted(t)
		if err != nil || text != "Öl" {
			return fmt.Errorf("%q, %v", text, err)
		}
		html, err := customer.pasted(t, "-target", "text/html")
		if err != nil || !strings.Contains(html, "<b>Öl</b>") {
			return fmt.Errorf("%q, %v", html, err)
		}
		return nil
	})

	// Without the right nothing more leaves.
	panel.click("take-clipboard")
	advisor.waitFor("ask-clipboard", `[data-right="none"]`)
	b.noComplaints()
}
