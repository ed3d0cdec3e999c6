//go:build !unix

package gateway

// openFilesLimit is how many files the process may have open; Windows has no such limit.
func openFilesLimit() (int64, bool) { return 0, false }
