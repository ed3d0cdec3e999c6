package tunnel

import (
	"strings"
	"testing"
)

// hostileNames must be refused, whatever their source. The values are words that the error must
// contain.
var hostileNames = map[string]string{
	"":                               "missing",
	"http://support.example.com":     "https://",
	"ftp://support.example.com":      "https://",
	"javascript://a.example":         "https://",
	"supp\u043ert.example.com":       "U+043E", // Cyrillic o
	"bücher.example":                 "U+00FC",
	"support\uff0eexample.com":       "U+FF0E", // full-width dot
	"support\u3002example.com":       "U+3002",
	"support.example.com\u202e":      "U+202E", // changes the writing direction
	"support\u200b.example.com":      "U+200B",
	"\xff.example.com":               "U+FFFD",
	"user@support.example.com":       "user name",
	"user:pass@support.example.com":  "port",
	"good.example@evil.example":      "user name",
	"support.example.com/path":       "path",
	"support.example.com//":          "path",
	"support.example.com\\evil":      "path",
	"support.example.com?x":          "path",
	"support.example.com#x":          "path",
	"support.example.com%2eevil":     "path",
	"support.example.com.":           "empty",
	".example.com":                   "empty",
	"support..example.com":           "empty",
	"-support.example.com":           "dash",
	"support-.example.com":           "dash",
	"support.example.com:":           "port",
	"support.example.com:0":          "port",
	"support.example.com:65536":      "port",
	"support.example.com:+443":       "port",
	"support.example.com:0443":       "port",
	"support.example.com:443:444":    "port",
	"support.example.com:ssh":        "port",
	"192.0.2.1":                      "digits",
	"[2001:db8::1]":                  "digits",
	"2130706433":                     "digits",
	"0x7f.1":                         "digits",
	"support.example.1":              "digits",
	"support_x.example.com":          "U+005F",
	"support example.com":            "U+0020",
	"support.example.com\x00":        "U+0000",
	"support.exa\nmple.com":          "U+000A",
	"support.exa\x1b[2Jmple.com":     "U+001B",
	strings.Repeat("a", 64) + ".com": "63",
	// This name was once shown only up to "support.example.com.session-4821…".
	"support.example.com.session-4821-secure-download-verified.evil.example.net": "shown whole",
	strings.Repeat("a", 57) + ".com":                                             "shown whole",
	strings.Repeat("a.", 127) + "aa":                                             "too long",
	strings.Repeat("a", 1<<16):                                                   "too long",
}

func TestHostileGatewayNames(t *testing.T) {
	for in, why := range hostileNames {
		got, err := ParseGatewayName(in)
		if err == nil {
			t.Errorf("%q is taken as %s", in, got)
			continue
		}
		if !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v; want a word on %q", in, err, why)
		}
		if s := shown(err.Error()); s != err.Error() {
			t.Errorf("%q: unprintable message %q", in, err)
		}
		if in == "" || strings.ContainsAny(in, "/?#@") {
			continue // has another meaning in a link
		}
		if _, err := ParseLink("lotse:" + in + "/482193057"); err == nil {
			t.Errorf("link to %q is taken", in)
		}
		if _, _, err := ParseEntry("482193057@" + in); err == nil {
			t.Errorf("entry at %q is taken", in)
		}
	}
}

func TestGatewayNames(t *testing.T) {
	for in, want := range map[string]string{
		"support.example.com": "https://support.example.com", " Support.Example.COM/ ": "https://support.example.com",
		"https://support.example.com": "https://support.example.com", "HTTPS://support.example.com/": "https://support.example.com",
		"support.example.com:8443": "https://support.example.com:8443", "support.example.com:443": "https://support.example.com",
		"localhost:8443": "https://localhost:8443", "xn--bcher-kva.example": "https://xn--bcher-kva.example", "3com.example": "https://3com.example",
		strings.Repeat("a", 56) + ".com:8443": "https://" + strings.Repeat("a", 56) + ".com:8443",
	} {
		if got, err := ParseGatewayName(in); got != want || err != nil {
			t.Errorf("%q: %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestEntriesAndLinks(t *testing.T) {
	for _, c := range []struct{ typed, number, gateway string }{
		{"482 193 057", "482193057", ""}, {"482 193 057@support.example.com", "482193057", "https://support.example.com"},
		{" 482-193-057 @ Support.example.com:8443 ", "482193057", "https://support.example.com:8443"},
	} {
		n, gateway, err := ParseEntry(c.typed)
		if n.Digits() != c.number || gateway != c.gateway || err != nil {
			t.Errorf("%q: %s, %q, %v", c.typed, n.Digits(), gateway, err)
		}
	}
	for _, c := range []struct{ link, gateway, place, number string }{
		{"lotse:support.example.com", "https://support.example.com", "", ""}, {"lotse://support.example.com/", "https://support.example.com", "", ""},
		{"lotse:support.example.com/4821", "https://support.example.com", "4821", ""},
		{"LOTSE:support.example.com/482193057", "https://support.example.com", "4821", "482193057"},
		{"lotse://support.example.com:8443/482%20193%20057/", "https://support.example.com:8443", "4821", "482193057"},
	} {
		l, err := ParseLink(c.link)
		if l.Number.Digits() != c.number || l.Place != c.place || l.Gateway != c.gateway || err != nil {
			t.Errorf("%q: %+v, %s, %v", c.link, l, l.Number.Digits(), err)
		}
	}
	for _, bad := range []string{
		"", "lotse", "lotse:", "lotse://", "lotse:///482193057", "lotse:/support.example.com", "lotse:http://support.example.com", "https://support.example.com",
		"lotse:support.example.com/48219305", "lotse:support.example.com/482", "lotse:support.example.com/0821", "lotse:support.example.com/482193057/x", "lotse:support.example.com/482193057?x=1",
		"lotse:support.example.com/../482193057", "lotse:u@support.example.com/482193057", "lotse:" + strings.Repeat("a", 1000),
	} {
		if l, err := ParseLink(bad); err == nil {
			t.Errorf("%q: taken as %+v", bad, l)
		}
	}
	for _, bad := range []string{"", "@", "@support.example.com", "482193057@", "482193057@a@b.example", "48219305@support.example.com"} {
		if n, gateway, err := ParseEntry(bad); err == nil {
			t.Errorf("%q: taken as %s, %q", bad, n.Digits(), gateway)
		}
	}
}

// FuzzGatewayName: accepted names are plain ASCII, and parsing the result gives the same result.
func FuzzGatewayName(f *testing.F) {
	for in := range hostileNames {
		f.Add(in)
	}
	f.Add("lotse://support.example.com:8443/482193057")
	f.Add("482193057@support.example.com")
	check := func(t *testing.T, in, gateway string) {
		again, err := ParseGatewayName(gateway)
		if err != nil || again != gateway || !strings.HasPrefix(gateway, "https://") || len(gateway) > 300 {
			t.Errorf("%q: %q, then %q, %v", in, gateway, again, err)
		}
		for _, r := range strings.TrimPrefix(gateway, "https://") {
			if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789.-:", r) {
				t.Errorf("%q: %q in %q", in, r, gateway)
			}
		}
		if loose, err := ParseGateway(gateway); err != nil || loose != gateway {
			t.Errorf("%q: the client reads %q, %v", in, loose, err)
		}
	}
	f.Fuzz(func(t *testing.T, in string) {
		if gateway, err := ParseGatewayName(in); err == nil {
			check(t, in, gateway)
		}
		if l, err := ParseLink(in); err == nil {
			check(t, in, l.Gateway)
		}
		if _, gateway, err := ParseEntry(in); err == nil && gateway != "" {
			check(t, in, gateway)
		}
	})
}
