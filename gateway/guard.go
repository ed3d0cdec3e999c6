package gateway

import (
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"

	"lotse/tunnel"
)

// contentPolicy allows pages to run and load only what the gateway itself serves. In Chromium and
// Firefox, 'self' in connect-src covers wss of the same origin.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
	"frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

// guard handles every request first. It sets headers, checks the client's limits, the host and the
// origin, and recovers from panics.
func (s *server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if p := recover(); p != nil && p != http.ErrAbortHandler {
				s.log.gateway.Error("panic in a request", "pattern", r.Pattern, "panic", p,
					"stack", string(debug.Stack()))
				s.fail(w, http.StatusInternalServerError, tunnel.CodeInternal, "The gateway made a mistake; it is in its log.", 0)
			}
		}()
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
		if s.cfg.TLS.Mode != TLSDev {
			// Not for localhost, where it would also apply to other servers.
			h.Set("Strict-Transport-Security", "max-age=63072000")
		}
		h.Set("Cache-Control", "no-store")
		done := s.admitRequest(w, r)
		if done == nil {
			return
		}
		defer done()
		if !s.knownHost(r.Host) {
			s.log.http.Debug("unknown host name", "host", logAddr(r.Host), "from", logAddr(r.RemoteAddr))
			s.fail(w, http.StatusMisdirectedRequest, tunnel.CodeForbidden, "This gateway does not answer to this name.", 0)
			return
		}
		if origin := r.Header.Get("Origin"); origin != "" && !sameOrigin(origin, r.Host) && r.URL.Path != websockifyPath {
			s.fail(w, http.StatusForbidden, tunnel.CodeForbidden, "This request comes from another page.", 0)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// knownHost reports whether host, with or without a port, is one of Config.Hosts.
func (s *server) knownHost(host string) bool {
	return slices.Contains(s.cfg.Hosts, hostName(host))
}

// hostName returns a Host header without port and brackets.
func hostName(host string) string {
	name := strings.ToLower(host)
	if h, _, err := net.SplitHostPort(name); err == nil {
		name = h
	}
	return strings.Trim(name, "[]")
}

// sameOrigin compares an Origin header with the requested host, which knownHost has checked.
func sameOrigin(origin, host string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.Path != "" || u.User != nil || u.RawQuery != "" {
		return false
	}
	return strings.EqualFold(strings.TrimSuffix(u.Host, ":443"), strings.TrimSuffix(host, ":443"))
}

// ownPage accepts requests of programs, which send no Origin, and of the gateway's own customer
// page.
func (s *server) ownPage(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for _, origin := range r.Header.Values("Origin") {
			if !sameOrigin(origin, r.Host) {
				s.fail(w, http.StatusForbidden, tunnel.CodeForbidden, "This address is for programs and for the gateway's own page.", 0)
				return
			}
		}
		next(w, r)
	}
}
