// Command protocol writes what the pages know of the protocols, as TypeScript, from the
// types and constants that the programs use: messages, words and limits.
//
//	go run ./ci/protocol    writes novnc-web/src/protocol_gen.ts
//
// The meaning of each message is in tunnel/PROTOCOL.md and agent/PANEL.md.
package main

import (
	"fmt"
	"os"
)

// file is what the command writes, seen from the root of the repository.
const file = "novnc-web/src/protocol_gen.ts"

func main() {
	if err := os.WriteFile(file, script(), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "protocol: run it in the root of the repository:", err)
		os.Exit(1)
	}
}
