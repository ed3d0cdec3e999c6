// Command generate writes the example file of the gateway's settings and their table in the
// documentation. It is run in the folder config, by `make settings`.
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
