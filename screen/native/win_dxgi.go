//go:build windows

package native

import (
	"errors"
	"image"

	"lotse/screen"
)

var errNotNow = errors.New("native: not now")

type dxgiSource struct{ outputs []int }

func openDXGI(image.Rectangle) (*dxgiSource, error) { return nil, errors.New("not yet") }

func (d *dxgiSource) grab(*screen.Frame) (screen.Region, error) { return screen.Region{}, nil }
func (d *dxgiSource) told() bool                                { return true }
func (d *dxgiSource) close()                                    {}
