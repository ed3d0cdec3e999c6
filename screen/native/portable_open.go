//go:build portable && !linux && !windows

package native

func open(o Options) (*Desktop, error) { return OpenPortable(o) }
