package main

import (
	"net/http"
	"net/url"
	"strings"
)

// systemProxy returns the proxy for a request: the environment's, which the
// person at the command line chose, else the system's.
func systemProxy(r *http.Request) (*url.URL, error) {
	if u, err := http.ProxyFromEnvironment(r); u != nil || err != nil {
		return u, err
	}
	return proxyOfSystem(r.URL)
}

// maxProxySetting bounds what is read of a setting.
const maxProxySetting = 4096

// proxyFromSetting reads the proxy for https out of a setting as Windows writes
// it: "proxy:8080", or "http=a:80;https=b:8080"; several are tried by Windows,
// the first is taken here. nil: there is none for https.
func proxyFromSetting(setting string) (*url.URL, error) {
	if len(setting) > maxProxySetting {
		setting = setting[:maxProxySetting]
	}
	plain, secure := "", ""
	for _, word := range strings.FieldsFunc(setting, func(r rune) bool { return r == ';' || r == ' ' }) {
		kind, address, ok := strings.Cut(word, "=")
		switch {
		case !ok && plain == "":
			plain = word
		case ok && strings.EqualFold(kind, "https") && secure == "":
			secure = address
		}
	}
	if secure == "" {
		secure = plain
	}
	if secure == "" {
		return nil, nil
	}
	if !strings.Contains(secure, "://") {
		secure = "http://" + secure
	}
	return url.Parse(secure)
}

// bypassed reports whether host is on the list of names that go without the
// proxy, as Windows writes it: "*.example.com;10.*;<local>".
func bypassed(host, list string) bool {
	if len(list) > maxProxySetting {
		return false
	}
	host = strings.ToLower(host)
	for _, pattern := range strings.FieldsFunc(strings.ToLower(list), func(r rune) bool { return r == ';' || r == ' ' }) {
		if _, rest, ok := strings.Cut(pattern, "://"); ok {
			pattern = rest
		}
		if pattern == "<local>" && !strings.Contains(host, ".") || matches(host, pattern) {
			return true
		}
	}
	return false
}

// matches compares with stars in pattern, in linear time for each star.
func matches(s, pattern string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return s == pattern
	}
	if !strings.HasPrefix(s, parts[0]) {
		return false
	}
	s = s[len(parts[0]):]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(s, p)
		if i < 0 {
			return false
		}
		s = s[i+len(p):]
	}
	return strings.HasSuffix(s, parts[len(parts)-1])
}
