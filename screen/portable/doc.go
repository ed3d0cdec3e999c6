// Package portable implements lotse/screen with third-party libraries, for systems without a
// package of their own. It captures the whole display ten times a second and has no cursor, no
// hotkey and no question window; it presses keys by name. It is built only with the tag "portable":
// on Linux with -tags "portable x11", on Windows with "portable win", on macOS with "portable
// purego", where robotgo is pure Go.
package portable
