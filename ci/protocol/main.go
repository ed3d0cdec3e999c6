// Command protocol generates the TypeScript module with what the pages need of the protocols:
// messages, words and limits. It derives them from the types and constants that the programs
// use.
//
//	go run ./ci/protocol    writes novnc-web/src/protocol_gen.ts
//
// tunnel/PROTOCOL.md and agent/PANEL.md describe the meaning of each message.
package main

import (
	"fmt"
	"os"
)

// file is the generated file, relative to the root of the repository.
const file = "novnc-web/src/protocol_gen.ts"

func main() {
	if err := os.WriteFile(file, script(), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "protocol: run it in the root of the repository:", err)
		os.Exit(1)
	}
}
