package gateway

import (
	"net/http"
	"net/http/pprof"
	"net/netip"
	"time"
)

// profileTimeout bounds an answer of the metrics listener; it is longer than a profile of two
// minutes.
const profileTimeout = 150 * time.Second

// profiles adds Go's profiles (net/http/pprof) below /debug/pprof/. They hold no contents and
// no numbers of sessions, but they slow the gateway down while they are taken: only this
// computer may ask.
func (s *metricsPage) profiles(mux *http.ServeMux) {
	mux.Handle("GET /debug/pprof/", fromLoopback(pprof.Index))
	mux.Handle("GET /debug/pprof/profile", fromLoopback(pprof.Profile))
	mux.Handle("GET /debug/pprof/symbol", fromLoopback(pprof.Symbol))
	mux.Handle("GET /debug/pprof/trace", fromLoopback(pprof.Trace))
}

// fromLoopback answers this computer only, wherever metrics.listen is, and no proxy on it.
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
