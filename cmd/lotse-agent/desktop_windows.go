package main

import (
	"errors"
	"strings"

	"golang.org/x/sys/windows"

	"lotse/agent"
)

// onlyOne holds a name of this user's desktop until the program's end; the system
// gives it back however that comes.
func onlyOne(l agent.Language) error {
	name, err := windows.UTF16PtrFromString(`Local\lotse-agent`)
	if err != nil {
		return err
	}
	if _, err := windows.CreateMutex(nil, false, name); !errors.Is(err, windows.ERROR_ALREADY_EXISTS) {
		return nil // where no name can be held, two are better than none
	}
	if l == "de" {
		return errors.New("läuft schon. Bitte benutzen Sie das Fenster, das bereits offen ist, oder beenden Sie zuerst die Sitzung dort")
	}
	return errors.New("is running already. Please use the window that is open, or end the session there first")
}

// systemLanguage is the one of the user's desktop.
func systemLanguage() agent.Language {
	names, err := windows.GetUserPreferredUILanguages(windows.MUI_LANGUAGE_NAME)
	if err == nil && len(names) > 0 && strings.HasPrefix(strings.ToLower(names[0]), "de") {
		return "de"
	}
	return "en"
}
