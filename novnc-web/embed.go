// Package novncweb holds what browsers run: the advisor's and the customer's
// page for the gateway, and the customer's panel for the agent. The sources
// are TypeScript around an unmodified noVNC; `make build` builds them into dist,
// which is embedded here and not committed.
package novncweb

import (
	"embed"
	"io/fs"
)

//go:embed all:dist/gateway
var gateway embed.FS

//go:embed all:dist/panel
var panel embed.FS

// Gateway returns the gateway's pages: index.html (customer), advisor.html and
// assets. It is empty when the pages were not built.
func Gateway() fs.FS { return sub(gateway, "dist/gateway") }

// Panel returns the customer's panel: panel.html.gz and assets, each packed. It is empty when
// the pages were not built.
func Panel() fs.FS { return sub(panel, "dist/panel") }

func sub(f embed.FS, dir string) fs.FS {
	s, err := fs.Sub(f, dir)
	if err != nil {
		panic("novncweb: internal error: " + err.Error()) // only for an invalid path
	}
	return s
}
