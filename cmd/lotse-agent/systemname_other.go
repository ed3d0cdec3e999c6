//go:build !linux && !windows && !darwin

package main

func systemName() string { return "" }
