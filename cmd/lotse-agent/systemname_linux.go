package main

import (
	"io"
	"os"
	"strconv"
	"strings"
)

// systemName returns the distribution's name and version, such as "Debian GNU/Linux 12"; "" if
// the system does not tell them.
func systemName() string {
	const limit = 8 << 10 // bytes of the file
	f, err := os.Open("/etc/os-release")
	if err != nil {
		return ""
	}
	defer f.Close()
	b, _ := io.ReadAll(io.LimitReader(f, limit))
	return distribution(string(b))
}

// distribution reads the text of os-release(5).
func distribution(text string) string {
	fields := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok {
			continue
		}
		if plain, err := strconv.Unquote(value); err == nil {
			value = plain
		}
		fields[name] = strings.Trim(value, "'")
	}
	return strings.TrimSpace(fields["NAME"] + " " + fields["VERSION_ID"])
}
