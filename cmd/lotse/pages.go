package main

import (
	"errors"
	"io/fs"

	novncweb "lotse/novnc-web"
)

// pages returns the files that the gateway serves to browsers.
func pages() (fs.FS, error) {
	p := novncweb.Gateway()
	if _, err := fs.Stat(p, "index.html"); err != nil {
		return nil, errors.New("this program was built without its pages: build it with make build")
	}
	return p, nil
}
