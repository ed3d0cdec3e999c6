//go:build withprograms

package main

import (
	"embed"
	"io/fs"
)

//go:embed programs
var embedded embed.FS

// programs returns the agent programs that make dist put into the folder.
func programs() fs.FS {
	files, err := fs.Sub(embedded, "programs")
	if err != nil {
		panic("lotse: internal error: " + err.Error()) // happens only for an invalid path
	}
	return files
}
