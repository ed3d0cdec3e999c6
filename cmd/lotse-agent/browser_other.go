//go:build !windows

package main

// windowBrowser returns "": on other systems the customer's default browser shows the panel.
func windowBrowser() string { return "" }
