package i18n

import "golang.org/x/sys/windows"

// systemTags returns the languages of the user's desktop, the preferred one first.
func systemTags() []string {
	tags, err := windows.GetUserPreferredUILanguages(windows.MUI_LANGUAGE_NAME)
	if err != nil {
		return nil
	}
	return tags
}
