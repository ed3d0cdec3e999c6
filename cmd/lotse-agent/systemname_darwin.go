package main

import "golang.org/x/sys/unix"

// systemName returns the system's name and version, such as "macOS 14.5".
func systemName() string {
	version, err := unix.Sysctl("kern.osproductversion")
	if err != nil {
		return ""
	}
	return "macOS " + version
}
