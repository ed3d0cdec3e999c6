//go:build !unix

package gateway

// openFilesLimit returns how many files the process may open. Windows has no such limit.
func openFilesLimit() (int64, bool) { return 0, false }
