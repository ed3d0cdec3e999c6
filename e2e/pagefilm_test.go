package e2e

import (
	"errors"
	"fmt"
	"image"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// leastFilmPSNR is how similar in decibels a picture of a page's film must be to the display. Films
// have fewer colours than pictures.
var leastFilmPSNR = map[string]float64{"encoder": 33, "recorder": 25}

// TestPageFilm records a session with the advisor's page, with the browser's encoder and with its
// recorder. The film must show what the display showed, and nothing of what it showed while the
// customer paused the recording. The customer is told as long as the page records, and can have
// the same recording.
func TestPageFilm(t *testing.T) {
	for _, by := range []string{"encoder", "recorder"} {
		t.Run(by, func(t *testing.T) { pageFilm(t, by) })
	}
}

func pageFilm(t *testing.T, by string) {
	s := newStack(t)
	customer := customerDisplay(t, "800x600")
	customer.paint()
	b := newBrowser(t)
	advisor := b.tab("advisor")
	advisor.signsIn(s.url + "/advisor")
	// The save dialog belongs to the system; without it the page saves by a download.
	advisor.eval("() => { delete window.showSaveFilePicker; }")
	if by == "recorder" {
		advisor.eval("() => { delete window.VideoEncoder; }")
	}
	advisor.click("new-session")
	folder := t.TempDir()
	agent := s.agent(customer, strings.ReplaceAll(advisor.text("number"), " ", ""), "--receive", folder)
	advisor.waitFor("session", `[data-phase="joined"]`)
	mark := agent.Mark()
	advisor.click("see-screen")
	allow(customer, agent, mark, "view")
	advisor.waitFor("view-canvas", `[data-phase="shown"]`)

	// A request that is withdrawn leaves no file, and no recording.
	advisor.film()
	advisor.wait("asking")
	advisor.click("cancel-record")
	advisor.gone("asking")

	mark = agent.Mark()
	advisor.film()
	allow(customer, agent, mark, "record")
	agent.LineAfter(mark, "This is RECORDED")
	advisor.waitFor("recording", `[data-held="false"]`)
	agent.Write("c")
	agent.Line("The same recording is being saved.")
	var parts []string
	eventually(t, "the customer's copy", func() (err error) {
		if parts, err = filepath.Glob(filepath.Join(folder, "*.part")); err == nil && len(parts) != 1 {
			err = fmt.Errorf("%q", parts)
		}
		return err
	})
	// The next picture is recorded only when the page has taken the last one.
	shown := []moment{shownInRecording(t, customer, parts[0])}
	for n := range 3 {
		customer.stripes(n)
		shown = append(shown, shownInRecording(t, customer, parts[0]))
	}
	mark = agent.Mark()
	agent.Write("h")
	agent.LineAfter(mark, "The recording is paused")
	advisor.waitFor("recording", `[data-held="true"]`)
	customer.stripes(5)
	secret := customer.moment()
	advisor.seesDesktop(customer, 0) // the page shows it, and yet it is not in the film
	customer.stripes(2)
	mark = agent.Mark()
	agent.Write("h")
	agent.LineAfter(mark, "This is RECORDED")
	customer.paint()
	shown = append(shown, shownInRecording(t, customer, parts[0]))

	mark = agent.Mark()
	advisor.film()
	agent.LineAfter(mark, "Nothing is recorded any more.")
	advisor.gone("recording")
	name, film := advisor.saved()
	if !strings.HasSuffix(name, ".webm") {
		t.Errorf("the film is %q", name)
	}
	copied := strings.TrimPrefix(agent.Line("Saved: "), "Saved: ")
	customer.stripes(3) // nobody records any more
	after := customer.moment()
	advisor.seesDesktop(customer, 0)
	file := filepath.Join(t.TempDir(), "film.webm")
	if err := os.WriteFile(file, film, 0o600); err != nil {
		t.Fatal(err)
	}
	checkPageFilm(t, by, file, shown, map[string]moment{"while it was paused": secret, "after the end": after})

	advisor.click("end-session")
	advisor.click("confirm-yes")
	advisor.waitFor("film-result", `[data-film="saved"]`)
	agent.Exit()
	// Both ends have signed what the customer has.
	record := filepath.Join(t.TempDir(), "record.jsonl")
	_, lines := advisor.saves("record-json")()
	if err := os.WriteFile(record, lines, 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, nil, ours(t, "lotse"), "verify", record, copied)
	b.noComplaints(afterTheEnd...)
}

// film presses what begins or ends a film.
func (p *tab) film() {
	p.t.Helper()
	p.click("more")
	p.waitFor("record-film", ":not([disabled])")
	p.click("record-film")
}

// checkPageFilm compares each picture of a film with what the display showed.
func checkPageFilm(t *testing.T, by, file string, shown []moment, never map[string]moment) {
	t.Helper()
	least := leastFilmPSNR[by]
	frames := filmFrames(t, file)
	best := make([]float64, len(shown))
	for i, frame := range frames {
		for j, m := range shown {
			best[j] = max(best[j], m.psnr(frame))
		}
		for when, m := range never {
			if got := m.psnr(frame); got > 20 {
				t.Errorf("picture %d shows what was shown %s: %.1f dB", i, when, got)
			}
		}
	}
	for j, got := range best {
		if got < least {
			t.Errorf("what was shown at step %d has %.1f dB", j, got)
		}
	}
	length, err := strconv.ParseFloat(strings.TrimSpace(run(t, nil, need(t, "ffprobe", "ffmpeg"), "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", file)), 64)
	if by == "encoder" && (err != nil || math.IsNaN(length) || length <= 0) {
		t.Errorf("the film does not say how long it is: %v", err)
	}
	t.Logf("%s: %d pictures, %.1f s, at least %.1f dB", by, len(frames), length, lowest(best))
	if keep := os.Getenv("LOTSE_KEEP_FILMS"); keep != "" {
		b, _ := os.ReadFile(file)
		_ = os.WriteFile(filepath.Join(keep, "page-"+by+".webm"), b, 0o600)
	}
}

func lowest(of []float64) float64 {
	least := math.Inf(1)
	for _, v := range of {
		least = min(least, v)
	}
	return least
}

// filmFrames returns the pictures of a film whose display has 800 by 600 pixels, each once.
func filmFrames(t *testing.T, name string) (frames []image.Image) {
	t.Helper()
	cmd := exec.Command(need(t, "ffmpeg", "ffmpeg"), "-loglevel", "error", "-i", name, "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgba", "-")
	raw, err := cmd.Output()
	if err != nil {
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			err = fmt.Errorf("%w: %s", err, failed.Stderr)
		}
		t.Fatal(err)
	}
	const each = 4 * 800 * 600
	for ; len(raw) >= each; raw = raw[each:] {
		frames = append(frames, &image.RGBA{Pix: raw[:each], Stride: 4 * 800, Rect: image.Rect(0, 0, 800, 600)})
	}
	return frames
}
