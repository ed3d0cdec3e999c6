//go:build !windows && !linux && !darwin

package whereto

func readMark(string) mark { return mark{} }
