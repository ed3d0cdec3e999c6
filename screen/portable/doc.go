// Package portable implements lotse/screen with third-party libraries, for systems that
// have no package of their own: the whole display ten times a second, no cursor, keys by
// name, no hot key, no question window. It is built with the tag "portable" only; on
// Linux with -tags "portable x11", on Windows with "portable win", on macOS with
// "portable purego", where robotgo is pure Go.
package portable
