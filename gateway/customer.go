package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"lotse/gateway/audit"
	"lotse/i18n"
	"lotse/tunnel"
)

// Customer configures what a customer is asked outside the question window, and the limits of the
// files that both sides give each other.
type Customer struct {
	// Terms is a text that the customer must accept before he joins; "": none. TermsVersion names
	// it in records.
	Terms, TermsVersion string
	// Question is asked after the session; "": none.
	Question string
	Files    *tunnel.FileLimits // nil: none
}

// terms returns what an agent must know of the terms; nil: there are none.
func (c *Customer) terms() *tunnel.Terms {
	if c.Terms == "" {
		return nil
	}
	sum := sha256.Sum256([]byte(c.Terms))
	return &tunnel.Terms{Version: c.TermsVersion, SHA256: hex.EncodeToString(sum[:])}
}

// termsText is GET /terms.
func (s *webSite) termsText(w http.ResponseWriter, r *http.Request) {
	if s.cfg.Customer.Terms == "" {
		s.page(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, s.cfg.Customer.Terms)
}

// Limits of the question at the end.
const (
	// answerTime is how long after the longest possible session an answer is taken.
	answerTime = time.Hour
	// maxAsked is how many sessions are remembered that may still be answered for. Further ones get
	// no question.
	maxAsked = 20_000
	maxForm  = 1 << 10
)

// answerWords are the answers to the question.
var answerWords = []string{"yes", "partly", "no"}

// questions are what customers are asked. It remembers whose question after a session may still be
// answered. Methods may be called concurrently.
type questions struct {
	terms *tunnel.Terms // before a session; nil: none

	mu   sync.Mutex
	open map[digest]asked // Guarded by mu; by the token.
}

func newQuestions(c *Customer) *questions { return &questions{terms: c.terms()} }

// asked is a session whose customer is asked at its end.
type asked struct {
	session, account string
	until            time.Time
}

// issue returns the token with which the question of a session is answered; "" if too many are
// open.
func (q *questions) issue(session, account string, now, until time.Time) string {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.open) >= maxAsked {
		for token, e := range q.open {
			if now.After(e.until) {
				delete(q.open, token)
			}
		}
	}
	if len(q.open) >= maxAsked {
		return ""
	}
	if q.open == nil {
		q.open = map[digest]asked{}
	}
	token := newToken()
	q.open[digestOf(token)] = asked{session, account, until}
	return token
}

// find returns the session of a token. take makes the token invalid.
func (q *questions) find(token string, now time.Time, take bool) (asked, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	e, ok := q.open[digestOf(token)]
	if take {
		delete(q.open, digestOf(token))
	}
	return e, ok && now.Before(e.until)
}

// questionPage is GET /answer/{token}: the question and its answers.
func (s *webSite) questionPage(w http.ResponseWriter, r *http.Request) {
	l := languageOf(r)
	if _, ok := s.dir.questions.find(r.PathValue("token"), s.now(), false); !ok {
		writePage(w, http.StatusNotFound, l, l.Text("gateway.answer.closed"), "")
		return
	}
	var form strings.Builder
	form.WriteString(`<form method="post">`)
	for _, word := range answerWords {
		fmt.Fprintf(&form, "<p><button name=\"answer\" value=%q>%s</button></p>\n", word, html.EscapeString(l.Text("gateway.answer.words", word)))
	}
	form.WriteString("</form><p>" + html.EscapeString(l.Text("gateway.answer.who", s.cfg.Name)) + "</p>")
	writePage(w, http.StatusOK, l, s.cfg.Customer.Question, form.String())
}

// takeAnswer is POST /answer/{token}. The answer is a line of the audit trail.
func (s *webSite) takeAnswer(w http.ResponseWriter, r *http.Request) {
	l := languageOf(r)
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	for _, word := range answerWords {
		if r.PostFormValue("answer") != word {
			continue
		}
		q, ok := s.dir.questions.find(r.PathValue("token"), s.now(), true)
		if !ok {
			break
		}
		s.audit.Record(audit.Record{Event: audit.Answered, Session: q.session, Account: q.account, Reason: word})
		writePage(w, http.StatusOK, l, l.Text("gateway.answer.thanks"), "")
		return
	}
	writePage(w, http.StatusNotFound, l, l.Text("gateway.answer.closed"), "")
}

// writePage writes a page that needs no script. heading is a text, more is HTML.
func writePage(w http.ResponseWriter, status int, l i18n.Language, heading, more string) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	// With no-referrer, a browser's form would have the origin "null".
	h.Set("Referrer-Policy", "same-origin")
	w.WriteHeader(status)
	heading = html.EscapeString(heading)
	_, _ = fmt.Fprintf(w, `<!doctype html><html lang=%q><meta charset="utf-8"><meta name="viewport" content="width=device-width">`+
		"<title>%s</title><h1>%s</h1>%s\n", l, heading, heading, more)
}

// languageOf returns the first language of a browser that we have; otherwise English.
func languageOf(r *http.Request) i18n.Language {
	wanted := r.Header.Get("Accept-Language")
	for tag := range strings.SplitSeq(wanted[:min(len(wanted), maxForm)], ",") {
		tag, _, _ = strings.Cut(tag, ";")
		if l, ok := i18n.Parse(strings.TrimSpace(tag)); ok {
			return l
		}
	}
	return i18n.Languages[0]
}
