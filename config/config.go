// Package config reads the settings of both programs from TOML, checks them, and reports mistakes
// with their line. Command-line flags override the file.
//
// gateway.example.toml and agent.example.toml in this folder document every key with its default; a
// test verifies this.
package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// maxFile is the maximum size of a settings file in bytes.
const maxFile = 1 << 20

// Error is a mistake in a settings file. Line is 0 if it is unknown.
type Error struct {
	File string
	Line int
	What string
}

// Error implements error. It returns file, line and what is wrong.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.What
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.What)
}

// Duration is a duration in TOML: "90s", "30m", "12h".
type Duration struct{ time.Duration }

// UnmarshalText reads a duration.
func (d *Duration) UnmarshalText(b []byte) (err error) {
	if d.Duration, err = time.ParseDuration(string(b)); err != nil {
		return fmt.Errorf("%q is not a duration; write it like \"90s\", \"30m\" or \"12h\"", b)
	}
	return nil
}

// MarshalText writes a duration.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// renamed maps keys of older versions to an explanation of their replacement.
var renamed = map[string]string{
	"limits.enter_per_minute_address": "limits.enter_wrong takes its place: wrong numbers of one address in ten minutes",
}

// problem is a wrong value found by a check method.
type problem struct{ key, what string }

// readFile reads a settings file of at most maxFile bytes.
func readFile(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	if len(b) > maxFile {
		return nil, &Error{File: file, What: fmt.Sprintf("larger than %d bytes", maxFile)}
	}
	return b, nil
}

// parse decodes text into v, which contains the defaults, and calls check. All mistakes of a kind
// are reported together.
func parse(file string, text []byte, v any, check func() []problem) error {
	meta, err := toml.Decode(string(text), v)
	var pe toml.ParseError
	switch {
	case errors.As(err, &pe):
		return &Error{File: file, Line: pe.Position.Line, What: parseProblem(pe)}
	case err != nil:
		what := strings.TrimPrefix(err.Error(), "toml: ")
		return &Error{File: file, What: what}
	}
	lines := keyLines(string(text))
	var errs []error
	known := keysOf(v)
	for _, key := range meta.Undecoded() {
		name := key.String()
		what := fmt.Sprintf("unknown key %q", name)
		if now := renamed[name]; now != "" {
			what += "; " + now
		} else if near := nearest(name, known); near != "" {
			what += fmt.Sprintf("; did you mean %q?", near)
		}
		errs = append(errs, &Error{File: file, Line: lines[name], What: what})
	}
	if len(errs) == 0 {
		for _, p := range check() {
			errs = append(errs, &Error{File: file, Line: lines[p.key], What: p.key + ": " + p.what})
		}
	}
	return errors.Join(errs...)
}

// parseProblem returns a syntax or type error as one line.
func parseProblem(e toml.ParseError) string {
	what := strings.TrimPrefix(e.Message, "toml: ")
	if what == "" {
		what = e.Error()
		if i := strings.LastIndex(what, "): "); i >= 0 {
			what = what[i+3:]
		}
	}
	if e.LastKey != "" && !strings.Contains(what, e.LastKey) {
		what = e.LastKey + ": " + what
	}
	return what
}

// keyLines returns the line of each key. It is used only in messages, and needs to be right only
// for files that the TOML decoder accepts.
func keyLines(text string) map[string]int {
	lines := map[string]int{}
	table := ""
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			if end := strings.IndexByte(line, ']'); end > 0 {
				if name := strings.TrimSpace(strings.Trim(line[:end], "[")); !strings.ContainsAny(name, `,"'`) {
					table = name + "."
					setOnce(lines, name, i+1)
				}
			}
			continue
		}
		if key, _, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") {
			setOnce(lines, table+strings.Trim(strings.TrimSpace(key), `"'`), i+1)
		}
	}
	return lines
}

func setOnce(m map[string]int, key string, line int) {
	if _, ok := m[key]; !ok {
		m[key] = line
	}
}
