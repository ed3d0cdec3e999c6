package gateway

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lotse/tunnel"
)

// TestTerms checks that nobody joins without having accepted the terms in their present version,
// that being told of them costs no try, and that a session that is resumed is not asked.
func TestTerms(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *Config) {
		c.Customer = Customer{Terms: "Wir helfen.\n", TermsVersion: "2026-11"}
		c.Limits.EnterWrong = 1
	})
	status, h, body := r.ask("GET", tunnel.TermsPath, "", nil)
	if status != 200 || body != "Wir helfen.\n" || h.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("%d %q %q", status, body, h)
	}
	o := r.open(r.signIn("anna"))
	place := o.number.Place()
	for _, version := range []string{"", "2026-10", "2026-11 "} {
		c := r.customer()
		if err := c.link.Enter(place, "", version); err != nil {
			t.Fatal(err)
		}
		m := c.recv()
		if m.Type != tunnel.TypeRefused || m.Code != tunnel.RefusedTerms || m.Terms == nil || m.Terms.Version != "2026-11" ||
			m.Terms.SHA256 != fmt.Sprintf("%x", sha256.Sum256([]byte("Wir helfen.\n"))) {
			t.Errorf("%q: %+v", version, m)
		}
		c.link.Close()
	}
	c := r.customer()
	c.terms = "2026-11"
	_, joined := c.join(o.number)
	c.link.Close()
	o.state(tunnel.StateAway)
	back := r.customer()
	if err := back.link.Enter(place, joined.Resume, ""); err != nil {
		t.Fatal(err)
	}
	if m := back.recv(); m.Type != tunnel.TypeJoined {
		t.Errorf("%+v", m)
	}
	if status, _, _ := start(t).ask("GET", tunnel.TermsPath, "", nil); status != 404 {
		t.Errorf("without terms: %d", status)
	}
}

// TestTermsAreNoOracle checks that a link which does not accept the terms learns nothing of places
// and is closed after three refusals.
func TestTermsAreNoOracle(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *Config) { c.Customer = Customer{Terms: "x", TermsVersion: "1"} })
	o := r.open(r.signIn("anna"))
	c := r.customer()
	for _, place := range []string{o.number.Place(), "9999", "9998"} {
		if err := c.link.Enter(place, "", ""); err != nil {
			t.Fatal(err)
		}
		if m := c.recv(); m.Code != tunnel.RefusedTerms {
			t.Errorf("%s: %+v", place, m)
		}
	}
	if _, err := c.link.Recv(); err == nil {
		t.Error("the link stays open")
	}
}

// TestQuestionToTheCustomer checks the question after a session: only who has the address can
// answer, once, and the answer is in the audit trail.
func TestQuestionToTheCustomer(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *Config) { c.Customer.Question = "Haben <wir> geholfen?" })
	o := r.open(r.signIn("anna"))
	c := r.customer()
	_, joined := c.join(o.number)
	if joined.Question != "Haben <wir> geholfen?" || joined.Answer == "" {
		t.Fatalf("%+v", joined)
	}
	post := func(token, body string) int {
		status, _, _ := r.ask("POST", tunnel.AnswerPath+token, body, func(q *http.Request) {
			q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		})
		return status
	}
	page := func() (int, string) {
		status, _, body := r.ask("GET", tunnel.AnswerPath+joined.Answer, "", func(q *http.Request) { q.Header.Set("Accept-Language", "xx, de-AT;q=0.8") })
		return status, body
	}
	if status, body := page(); status != 200 || !strings.Contains(body, "Haben &lt;wir&gt; geholfen?") || !strings.Contains(body, "Teilweise") || !strings.Contains(body, `lang="de"`) {
		t.Errorf("%d %s", status, body)
	}
	for _, bad := range [][2]string{{"AAAAAAAAAAAAAAAAAAAAAA", "answer=yes"}, {joined.Answer, "answer=perhaps"}, {joined.Answer, ""}, {joined.Answer, "answer=" + strings.Repeat("x", 1<<20)}} {
		if status := post(bad[0], bad[1]); status != 404 {
			t.Errorf("%.40v: %d", bad, status)
		}
	}
	if status := post(joined.Answer, "answer=partly"); status != 200 {
		t.Errorf("answer: %d", status)
	}
	if status := post(joined.Answer, "answer=no"); status != 404 {
		t.Errorf("a second answer: %d", status)
	}
	if status, _ := page(); status != 404 {
		t.Errorf("the page after the answer: %d", status)
	}
	// A customer who comes back is not asked again.
	c.link.Close()
	o.state(tunnel.StateAway)
	back := r.customer()
	if err := back.link.Enter(o.number.Place(), joined.Resume, ""); err != nil {
		t.Fatal(err)
	}
	if m := back.recv(); m.Type != tunnel.TypeJoined || m.Question != "" || m.Answer != "" {
		t.Errorf("%+v", m)
	}
	r.stop()
	trail, err := os.ReadFile(filepath.Join(r.data, "audit.jsonl"))
	if err != nil || strings.Count(string(trail), `"customer_answered"`) != 1 || !strings.Contains(string(trail), `"reason":"partly"`) || strings.Contains(string(trail), joined.Answer) {
		t.Errorf("%s, %v", trail, err)
	}
}

func TestAnswersAreBounded(t *testing.T) {
	var a questions
	now := time.Now()
	for i := range maxAsked {
		if a.issue("s", "anna", now, now.Add(time.Minute)) == "" {
			t.Fatalf("none after %d", i)
		}
	}
	if a.issue("s", "anna", now, now.Add(time.Minute)) != "" {
		t.Error("more than the maximum")
	}
	later := now.Add(2 * time.Minute)
	token := a.issue("s", "anna", later, later.Add(time.Minute))
	if _, ok := a.find(token, later, false); !ok || len(a.open) != 1 {
		t.Errorf("%d are open", len(a.open))
	}
	if _, ok := a.find(token, later.Add(2*time.Minute), true); ok {
		t.Error("an answer after its time")
	}
}
