package main

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lotse/config"
)

// TestFindGateway checks the sources of the gateway's name, their order, and what is refused.
func TestFindGateway(t *testing.T) {
	defer func() { pinnedGateways = "" }()
	folder := t.TempDir()
	named, plain := filepath.Join(folder, "lotse-file.example.com.exe"), filepath.Join(folder, "lotse-agent.exe")
	hostile := filepath.Join(folder, "lotse-fil\u0435.example.com.exe")
	for _, f := range []string{named, plain, hostile} {
		if err := os.WriteFile(f, []byte("x"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		what, gateway, link, number, program, answer, pinned string
		want, digits, offer                                  string
		fixed, confirm, answered                             bool
		refused, problem                                     string
	}{
		{what: "command line first", gateway: "https://a.example", program: named, want: "https://a.example", fixed: true},
		{what: "digits are for the command line", gateway: "https://127.0.0.1:8443", want: "https://127.0.0.1:8443", fixed: true},
		{what: "http", gateway: "http://a.example", refused: "https://"},
		{what: "link", link: "lotse:b.example/482193057", program: named, want: "https://b.example", offer: "482193057", confirm: true},
		{what: "invitation", link: "lotse:b.example/4821", program: named, want: "https://b.example", offer: "4821", confirm: true},
		{what: "link without number", link: "lotse://b.example/", program: named, want: "https://b.example", confirm: true},
		{what: "link and number", link: "lotse://b.example/", number: "482193057", want: "https://b.example", offer: "482193057", confirm: true},
		{what: "hostile link", link: "lotse:b\u0435.example/482193057", refused: "U+0435"},
		{what: "link and another gateway", gateway: "https://a.example", link: "lotse:b.example", refused: "two gateways"},
		{what: "link and the same gateway", gateway: "https://b.example", link: "lotse:b.example/482193057", want: "https://b.example", offer: "482193057", fixed: true, confirm: true},
		{what: "two numbers", link: "lotse:b.example/482193057", number: "482193058", refused: "two session numbers"},
		{what: "number with gateway", number: "482 193 057@c.example:8443", program: named, want: "https://c.example:8443", digits: "482193057"},
		{what: "wrong number", number: "48219", gateway: "https://a.example", refused: "nine digits"},
		{what: "file name", program: named, want: "https://file.example.com", confirm: true},
		{what: "file name and number", program: named, number: "482193057", want: "https://file.example.com", offer: "482193057", confirm: true},
		{what: "file name, nobody there", program: named, answer: "view", refused: "nobody is there to confirm https://file.example.com"},
		{what: "file name, answered by who starts it", program: named, answer: "view", answered: true, want: "https://file.example.com"},
		{what: "link, answered by who starts it", link: "lotse:b.example/482193057", answer: "view", answered: true, want: "https://b.example", digits: "482193057"},
		{what: "link, nobody there", gateway: "https://b.example", link: "lotse:b.example/482193057", answer: "control", refused: "nobody is there to confirm"},
		{what: "pinned", pinned: "a.example", program: plain, want: "https://a.example", fixed: true},
		{what: "pinned, number", pinned: "a.example", program: plain, number: "482193057", want: "https://a.example", digits: "482193057", fixed: true},
		{what: "pinned, and another name", pinned: "a.example", program: named, want: "https://a.example", fixed: true},
		{what: "pinned, and another link", pinned: "a.example", link: "lotse:b.example", refused: "connects to nothing but https://a.example"},
		{what: "pinned, and another command line", pinned: "a.example", gateway: "https://b.example", refused: "connects to nothing but"},
		{what: "pinned, and another entry", pinned: "a.example", number: "482193057@b.example", refused: "connects to nothing but"},
		{what: "two are pinned", pinned: "a.example, file.example.com", program: named, want: "https://file.example.com", confirm: true},
		{what: "two are pinned, and another name", pinned: "a.example,b.example:8443", program: named, problem: "connects to nothing but https://a.example, https://b.example:8443, and not to https://file"},
		{what: "a bad pin", pinned: "a..example", program: plain, refused: "LOTSE_GATEWAYS"},
		{what: "nothing: the customer is asked", program: plain},
		{what: "hostile file name: the customer is told and asked", program: hostile, problem: "U+0435"},
		{what: "hostile file name, nobody there", program: hostile, answer: "view", refused: "U+0435"},
		{what: "number without gateway", program: plain, number: "482193057", refused: "which gateway"},
		{what: "nobody there to ask", program: plain, answer: "deny", refused: "which gateway"},
	} {
		pinnedGateways = c.pinned
		o := &options{Agent: config.Agent{Gateway: c.gateway, Answer: c.answer}, answered: c.answered}
		err := o.findGateway(c.link, c.number, c.program)
		if c.refused != "" {
			if err == nil || !strings.Contains(err.Error(), c.refused) {
				t.Errorf("%s: %v, want a refusal with %q", c.what, err, c.refused)
			}
			continue
		}
		offer := o.offer.Place
		if !o.offer.Number.IsZero() {
			offer = o.offer.Number.Digits()
		}
		if err != nil || o.Gateway != c.want || o.number.Digits() != c.digits || o.fixed != c.fixed || offer != c.offer || o.confirm != c.confirm ||
			(o.problem != "") != (c.problem != "") || !strings.Contains(o.problem, c.problem) {
			t.Errorf("%s: %v, %q, number %q, offer %q, fixed %v, confirm %v, %q", c.what, err, o.Gateway, o.number.Digits(), offer, o.fixed, o.confirm, o.problem)
		}
	}
}

func TestProxySettings(t *testing.T) {
	for setting, want := range map[string]string{
		"": "", "proxy:8080": "http://proxy:8080", "http=a:80;https=b:8080": "http://b:8080", "HTTPS=b:1 ftp=c:2": "http://b:1",
		"http=a:80": "", "https=https://secure:443": "https://secure:443", "p:1;q:2": "http://p:1", ";;": "",
	} {
		u, err := proxyFromSetting(setting)
		got := ""
		if u != nil {
			got = u.String()
		}
		if got != want || err != nil {
			t.Errorf("%q: %q, %v; want %q", setting, got, err, want)
		}
	}
	for _, c := range []struct {
		host, list string
		want       bool
	}{
		{"support.example.com", "*.example.com;<local>", true}, {"support.example.com", "<local>", false}, {"support", "<local>", true},
		{"Support.Example.com", "support.example.com", true}, {"10.1.2.3", "10.*", true}, {"a.example.org", "*.example.com", false},
		{"a.b.example.com", "a.*.com", true}, {"a", "", false}, {"support.example.com", "https://*.example.com", true}, {"aaa", "a*aa*a*a", false},
	} {
		if got := bypassed(c.host, c.list); got != c.want {
			t.Errorf("%s on %q: %v", c.host, c.list, got)
		}
	}
	// The environment has priority. It cannot be set here, because http.ProxyFromEnvironment
	// reads it only once.
	if u, err := systemProxy(&http.Request{URL: &url.URL{Scheme: "https", Host: "localhost:1"}}); u != nil || err != nil {
		t.Errorf("%v, %v", u, err)
	}
}

func FuzzProxySetting(f *testing.F) {
	f.Add("http=a:80;https=b:8080", "*.example.com;<local>")
	f.Fuzz(func(t *testing.T, setting, list string) {
		_, _ = proxyFromSetting(setting)
		bypassed(setting, list)
	})
}
