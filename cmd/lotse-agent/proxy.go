package main

import (
	"net/http"
	"net/url"
	"strings"
)

// systemProxy returns the proxy for a request. The environment has priority, because the person
// at the command line set it; otherwise it is the system's proxy.
func systemProxy(r *http.Request) (*url.URL, error) {
	if u, err := http.ProxyFromEnvironment(r); u != nil || err != nil {
		return u, err
	}
	return proxyOfSystem(r.URL)
}

// maxProxySetting is the maximum length of a setting that is parsed, in bytes.
const maxProxySetting = 4096

// proxyFromSetting returns the proxy for https from a setting in the format of Windows:
// "proxy:8080" or "http=a:80;https=b:8080". Windows tries several proxies; this function takes
// the first. The result is nil if there is none for https.
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

// bypassed reports whether host is in a list of names for which no proxy is used. The list is
// in the format of Windows: "*.example.com;10.*;<local>".
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

// matches reports whether s matches a pattern with stars. It takes linear time per star.
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
