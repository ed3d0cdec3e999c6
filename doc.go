// Package lotse is the root of the module; it holds only the tests that keep
// the rules of the whole repository. Start at README.md and ARCHITECTURE.md.
package lotse
