//go:build !windows

package main

// attachConsole does nothing: only Windows starts programs without a console.
func attachConsole() {}

// showFailure is for systems where standard error may be nowhere.
func showFailure(string) {}
