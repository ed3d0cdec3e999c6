//go:build !windows

package main

import "net/url"

// proxyOfSystem returns no proxy: on these systems only the environment names one. macOS also
// has proxies in its system configuration, but that cannot be read without Apple's libraries.
func proxyOfSystem(*url.URL) (*url.URL, error) { return nil, nil }
