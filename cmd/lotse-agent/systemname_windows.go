package main

import (
	"fmt"

	"golang.org/x/sys/windows"
)

// systemName returns the system's name and version, such as "Windows 11".
func systemName() string {
	const (
		workstation    = 1     // VER_NT_WORKSTATION
		firstWindows11 = 22000 // build
	)
	v := windows.RtlGetVersion()
	switch {
	case v.ProductType != workstation:
		return fmt.Sprintf("Windows Server (%d)", v.BuildNumber)
	case v.MajorVersion == 10 && v.BuildNumber >= firstWindows11:
		return "Windows 11"
	case v.MajorVersion == 10:
		return "Windows 10"
	}
	return fmt.Sprintf("Windows (%d.%d)", v.MajorVersion, v.MinorVersion)
}
