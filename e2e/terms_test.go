package e2e

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTermsAndQuestion checks that a customer reads and accepts the operator's terms before he
// joins, with the program and from the page, that both records say so, and that the question after
// the session is answered with one click on the gateway's page.
func TestTermsAndQuestion(t *testing.T) {
	terms := filepath.Join(t.TempDir(), "terms.txt")
	if err := os.WriteFile(terms, []byte("Wir helfen. Sie bestimmen.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newStack(t, "[customer]", `terms = "`+terms+`"`, `terms_version = "2026-11"`, `question = "Did we help you?"`)
	b := newBrowser(t)
	advisor := b.tab("advisor")
	advisor.signsIn(s.url + "/advisor")
	customers := map[string]func(number string) *tab{
		"program": func(number string) *tab {
			customer := customerDisplay(t, "900x700")
			_, url := s.panelAgent(customer)
			panel := b.tab("panel")
			panel.open(url)
			panel.fill("number", number)
			panel.click("number-submit")
			return panel
		},
		"page": func(number string) *tab {
			_, page := sharingCustomer(t, s, strings.ReplaceAll(number, " ", ""))
			return page
		},
	}
	for _, kind := range []string{"program", "page"} {
		advisor.click("new-session")
		page := customers[kind](advisor.text("number"))
		page.wait("terms")
		text := b.tab(kind + "'s terms")
		text.open(page.eval(`() => document.querySelector('[data-testid="terms-read"]').href`))
		if got := text.eval(`() => document.body.innerText`); !strings.Contains(got, "Sie bestimmen.") {
			t.Errorf("%s: the terms are %q", kind, got)
		}
		// A no leads back to the number.
		page.click("terms-no")
		page.click("number-submit")
		page.click("terms-yes")
		advisor.waitFor("session", `[data-phase="joined"]`)
		page.wait("now")
		page.click("end")
		page.wait("ended")
		question := b.tab(kind + "'s question")
		question.open(page.eval(`() => document.querySelector('[data-testid="survey-answer"]').href`))
		if got := question.eval(`() => document.querySelector("h1").innerText`); got != "Did we help you?" {
			t.Errorf("%s: the question is %q", kind, got)
		}
		question.eval(`() => document.querySelector('button[value="partly"]').click()`)
		eventually(t, "the answer is taken", func() error {
			// While the page changes, nothing can be read.
			got, err := question.try("eval", map[string]any{"value": `() => document.body.innerText`})
			if err == nil && !strings.Contains(got, "Thank you") {
				err = errors.New(got)
			}
			return err
		})
		advisor.wait("ended")
		file := filepath.Join(t.TempDir(), "record")
		advisor.do("download", map[string]any{"id": "record", "value": file})
		record, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(record), "accepted the terms, version 2026-11") {
			t.Errorf("%s: %v\n%s", kind, err, record)
		}
	}
	s.gateway.Stop()
	trail, err := os.ReadFile(filepath.Join(s.data, "audit.jsonl"))
	if err != nil || strings.Count(string(trail), `"customer_answered"`) != 2 {
		t.Errorf("%v\n%s", err, trail)
	}
}
