package main

import (
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/windows/registry"
)

// windowBrowser returns the path of a browser that can show a page in a window without an
// address bar: Edge, which is part of Windows, or Chrome. It returns "" if there is neither.
func windowBrowser() string {
	var tries []string
	for _, name := range []string{"msedge.exe", "chrome.exe"} {
		for _, root := range []registry.Key{registry.CURRENT_USER, registry.LOCAL_MACHINE} {
			tries = append(tries, appPath(root, name))
		}
	}
	for _, folder := range []string{"ProgramFiles(x86)", "ProgramFiles", "LocalAppData"} {
		if dir := os.Getenv(folder); dir != "" {
			tries = append(tries, filepath.Join(dir, `Microsoft\Edge\Application\msedge.exe`), filepath.Join(dir, `Google\Chrome\Application\chrome.exe`))
		}
	}
	for _, path := range tries {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && filepath.IsAbs(path) {
			return path
		}
	}
	return ""
}

// appPath returns the path of an installed program from the registry, or "".
func appPath(root registry.Key, name string) string {
	k, err := registry.OpenKey(root, `SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths\`+name, registry.QUERY_VALUE)
	if err != nil {
		return ""
	}
	defer k.Close()
	path, _, err := k.GetStringValue("")
	if err != nil {
		return ""
	}
	return strings.Trim(path, `"`)
}
