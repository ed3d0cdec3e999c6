package gateway

import (
	"fmt"
	"net/http"
	"time"
)

// securityTextLife is how far in the future Expires is, RFC 9116, section 2.5.5.
const securityTextLife = 90 * 24 * time.Hour

// securityText is GET /.well-known/security.txt (RFC 9116), which says where to report
// vulnerabilities of this gateway. Without a contact the file does not exist.
func (s *webSite) securityText(w http.ResponseWriter, r *http.Request) {
	if s.cfg.SecurityContact == "" {
		s.page(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	expires := s.now().UTC().Truncate(24 * time.Hour).Add(securityTextLife)
	fmt.Fprintf(w, "Contact: %s\nExpires: %s\nPreferred-Languages: en, de\nCanonical: https://%s/.well-known/security.txt\n",
		s.cfg.SecurityContact, expires.Format(time.RFC3339), r.Host)
}
