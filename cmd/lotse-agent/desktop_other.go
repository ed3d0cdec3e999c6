//go:build !windows

package main

import "lotse/agent"

// windowBrowser: elsewhere the customer's own browser shows the panel.
func windowBrowser() string { return "" }

// onlyOne: elsewhere several may run.
func onlyOne(agent.Language) error { return nil }

func systemLanguage() agent.Language { return agent.SystemLanguage() }
