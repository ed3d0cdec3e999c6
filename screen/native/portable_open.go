//go:build portable && !linux

package native

func open(o Options) (*Desktop, error) { return OpenPortable(o) }
