package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lotse/config"
	"lotse/logs"
)

// side sends a request to the metrics listener.
func (r *rig) side(path string) (int, string) {
	r.t.Helper()
	resp, err := http.Get("http://" + r.metrics + path)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	defer http.DefaultClient.CloseIdleConnections()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// samples parses the page strictly: every value belongs to a metric with help and type, and only a
// few labels are allowed.
func samples(t *testing.T, page string) map[string]float64 {
	t.Helper()
	line := regexp.MustCompile(`^(lotse_[a-z_]+?)(_bucket|_sum|_count)?` +
		`(\{((le|reason|kind)="[^"]*",?)+\})? ([0-9.e+-]+)$`)
	types, helped, values := map[string]string{}, map[string]bool{}, map[string]float64{}
	for l := range strings.SplitSeq(strings.TrimSuffix(page, "\n"), "\n") {
		if words := strings.SplitN(l, " ", 4); words[0] == "#" {
			if words[1] == "TYPE" {
				if types[words[2]] != "" {
					t.Errorf("the type of %s appears twice", words[2])
				}
				types[words[2]] = words[3]
			} else {
				helped[words[2]] = strings.HasSuffix(l, ".")
			}
			continue
		}
		m := line.FindStringSubmatch(l)
		if m == nil {
			t.Errorf("not a line of the format, or a label that is not allowed: %q", l)
			continue
		}
		name := m[1]
		if m[2] != "" && types[name] != "histogram" {
			name += m[2]
		}
		if types[name] == "" || !helped[name] {
			t.Errorf("%s has no type or no help", name)
		}
		v, err := strconv.ParseFloat(m[6], 64)
		if err != nil {
			t.Error(err)
		}
		key := l[:strings.LastIndexByte(l, ' ')]
		if _, twice := values[key]; twice {
			t.Errorf("%s appears twice", key)
		}
		values[key] = v
	}
	return values
}

func TestHistogram(t *testing.T) {
	h := newHistogram("lotse_x_seconds", `kind="a"`, "X.", 0.5, 1, 10)
	for _, d := range []time.Duration{
		0, 500 * time.Millisecond, 501 * time.Millisecond, 10 * time.Second, time.Hour, -1,
	} {
		h.observeTime(d)
	}
	var b bytes.Buffer
	h.writeHead(&b)
	h.write(&b)
	want := `# HELP lotse_x_seconds X.
# TYPE lotse_x_seconds histogram
lotse_x_seconds_bucket{kind="a",le="0.5"} 3
lotse_x_seconds_bucket{kind="a",le="1"} 4
lotse_x_seconds_bucket{kind="a",le="10"} 5
lotse_x_seconds_bucket{kind="a",le="+Inf"} 6
lotse_x_seconds_sum{kind="a"} 3611.001
lotse_x_seconds_count{kind="a"} 6
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

// TestHistogramsOfASession: each histogram counts its event once.
func TestHistogramsOfASession(t *testing.T) {
	r, o, c := joinedRig(t)
	a, b, _ := rawStream(t, o, c)
	seen := func() map[string]float64 {
		_, page := r.side("/metrics")
		return samples(t, page)
	}
	if v := seen(); v["lotse_join_seconds_count"] != 1 || v["lotse_sign_in_seconds_count"] != 1 ||
		v["lotse_first_view_seconds_count"] != 0 || v["lotse_session_seconds_count"] != 0 {
		t.Errorf("after the join: %v", v)
	}
	pass := func(from, to net.Conn, n int) {
		t.Helper()
		errs := make(chan error, 1)
		go func() { _, err := from.Write(make([]byte, n)); errs <- err }()
		if _, err := io.ReadFull(to, make([]byte, n)); err != nil {
			t.Fatal(err)
		}
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	// Data of the advisor, and handshakes, do not count as a frame.
	pass(a, b, 2*firstViewBytes)
	pass(b, a, firstViewBytes-1)
	if v := seen(); v["lotse_first_view_seconds_count"] != 0 {
		t.Error("counts a view without a picture")
	}
	pass(b, a, 1)
	pass(b, a, 3*firstViewBytes)
	if v := seen(); v["lotse_first_view_seconds_count"] != 1 {
		t.Errorf("the first view is counted %v times", v["lotse_first_view_seconds_count"])
	}
	if err := o.a.EndSession(t.Context(), o.place); err != nil {
		t.Fatal(err)
	}
	_ = a.Close()
	_ = b.Close()
	for {
		v := seen()
		if v["lotse_streams"] > 0 {
			time.Sleep(time.Millisecond)
			continue
		}
		for name, want := range map[string]float64{
			`lotse_sessions_ended_total{reason="advisor"}`: 1, `lotse_sessions_ended_total{reason="lost"}`: 0,
			"lotse_session_seconds_count": 1, `lotse_stream_bytes_count{kind="view"}`: 1,
			`lotse_stream_bytes_sum{kind="view"}`: 6 * firstViewBytes, `lotse_stream_bytes_count{kind="control"}`: 1,
			`lotse_stream_bytes_bucket{kind="view",le="10000"}`:  0,
			`lotse_stream_bytes_bucket{kind="view",le="100000"}`: 1,
		} {
			if v[name] != want {
				t.Errorf("%s is %v, want %v", name, v[name], want)
			}
		}
		return
	}
}

// TestPuzzleTime: the measured time is the one between puzzle and solution.
func TestPuzzleTime(t *testing.T) {
	e, now, c := testEntrance(1), time.Unix(1e9, 0), addr("203.0.113.5")
	for i := range 20 {
		e.admit(addr(fmt.Sprintf("10.0.%d.1", i)), "", 0, now)
	}
	a := e.admit(c, "", 0, now)
	if n := e.metrics.spread.puzzle.counts[1].Load(); n != 0 {
		t.Errorf("%d times before the first solution", n)
	}
	if a := e.admit(c, solve(t, a), 0, now.Add(2*time.Second)); !a.ok() {
		t.Fatalf("%+v", a)
	}
	h := e.metrics.spread.puzzle
	if h.counts[1].Load() != 1 || h.sum.value() != 2 {
		t.Errorf("2 s: bucket %d, sum %v", h.counts[1].Load(), h.sum.value())
	}
}

// TestProfiles: profiles are served on the metrics listener, to this computer only.
func TestProfiles(t *testing.T) {
	t.Parallel()
	r := start(t)
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/heap?debug=1"} {
		if status, text := r.side(path); status != 200 || text == "" {
			t.Errorf("%s at the metrics listener: %d %q", path, status, text)
		}
		if status, _, _ := r.ask("GET", path, "", nil); status != 404 {
			t.Errorf("%s at the public port: %d", path, status)
		}
	}
	if status, _ := r.side("/debug/pprof/cmdline"); status != 404 {
		t.Errorf("the command line is shown: %d", status)
	}
	page := &metricsPage{server: &server{metrics: newMetrics(time.Now())}}
	for from, want := range map[string]int{
		"127.0.0.1:5": 200, "[::1]:5": 200, "[::ffff:127.0.0.1]:5": 200,
		"192.0.2.7:5": 403, "[2001:db8::1]:5": 403, "": 403,
	} {
		q := httptest.NewRequest("GET", "http://127.0.0.1/debug/pprof/", nil)
		q.RemoteAddr = from
		w := httptest.NewRecorder()
		page.metricsHandler().ServeHTTP(w, q)
		if w.Code != want {
			t.Errorf("from %q: %d, want %d", from, w.Code, want)
		}
		q.Header.Set("X-Forwarded-For", "192.0.2.7")
		w = httptest.NewRecorder()
		page.metricsHandler().ServeHTTP(w, q)
		if w.Code != 403 {
			t.Errorf("from %q by a proxy: %d", from, w.Code)
		}
	}
}

// TestDashboards: every metric that the dashboard and the alerts use is on the real page.
func TestDashboards(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *Config) { c.TLS = TLSConfig{Mode: TLSDev} })
	_, page := r.side("/metrics")
	have := map[string]bool{}
	for key := range samples(t, page) {
		name, _, _ := strings.Cut(key, "{")
		have[name] = true
	}
	named := map[string]bool{}
	for _, file := range []string{"../deploy/grafana/lotse.json", "../deploy/grafana/alerts.yaml"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, ".json") && !json.Valid(text) {
			t.Errorf("%s is not JSON", file)
		}
		n := 0
		for _, name := range regexp.MustCompile(`\blotse_[a-z_]+`).FindAllString(string(text), -1) {
			named[name], named[strings.TrimSuffix(name, "_bucket")] = true, true
			n++
			if !have[name] {
				t.Errorf("%s names %s, which the gateway does not have", file, name)
			}
		}
		if n < 10 {
			t.Errorf("%s names only %d metrics", file, n)
		}
	}
	// The dashboard shows every metric of the gateway.
	for name := range have {
		for _, part := range []string{"_sum", "_count", "_bucket"} {
			if base := strings.TrimSuffix(name, part); have[base+"_bucket"] {
				name = base
			}
		}
		if !named[name] {
			t.Errorf("%s is in neither", name)
		}
	}
}

// TestLogAreas: every record of a whole session has a configurable area, and none has the number,
// its place, or a level that was switched off.
func TestLogAreas(t *testing.T) {
	var debug, quiet lockedBuffer
	for b, spec := range map[*lockedBuffer]string{&debug: "debug", &quiet: "error,tunnel=info"} {
		levels, err := logs.Parse(spec, logs.GatewayAreas)
		if err != nil {
			t.Fatal(err)
		}
		l, err := logs.New(b, "json", levels)
		if err != nil {
			t.Fatal(err)
		}
		r, o, c := joinedRig(t, withVNC, func(c *Config) { c.Logger = l })
		x, y, _ := rawStream(t, o, c)
		echo(t, x, y)
		stranger, err := net.Dial("tcp", r.addr)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(stranger, "not TLS\n")
		_, _ = io.Copy(io.Discard, stranger)
		_ = stranger.Close()
		if err := o.a.EndSession(t.Context(), o.place); err != nil {
			t.Fatal(err)
		}
		r.stop()
		for line := range strings.Lines(b.String()) {
			var record map[string]any
			if err := json.Unmarshal([]byte(line), &record); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			if area, _ := record["area"].(string); !slices.Contains(logs.GatewayAreas, area) {
				t.Errorf("no area: %s", line)
			}
			digits := o.number.Digits()
			for _, secret := range []string{digits, digits[4:], fmt.Sprintf("%q", o.place)} {
				if strings.Contains(line, secret) {
					t.Errorf("the log has %q: %s", secret, line)
				}
			}
		}
	}
	for b, want := range map[*lockedBuffer]string{&debug: "gateway http tunnel", &quiet: "tunnel"} {
		var areas []string
		for _, m := range regexp.MustCompile(`"area":"(\w+)"`).FindAllStringSubmatch(b.String(), -1) {
			if !slices.Contains(areas, m[1]) {
				areas = append(areas, m[1])
			}
		}
		slices.Sort(areas)
		if got := strings.Join(areas, " "); got != want {
			t.Errorf("areas %q, want %q", got, want)
		}
	}
}

// TestAreasAreDocumented: the setting's description names every area.
func TestAreasAreDocumented(t *testing.T) {
	for _, s := range config.GatewaySettings() {
		if s.Key != "log.level" {
			continue
		}
		for _, area := range logs.GatewayAreas {
			if !regexp.MustCompile(`\b` + area + `\b`).MatchString(s.Doc) {
				t.Errorf("log.level does not name the area %s", area)
			}
		}
	}
}
