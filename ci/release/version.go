package main

import (
	"regexp"
	"strings"
)

var describe = regexp.MustCompile(`^v?(\d+)\.(\d+)(?:\.(\d+))?(?:-(\d+)-g[0-9a-f]+)?`)

// windowsVersion turns "v1.2.3-4-gabcdef" into "1.2.3.4"; versions that are no
// such numbers are "0.0.0.0".
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

// debianVersion makes a version that dpkg takes and sorts: it begins with a
// number, and what is no release (a commit's name) is older than every release.
func debianVersion(v string) string {
	v = strings.TrimPrefix(v, "v")
	v = regexp.MustCompile(`[^A-Za-z0-9.+~-]`).ReplaceAllString(v, "~")
	v = strings.ReplaceAll(v, "-", "+")
	if !regexp.MustCompile(`^[0-9]+\.`).MatchString(v) {
		v = "0~" + v
	}
	return v
}
