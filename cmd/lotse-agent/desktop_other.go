//go:build !windows

package main

// windowBrowser: elsewhere the customer's own browser shows the panel.
func windowBrowser() string { return "" }

// claim: elsewhere several may run.
func claim(string, string) (raise <-chan struct{}, release func(), first *firstOne) {
	return nil, func() {}, nil
}
