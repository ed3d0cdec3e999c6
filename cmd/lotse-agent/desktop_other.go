//go:build !windows

package main

// windowBrowser returns "": on other systems the customer's default browser shows the panel.
func windowBrowser() string { return "" }

// claim does nothing: on other systems several programs may run at the same time.
func claim(string, string) (raise <-chan struct{}, release func(), first *firstOne) {
	return nil, func() {}, nil
}
