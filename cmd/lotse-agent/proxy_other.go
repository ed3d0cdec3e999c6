//go:build !windows

package main

import "net/url"

// proxyOfSystem: elsewhere the environment says it all. (macOS keeps proxies in
// its system configuration, which cannot be read without its own libraries.)
func proxyOfSystem(*url.URL) (*url.URL, error) { return nil, nil }
