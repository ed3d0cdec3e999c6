//go:build !windows

package i18n

import "os"

// systemTags returns the locale of the environment, if it has one.
func systemTags() []string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			return []string{v}
		}
	}
	return nil
}
