package e2e

import (
	"errors"
	"image"
	"os"
	"testing"
)

// TestIcons checks that the chooser shows a program's icon beside its name if the program has
// one, and a neutral picture otherwise.
func TestIcons(t *testing.T) {
	s := newStack(t)
	customer := customerDisplay(t, "900x700")
	customer.manage()
	start(t, append(customer.env(), "LC_ALL=C.UTF-8"), need(t, "xterm", "xterm"), "-T", "Invoice", "-geometry", "40x14+60+80", "-e", "sleep 600")
	customer.xdotool("search", "--sync", "--onlyvisible", "--class", "xterm")
	start(t, append(customer.env(), "HOME="+t.TempDir()), need(t, "xtigervncviewer", "tigervnc-viewer"))
	customer.xdotool("search", "--sync", "--onlyvisible", "--name", "VNC viewer")
	agent, advisor, panel := panelSession(t, s, customer)
	mark := agent.Mark()
	advisor.click("see-screen")
	allow(customer, agent, mark, "view")
	// The list of viewers and the thumbnail may arrive while the customer presses the button.
	if moved := panel.do("pressMoving", map[string]any{"id": "share-change"}); moved != "120" {
		t.Errorf("the button moved by %s", moved)
	}
	panel.click("choose-apps")
	panel.waitFor("choose-app-icon", `[data-app="xtigervncviewer"][alt=""]`)
	icon := panel.icon("xtigervncviewer")
	if size := icon.Bounds().Size(); size.X < 16 || size.X > 32 || size.Y < 16 || size.Y > 32 {
		t.Errorf("an icon of %v", size)
	}
	if n := coloursOf(icon); n < 3 {
		t.Errorf("the icon has %d colours", n)
	}
	panel.do("wait", map[string]any{"id": "choose-app-icon", "value": `[data-app="xterm"]`, "hidden": true}) // xterm sets no icon
	if file := os.Getenv("LOTSE_PICTURE"); file != "" {
		panel.do("screenshot", map[string]any{"value": file})
	}
	panel.noComplaints()
}

// icon returns the picture beside a program in the chooser after the page has loaded it.
func (p *tab) icon(app string) (icon image.Image) {
	p.t.Helper()
	eventually(p.t, "the icon of "+app, func() error {
		if icon = p.image("choose-app-icon", `[data-app="`+app+`"]`); icon == nil {
			return errors.New("it is not shown")
		}
		return nil
	})
	return icon
}

func coloursOf(img image.Image) int {
	found := map[[4]uint32]bool{}
	for y := img.Bounds().Min.Y; y < img.Bounds().Max.Y; y++ {
		for x := img.Bounds().Min.X; x < img.Bounds().Max.X; x++ {
			r, g, b, a := img.At(x, y).RGBA()
			found[[4]uint32{r, g, b, a}] = true
		}
	}
	return len(found)
}
