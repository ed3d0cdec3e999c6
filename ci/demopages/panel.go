package main

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// panelLink is an address that opens the panel of the demo's customer as often as one likes. The
// customer's program prints addresses that work once. When the last one has been used, a second
// start of the program makes the first one print another.
type panelLink struct {
	path  string   // only who started the demo knows it
	log   string   // the file with the program's output
	start []string // the command of a second start

	mu   sync.Mutex
	used string // Guarded by mu; the last address that was given away.
}

const (
	// panelPatience is how long a browser waits for the panel.
	panelPatience = 3 * time.Minute
	// startPatience is how long a second start may take.
	startPatience = time.Minute
	// panelPause is the time between two tries. The program opens no panel within three seconds of
	// the last one.
	panelPause = 300 * time.Millisecond
)

func newPanelLink(log string, start ...string) *panelLink {
	return &panelLink{path: "/panel/" + rand.Text(), log: log, start: start}
}

// ServeHTTP implements http.Handler.
func (p *panelLink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), panelPatience)
	defer cancel()
	address, err := p.next(ctx)
	if err != nil {
		http.Error(w, "The panel cannot be opened: "+err.Error(), http.StatusBadGateway)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, address, http.StatusSeeOther)
}

// next returns an address of the panel that has not been used.
func (p *panelLink) next(ctx context.Context) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		printed := p.printed()
		if printed != "" && printed != p.used {
			p.used = printed
			return printed, nil
		}
		if printed != "" { // the program is running
			if err := p.startAgain(ctx); err != nil {
				return "", err
			}
		}
		select {
		case <-ctx.Done():
			return "", errors.New("the customer's program does not answer")
		case <-time.After(panelPause):
		}
	}
}

// printed returns the last address that the customer's program has printed; "" before that.
func (p *panelLink) printed() (address string) {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if a, ok := strings.CutPrefix(line, "panel: "); ok && strings.HasSuffix(line, "\n") {
			address = strings.TrimSpace(a)
		}
	}
	return address
}

// startAgain starts the program a second time. That one ends at once; its exit code says nothing
// that matters here.
func (p *panelLink) startAgain(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	err := exec.CommandContext(ctx, p.start[0], p.start[1:]...).Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return nil
	}
	return err
}
