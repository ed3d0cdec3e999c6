//go:build !windows

package main

// attachConsole does nothing: only Windows starts programs without a console.
func attachConsole() {}

// showFailure does nothing. It is for systems where nobody may see standard error.
func showFailure(string) {}
