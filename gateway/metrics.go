package gateway

import (
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"runtime"
	"slices"
	"sync/atomic"
	"time"
)

// metrics are counted without locks; the metrics listener writes them as text.
type metrics struct {
	started      time.Time
	connections  atomic.Int64 // now
	connRefused  atomic.Int64
	connDropped  atomic.Int64
	requestsOver atomic.Int64
	signIns      atomic.Int64
	signInsWrong atomic.Int64
	sessions     atomic.Int64 // ever
	enters       atomic.Int64
	refusals     atomic.Int64
	joins        atomic.Int64
	streams      atomic.Int64 // ever
	viewers      atomic.Int64
	viewersWrong atomic.Int64
	puzzles      atomic.Int64
	relayed      [2]atomic.Int64 // bytes, by the side they came from
}

// write appends the Prometheus text format.
func (m *metrics) write(w io.Writer, d *directory) {
	sessions, joined, streams, links := d.count()
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	for _, v := range []struct {
		name, kind, help string
		value            int64
	}{
		{"lotse_connections", "gauge", "Open TCP connections.", m.connections.Load()},
		{"lotse_connections_refused_total", "counter", "Connections over the bounds.", m.connRefused.Load()},
		{"lotse_connections_dropped_total", "counter", "Connections closed for newcomers.", m.connDropped.Load()},
		{"lotse_requests_refused_total", "counter", "Requests over the bounds.", m.requestsOver.Load()},
		{"lotse_sessions", "gauge", "Open sessions.", int64(sessions)},
		{"lotse_sessions_joined", "gauge", "Open sessions with a customer.", int64(joined)},
		{"lotse_streams", "gauge", "Open streams.", int64(streams)},
		{"lotse_links", "gauge", "Open links of agents and owners.", int64(links)},
		{"lotse_sessions_opened_total", "counter", "Numbers given out.", m.sessions.Load()},
		{"lotse_sign_ins_total", "counter", "Successful sign-ins.", m.signIns.Load()},
		{"lotse_sign_ins_refused_total", "counter", "Refused sign-ins.", m.signInsWrong.Load()},
		{"lotse_enters_total", "counter", "Numbers entered by customers.", m.enters.Load()},
		{"lotse_enters_refused_total", "counter", "Of these, refused.", m.refusals.Load()},
		{"lotse_joins_total", "counter", "Of these, joined.", m.joins.Load()},
		{"lotse_streams_opened_total", "counter", "Streams opened.", m.streams.Load()},
		{"lotse_viewers_admitted_total", "counter", "Viewers let in by the VNC, repeater and websockify doors.", m.viewers.Load()},
		{"lotse_viewers_refused_total", "counter", "Viewers refused there.", m.viewersWrong.Load()},
		{"lotse_puzzles_total", "counter", "Puzzles asked of clients under pressure.", m.puzzles.Load()},
		{"lotse_bytes_to_agent_total", "counter", "Bytes relayed to customers.", m.relayed[sideB].Load()},
		{"lotse_bytes_to_advisor_total", "counter", "Bytes relayed to advisors.", m.relayed[sideA].Load()},
		{"lotse_goroutines", "gauge", "Goroutines.", int64(runtime.NumGoroutine())},
		{"lotse_heap_bytes", "gauge", "Heap in use.", int64(mem.HeapAlloc)},
		{"lotse_uptime_seconds", "gauge", "Time since the start.", int64(d.now().Sub(m.started) / time.Second)},
	} {
		fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n%s %d\n", v.name, v.help, v.name, v.kind, v.name, v.value)
	}
}

// metricsHandler is for a listener that only the operator reaches.
func (s *metricsPage) metricsHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok\n")
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		s.metrics.write(w, s.dir)
	})
	return s.ownHosts(mux)
}

// ownHosts answers who asks by an address, or by a name of this gateway: a page that
// lets its own name point here reads nothing.
func (s *metricsPage) ownHosts(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := hostName(r.Host)
		own := ""
		if s.addrs.Metrics != nil {
			own = hostName(s.addrs.Metrics.String())
		}
		_, err := netip.ParseAddr(name)
		if err != nil && name != "localhost" && name != own && !slices.Contains(s.cfg.Hosts, name) {
			http.Error(w, "This gateway does not answer to this name.", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}
