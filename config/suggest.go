package config

import (
	"reflect"
	"strings"
)

// keysOf returns all keys of a settings struct, including those of tables, as written in a file:
// "tls.mode".
func keysOf(v any) []string {
	var keys []string
	var walk func(t reflect.Type, prefix string)
	walk = func(t reflect.Type, prefix string) {
		for i := range t.NumField() {
			f := t.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("toml"), ",")
			if name == "" || name == "-" {
				continue
			}
			keys = append(keys, prefix+name)
			if f.Type.Kind() == reflect.Struct && f.Type != reflect.TypeFor[Duration]() {
				walk(f.Type, prefix+name+".")
			}
		}
	}
	walk(reflect.TypeOf(v).Elem(), "")
	return keys
}

// nearest returns the key that was most likely meant by a mistyped one, or "".
func nearest(name string, keys []string) string {
	best, least := "", max(len(name)/2, 2)
	for _, k := range keys {
		d := distance(name, k)
		// A key in the wrong table is a common mistake, too.
		if last(name) == last(k) {
			d = min(d, 1)
		}
		if d <= least {
			if d < least || best == "" {
				best, least = k, d
			}
		}
	}
	return best
}

func last(key string) string { return key[strings.LastIndexByte(key, '.')+1:] }

// maxName limits the work for a key that is no misspelling.
const maxName = 60

// distance is the Levenshtein distance: the number of letters to insert, remove or change.
func distance(a, b string) int {
	if len(a) > maxName || len(b) > maxName {
		return maxName
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
