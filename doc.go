// Package lotse is the root of the module. It contains only the tests of the rules that hold
// for the whole repository. Start at README.md and ARCHITECTURE.md.
package lotse
