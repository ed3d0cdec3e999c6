package gateway

import (
	"net/http"
	"net/http/pprof"
	"net/netip"
	"time"
)

// profileTimeout limits an answer of the metrics listener. It is longer than a two-minute profile.
const profileTimeout = 150 * time.Second

// profiles adds Go's profiles (net/http/pprof) below /debug/pprof/. They contain no user data and
// no session numbers, but taking one slows the gateway down, so only this computer may request
// them.
func (s *metricsPage) profiles(mux *http.ServeMux) {
	mux.Handle("GET /debug/pprof/", fromLoopback(pprof.Index))
	mux.Handle("GET /debug/pprof/profile", fromLoopback(pprof.Profile))
	mux.Handle("GET /debug/pprof/symbol", fromLoopback(pprof.Symbol))
	mux.Handle("GET /debug/pprof/trace", fromLoopback(pprof.Trace))
}

// fromLoopback answers only requests from this computer, on whatever address metrics.listen is, and
// none from a proxy on it.
func fromLoopback(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from, err := netip.ParseAddrPort(r.RemoteAddr)
		proxied := r.Header.Get("X-Forwarded-For") != ""
		if err != nil || proxied || !from.Addr().Unmap().IsLoopback() {
			http.Error(w, "Profiles are for connections from this computer only.", http.StatusForbidden)
			return
		}
		next(w, r)
	})
}
