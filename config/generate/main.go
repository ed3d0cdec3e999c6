// Command generate writes the example file of the gateway's settings and the table in the
// documentation. `make settings` runs it in the folder config.
package main

import (
	"fmt"
	"os"

	"lotse/config"
)

func main() {
	for name, text := range map[string][]byte{
		"gateway.example.toml": config.GatewayExample(),
		"../docs/settings.md":  config.GatewayTable(),
	} {
		if err := os.WriteFile(name, text, 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "generate:", err)
			os.Exit(1)
		}
	}
}
