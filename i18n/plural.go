package i18n

// PluralRule is a language's rule for the plural form of a count: "one" or "other". Languages
// with more forms, such as Polish, need more categories here, in ParseMessage and in
// i18n/compile.
type PluralRule struct {
	// One reports whether n takes the form "one". n is not negative.
	One func(n int) bool
	// Script is the same condition in TypeScript, with {n} for the count.
	Script string
}

// Both rules follow CLDR's rules for whole numbers.
var (
	// singular: 1 second; 0, 2, 3 seconds.
	singular = PluralRule{func(n int) bool { return n == 1 }, "{n} === 1"}
	// singularAndZero: 0, 1 seconde; 2, 3 secondes.
	singularAndZero = PluralRule{func(n int) bool { return n < 2 }, "{n} < 2"}
)

// pluralRules has the languages that can be added by a JSON file alone.
var pluralRules = map[Language]PluralRule{
	"da": singular,
	"de": singular,
	"en": singular,
	"es": singular,
	"fi": singular,
	"fr": singularAndZero,
	"it": singular,
	"nb": singular,
	"nl": singular,
	"pt": singularAndZero,
	"sv": singular,
}

// PluralRuleOf returns the rule for a language, or false if pluralRules has none.
func PluralRuleOf(l Language) (PluralRule, bool) {
	rule, ok := pluralRules[l]
	return rule, ok
}
