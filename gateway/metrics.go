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

	"lotse/tunnel"
)

// metrics are counters, updated without locks and written as text by the metrics listener. No label
// contains a name, an address or a session number.
type metrics struct {
	started      time.Time
	connections  atomic.Int64 // currently open
	connRefused  atomic.Int64
	connDropped  atomic.Int64
	requestsOver atomic.Int64
	signIns      atomic.Int64
	signInsWrong atomic.Int64
	sessions     atomic.Int64 // in total
	enters       atomic.Int64
	refusals     atomic.Int64
	joins        atomic.Int64
	streams      atomic.Int64 // in total
	viewers      atomic.Int64
	viewersWrong atomic.Int64
	puzzles      atomic.Int64
	relayed      [2]atomic.Int64          // bytes, by the side that sent them
	ended        map[string]*atomic.Int64 // sessions, by reason; the map is static
	spread       histograms
}

func newMetrics(now time.Time) *metrics {
	m := &metrics{started: now, ended: map[string]*atomic.Int64{}}
	for _, reason := range endReasons {
		m.ended[reason] = new(atomic.Int64)
	}
	m.spread = histograms{
		join: newHistogram("lotse_join_seconds", "",
			"From a customer's right number to the join.", 0.25, 0.5, 1, 2, 5, 10, 30),
		firstView: newHistogram("lotse_first_view_seconds", "",
			"From the join until the advisor first sees something, the customer's answer included.",
			5, 10, 20, 30, 60, 120, 300, 900),
		session: newHistogram("lotse_session_seconds", "",
			"Duration of sessions with a customer.", 60, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200),
		signIn: newHistogram("lotse_sign_in_seconds", "",
			"Check of a password, the wait for its turn included.", 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10),
		puzzle: newHistogram("lotse_puzzle_seconds", "",
			"From a puzzle to its solution, up to one second too long.", 1, 2, 5, 10, 20, 30, 60),
		stream: map[string]*histogram{},
	}
	for _, kind := range streamKinds {
		m.spread.stream[kind] = newHistogram("lotse_stream_bytes", `kind="`+kind+`"`,
			"Bytes of a stream in both directions.", 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10)
	}
	return m
}

var (
	endReasons = []string{tunnel.ReasonAdvisor, tunnel.ReasonCustomer, tunnel.ReasonExpired,
		tunnel.ReasonBurnt, tunnel.ReasonLost, tunnel.ReasonShutdown}
	streamKinds = append(tunnel.StreamKinds[:], foreignKind)
)

// sessionEnded counts an ended session.
func (m *metrics) sessionEnded(s *session, reason string, now time.Time) {
	m.ended[reason].Add(1)
	if !s.joined.IsZero() {
		m.spread.session.observeTime(now.Sub(s.joined))
	}
}

// metric is one value of the metrics page.
type metric struct {
	name, kind, help string
	value            int64
}

// counters returns the values that are counted as events happen.
func (m *metrics) counters() []metric {
	return []metric{
		{"lotse_connections", "gauge", "Open TCP connections.", m.connections.Load()},
		{"lotse_connections_refused_total", "counter", "Connections over the bounds.", m.connRefused.Load()},
		{"lotse_connections_dropped_total", "counter", "Connections closed for newcomers.",
			m.connDropped.Load()},
		{"lotse_requests_refused_total", "counter", "Requests over the bounds.", m.requestsOver.Load()},
		{"lotse_sessions_opened_total", "counter", "Numbers given out.", m.sessions.Load()},
		{"lotse_sign_ins_total", "counter", "Successful sign-ins.", m.signIns.Load()},
		{"lotse_sign_ins_refused_total", "counter", "Refused sign-ins.", m.signInsWrong.Load()},
		{"lotse_enters_total", "counter", "Numbers entered by customers.", m.enters.Load()},
		{"lotse_enters_refused_total", "counter", "Of these, refused.", m.refusals.Load()},
		{"lotse_joins_total", "counter", "Of these, joined.", m.joins.Load()},
		{"lotse_streams_opened_total", "counter", "Streams opened.", m.streams.Load()},
		{"lotse_viewers_admitted_total", "counter",
			"Viewers let in by the VNC, repeater and websockify doors.", m.viewers.Load()},
		{"lotse_viewers_refused_total", "counter", "Viewers refused there.", m.viewersWrong.Load()},
		{"lotse_puzzles_total", "counter", "Puzzles asked of clients under pressure.", m.puzzles.Load()},
		{"lotse_bytes_to_agent_total", "counter", "Bytes relayed to customers.", m.relayed[sideB].Load()},
		{"lotse_bytes_to_advisor_total", "counter", "Bytes relayed to advisors.", m.relayed[sideA].Load()},
	}
}

// gauges returns the values that are determined when the page is requested.
func (s *metricsPage) gauges() []metric {
	sessions, joined, streams, links := s.dir.count()
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	out := []metric{
		{"lotse_sessions", "gauge", "Open sessions.", int64(sessions)},
		{"lotse_sessions_joined", "gauge", "Open sessions with a customer.", int64(joined)},
		{"lotse_streams", "gauge", "Open streams.", int64(streams)},
		{"lotse_links", "gauge", "Open links of agents and owners.", int64(links)},
		{"lotse_connections_limit", "gauge", "The setting limits.connections.",
			int64(s.cfg.Limits.Connections)},
		{"lotse_audit_failures_total", "counter", "Writes of the audit trail that failed.",
			s.audit.Failures()},
		{"lotse_goroutines", "gauge", "Goroutines.", int64(runtime.NumGoroutine())},
		{"lotse_heap_bytes", "gauge", "Heap in use.", int64(mem.HeapAlloc)},
		{"lotse_uptime_seconds", "gauge", "Time since the start.",
			int64(s.now().Sub(s.metrics.started) / time.Second)},
	}
	if limit, ok := openFilesLimit(); ok {
		out = append(out, metric{"lotse_open_files_limit", "gauge",
			"Files that the process may open.", limit})
	}
	if ends := s.certs.expires(); !ends.IsZero() {
		out = append(out, metric{"lotse_certificate_expiry_timestamp_seconds", "gauge",
			"When the certificate ends, in Unix time; not known with ACME.", ends.Unix()})
	}
	return out
}

// write writes all metrics in Prometheus's text format.
func (s *metricsPage) write(w io.Writer) {
	m := s.metrics
	for _, v := range slices.Concat(m.counters(), s.gauges()) {
		fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n%s %d\n", v.name, v.help, v.name, v.kind, v.name, v.value)
	}
	const ended = "lotse_sessions_ended_total"
	fmt.Fprintf(w, "# HELP %s Sessions that ended, by reason.\n# TYPE %s counter\n", ended, ended)
	for _, reason := range endReasons {
		fmt.Fprintf(w, "%s{reason=%q} %d\n", ended, reason, m.ended[reason].Load())
	}
	h := &m.spread
	for _, h := range []*histogram{h.join, h.firstView, h.session, h.signIn, h.puzzle} {
		h.writeHead(w)
		h.write(w)
	}
	h.stream[foreignKind].writeHead(w)
	for _, kind := range streamKinds {
		h.stream[kind].write(w)
	}
}

// metricsHandler serves a listener that only the operator can reach.
func (s *metricsPage) metricsHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok\n")
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		s.write(w)
	})
	s.profiles(mux)
	return s.ownHosts(mux)
}

// ownHosts answers requests addressed to an IP address or to a name of this gateway. A web page
// whose own name resolves to this listener (DNS rebinding) therefore reads nothing.
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
