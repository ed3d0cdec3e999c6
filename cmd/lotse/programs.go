//go:build !withprograms

package main

import "io/fs"

// programs returns the agent programs that were built in: none. make dist builds them in with the
// tag withprograms.
func programs() fs.FS { return nil }
