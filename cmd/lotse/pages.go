package main

import (
	"embed"
	"io/fs"
)

//go:embed placeholder/index.html placeholder/advisor.html
var placeholder embed.FS

// pages returns what the gateway serves to browsers.
func pages() (fs.FS, error) { return fs.Sub(placeholder, "placeholder") }
