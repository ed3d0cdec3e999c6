package agent

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lotse/agent/choices"
	"lotse/consent"
	"lotse/tunnel"
)

// TestIconsAreForThePanelOnly checks that the customer's panel receives icons and titles.
// Nothing that goes to the advisor, to the parent program or into the record contains them.
func TestIconsAreForThePanelOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var others, record bytes.Buffer
		d := newDesk(t, Config{})
		icon := []byte("\x89PNG the customer's own picture")
		d.windows.Icon(icon)
		advisor := &control{party: leadOf(d.Session), out: make(chan tunnel.ControlMessage, 100), cut: make(chan struct{}), quit: make(chan struct{})}
		d.send(&controlCame{control: advisor})
		d.ask(consent.View)
		snap, _ := d.Snapshot()
		told, err := json.Marshal(snap)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(told), base64.StdEncoding.EncodeToString(icon)) || !strings.Contains(string(told), "left's window") {
			t.Errorf("the panel lacks icon or title:\n%s", told)
		}
		events := NewEvents(&others)
		events.tell(eventOf(snap))
		d.allow(t, "app:1", "app:2")
		if err := d.Do(Propose{choices.Selection{Kind: "apps", Apps: []string{"2"}}}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * choicesEvery)
		snap, _ = d.Snapshot()
		events.tell(eventOf(snap))
		d.send(controlGone{advisor})
		_ = d.Do(End{})
		d.send(finished{})
		snap, _ = d.Snapshot()
		record.WriteString(snap.Record)
		n := 0
		for len(advisor.out) > 0 {
			b, err := json.Marshal(<-advisor.out)
			if err != nil {
				t.Fatal(err)
			}
			n++
			others.Write(b)
		}
		if n < 3 || !strings.Contains(others.String(), `"left"`) {
			t.Fatalf("the advisor was told %d things:\n%s", n, &others)
		}
		others.Write(record.Bytes())
		for _, secret := range []string{"icon", "PNG", base64.StdEncoding.EncodeToString(icon), "window", fmt.Sprint(icon)} {
			if strings.Contains(others.String(), secret) {
				t.Errorf("%q left the panel:\n%s", secret, &others)
			}
		}
	})
}

func TestIconsAreBounded(t *testing.T) {
	for name, test := range map[string]struct {
		size, programs, icons int
	}{
		"as they are":     {2000, 5, 5},
		"all together":    {4000, choices.MaxApps, choices.MaxIcons / 4000},
		"the largest":     {choices.MaxIcon, 3, 3},
		"one too large":   {choices.MaxIcon + 1, 3, 0},
		"small, and many": {100, choices.MaxApps + 50, choices.MaxApps},
	} {
		synctest.Test(t, func(t *testing.T) {
			d := newDesk(t, Config{})
			for i := range test.programs - 2 { // two exist already
				d.windows.Program(fmt.Sprint("more", i), strings.Repeat("n", 200), image.Rect(0, 0, 1, 1))
			}
			d.windows.Icon(make([]byte, test.size))
			d.ask(consent.View)
			snap, _ := d.Snapshot()
			got := 0
			for _, a := range snap.Choices.Apps {
				if a.Icon != nil {
					got++
				}
			}
			if got != test.icons {
				t.Errorf("%s: %d icons, want %d", name, got, test.icons)
			}
			// novnc-web/src/panel/snapshot.ts accepts no longer message.
			if b, _ := json.Marshal(snap); len(b) > 512<<10 {
				t.Errorf("%s: a message of %d bytes", name, len(b))
			}
		})
	}
}
