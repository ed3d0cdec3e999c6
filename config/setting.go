package config

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Setting is one key of the gateway's settings file, with its documentation for the example file,
// docs/settings.md and messages about mistakes.
type Setting struct {
	Key     string // as in messages: "limits.enter_wrong"
	Default any    // string, bool, int, Duration or []string

	// Low and High are the limits of an int or a Duration; nil for other types.
	Low, High any
	// OrZero also allows zero, which means never.
	OrZero bool
	// Unit is the unit of an int.
	Unit string
	// OneOf are the allowed values of a string; nil: any.
	OneOf []string
	// Doc is sentences that say what the setting does.
	Doc string
}

// section is a table of the settings file.
type section struct {
	name     string // "": the top of the file
	doc      string
	settings []Setting
}

// GatewaySettings returns all settings of the gateway in the order of the file.
func GatewaySettings() (all []Setting) {
	for _, s := range gatewaySections {
		all = append(all, s.settings...)
	}
	return all
}

func count(key string, standard, low, high int, unit, doc string) Setting {
	return Setting{Key: key, Default: standard, Low: low, High: high, Unit: unit, Doc: doc}
}

func span(key string, standard, low, high time.Duration, doc string) Setting {
	return Setting{Key: key, Default: Duration{standard}, Doc: doc,
		Low: Duration{low}, High: Duration{high}}
}

func choice(key, standard string, oneOf []string, doc string) Setting {
	return Setting{Key: key, Default: standard, OneOf: oneOf, Doc: doc}
}

func text(key, standard, doc string) Setting {
	return Setting{Key: key, Default: standard, Doc: doc}
}

func yesNo(key string, standard bool, doc string) Setting {
	return Setting{Key: key, Default: standard, Doc: doc}
}

func list(key string, standard []string, doc string) Setting {
	return Setting{Key: key, Default: standard, Doc: doc}
}

// fieldOf returns the field of a settings struct for a key such as "tls.mode". v is a pointer to
// the struct. It panics if there is no such field; a test checks every key.
func fieldOf(v any, key string) reflect.Value {
	at := reflect.ValueOf(v).Elem()
	for name := range strings.SplitSeq(key, ".") {
		i := slices.IndexFunc(reflect.VisibleFields(at.Type()), func(f reflect.StructField) bool {
			return f.Tag.Get("toml") == name
		})
		if i < 0 {
			panic("config: no field for " + key)
		}
		at = at.Field(i)
	}
	return at
}

// setDefaults sets every setting to its default.
func setDefaults(v any, settings []Setting) {
	for _, s := range settings {
		standard := reflect.ValueOf(s.Default)
		if list, ok := s.Default.([]string); ok {
			standard = reflect.ValueOf(slices.Clone(list))
		}
		fieldOf(v, s.Key).Set(standard)
	}
}

// checkRanges returns the values that their settings do not allow.
func checkRanges(v any, settings []Setting) (bad []problem) {
	for _, s := range settings {
		if what := s.wrong(fieldOf(v, s.Key).Interface()); what != "" {
			bad = append(bad, problem{s.Key, what})
		}
	}
	return bad
}

// wrong returns what is wrong with a value and how to fix it; "" if nothing is wrong.
func (s *Setting) wrong(value any) string {
	switch v := value.(type) {
	case string:
		if s.OneOf != nil && !slices.Contains(s.OneOf, v) {
			return fmt.Sprintf("%q is not %s; write one of them, or remove the line for the default, %s",
				v, s.Allowed(), written(s.Default))
		}
		return ""
	case int:
		if s.Low == nil || v >= s.Low.(int) && v <= s.High.(int) || s.OrZero && v == 0 {
			return ""
		}
	case Duration:
		if s.Low == nil || s.OrZero && v.Duration == 0 ||
			v.Duration >= s.Low.(Duration).Duration && v.Duration <= s.High.(Duration).Duration {
			return ""
		}
	default:
		return ""
	}
	return fmt.Sprintf("%s is not between %s; write a value in this range, "+
		"or remove the line for the default, %s",
		written(value), s.Allowed(), written(s.Default))
}

// Allowed returns the values that the setting allows, such as "1 and 1000 wrong numbers"; "" if its
// documentation says it.
func (s *Setting) Allowed() string {
	switch {
	case s.OneOf != nil:
		var quoted []string
		for _, v := range s.OneOf {
			quoted = append(quoted, strconv.Quote(v))
		}
		last := len(quoted) - 1
		if last == 0 {
			return quoted[0]
		}
		return strings.Join(quoted[:last], ", ") + " or " + quoted[last]
	case s.Low == nil:
		return ""
	}
	out := written(s.Low) + " and " + written(s.High)
	if s.Unit != "" {
		out += " " + s.Unit
	}
	if s.OrZero {
		out += ", or " + written(reflect.Zero(reflect.TypeOf(s.Default)).Interface()) + " for never"
	}
	return out
}

// written returns a value as it is written in the file.
func written(value any) string {
	switch v := value.(type) {
	case Duration:
		return strconv.Quote(short(v.Duration))
	case []string:
		var quoted []string
		for _, s := range v {
			quoted = append(quoted, strconv.Quote(s))
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	case string:
		return strconv.Quote(v)
	}
	return fmt.Sprint(value)
}

// short formats a duration without the parts that are zero: "5m" for "5m0s".
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// fillDefaults sets every zero field of a table of the file to its default. v is a pointer to the
// table's struct.
func fillDefaults(v any, table string) {
	for _, s := range GatewaySettings() {
		if name, ok := strings.CutPrefix(s.Key, table+"."); ok {
			if f := fieldOf(v, name); f.IsZero() {
				f.Set(reflect.ValueOf(s.Default))
			}
		}
	}
}

// WithDefaults returns a copy in which zero fields have their defaults.
func (l Limits) WithDefaults() Limits {
	fillDefaults(&l, "limits")
	return l
}

// WithDefaults returns a copy in which zero fields have their defaults.
func (a Audit) WithDefaults() Audit {
	fillDefaults(&a, "audit")
	return a
}
