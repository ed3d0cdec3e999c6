package agent

import (
	"encoding/json"
	"image"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lotse/logs"
	"lotse/rfb"
	"lotse/rfb/rfbtest"
	"lotse/screen"
)

// TestNumbersOfAViewer checks that a viewer's statistics are logged at debug every ten seconds
// while they change, and at info once, at the end.
func TestNumbersOfAViewer(t *testing.T) {
	for level, want := range map[string]string{"debug": "DEBUG 1, DEBUG 2, INFO 2 viewer", "info": "INFO 2 viewer", "warn": ""} {
		synctest.Test(t, func(t *testing.T) {
			var out lockedBuffer
			levels, err := logs.Parse("error,rfb="+level, logs.AgentAreas)
			if err != nil {
				t.Fatal(err)
			}
			log, err := logs.New(&out, "json", levels)
			if err != nil {
				t.Fatal(err)
			}
			s, _ := joinedSession(t, Config{Logger: log})
			a, b := net.Pipe()
			black := screen.NewFramebuffer(image.Pt(8, 8))
			v := &viewer{door: "page", conn: rfb.NewConn(a, rfb.Config{Desktop: black, Waiting: black})}
			served := make(chan struct{})
			go func() {
				defer close(served)
				s.serveCounted(t.Context(), v)()
			}()
			client, err := rfbtest.New(b, rfbtest.Config{})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := client.Refresh(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(2*numbersEvery + numbersEvery/4) // there are changes at the first tick, none at the second
			}
			client.Close()
			<-served
			var got []string
			for line := range strings.Lines(out.String()) {
				var r struct {
					Level, Area, Door string
					Stats             struct {
						Frames   uint64
						Encoding string
						End      string
						Sent     map[string]uint64
					}
				}
				if err := json.Unmarshal([]byte(line), &r); err != nil {
					t.Fatal(err)
				}
				if r.Area != logs.RFB || r.Door != "page" || r.Stats.Encoding != "raw" || r.Stats.Sent["raw"] == 0 {
					t.Error(line)
				}
				words := r.Level + " " + string('0'+rune(r.Stats.Frames))
				if r.Level == slog.LevelInfo.String() {
					words += " " + r.Stats.End
				}
				got = append(got, words)
			}
			if got := strings.Join(got, ", "); got != want {
				t.Errorf("%s: logged %q, want %q\n%s", level, got, want, out.String())
			}
		})
	}
}
