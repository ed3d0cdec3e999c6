package main

import (
	"regexp"
	"strings"
)

var describe = regexp.MustCompile(`^v?(\d+)\.(\d+)(?:\.(\d+))?(?:-(\d+)-g[0-9a-f]+)?`)

// windowsVersion converts "v1.2.3-4-gabcdef" to "1.2.3.4". Other versions become "0.0.0.0".
func windowsVersion(v string) string {
	m := describe.FindStringSubmatch(v)
	if m == nil {
		return "0.0.0.0"
	}
	for i, n := range m[1:] {
		if n == "" {
			n = "0"
		}
		if len(n) > 5 || len(n) == 5 && n > "65535" {
			return "0.0.0.0"
		}
		m[i+1] = n
	}
	return strings.Join(m[1:], ".")
}

// debianVersion returns a version that dpkg accepts. A version that does not begin with a
// number and a dot, such as a commit's name, gets a prefix that sorts before every release.
func debianVersion(v string) string {
	v = strings.TrimPrefix(v, "v")
	v = regexp.MustCompile(`[^A-Za-z0-9.+~-]`).ReplaceAllString(v, "~")
	v = strings.ReplaceAll(v, "-", "+")
	if !regexp.MustCompile(`^[0-9]+\.`).MatchString(v) {
		v = "0~" + v
	}
	return v
}
