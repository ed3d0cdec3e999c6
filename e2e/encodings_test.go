package e2e

import (
	"testing"
)

// TestTigerVNCEncodings checks the desktop's picture in each encoding that TigerVNC can be made
// to request, and with fewer colours.
func TestTigerVNCEncodings(t *testing.T) {
	s := newStack(t)
	customer := customerDisplay(t, "800x600")
	customer.paint()
	customer.typewriter()
	ses := s.newSession()
	s.agent(customer, ses.number, "--answer", "view")
	ses.Line(`"state":"joined"`)
	_, port := s.view(ses.number)
	screen := viewerDisplay(t, "1000x760")
	for name, test := range map[string]struct {
		args      []string
		tolerance int
	}{
		"Tight lossless":    {[]string{"-PreferredEncoding=Tight", "-NoJPEG"}, 0},
		"Tight JPEG":        {[]string{"-PreferredEncoding=Tight", "-QualityLevel=2"}, 0},
		"ZRLE":              {[]string{"-PreferredEncoding=ZRLE"}, 0},
		"Hextile":           {[]string{"-PreferredEncoding=Hextile"}, 0},
		"Raw":               {[]string{"-PreferredEncoding=Raw"}, 0},
		"ZRLE, 256 colours": {[]string{"-PreferredEncoding=ZRLE", "-FullColor=0", "-LowColorLevel=2"}, 48},
		"Tight, 64 colours": {[]string{"-PreferredEncoding=Tight", "-NoJPEG", "-FullColor=0", "-LowColorLevel=1"}, 48},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"-AutoSelect=0", "-MenuKey=", "-ViewOnly"}, test.args...)
			viewer := start(t, append(screen.env(), "HOME="+t.TempDir()), need(t, "xtigervncviewer", "tigervnc-viewer"), append(args, hostPort(port))...)
			shows(t, screen, customer, test.tolerance)
			viewer.Stop()
		})
	}
}
