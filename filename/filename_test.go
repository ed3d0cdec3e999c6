package filename

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	for offered, want := range map[string]string{
		"notes.txt":                       "notes.txt",
		"Grüße, 10 € @ {}.pdf":            "Grüße, 10 € @ {}.pdf",
		"../../etc/passwd":                "passwd",
		`..\..\Windows\win.ini`:           "win.ini",
		"..":                              "",
		".":                               "",
		"":                                "",
		"...":                             "",
		"a/":                              "",
		" \t\n ":                          "",
		"C:evil.exe":                      "C_evil.exe",
		"file.txt:stream":                 "file.txt_stream",
		"CON":                             "_CON",
		"con.txt":                         "_con.txt",
		"Aux .tar.gz":                     "_Aux .tar.gz",
		"COM1":                            "_COM1",
		"lpt³.txt":                        "_lpt³.txt",
		"COM10":                           "COM10",
		"conin$":                          "_conin$",
		"console.log":                     "console.log",
		".bashrc":                         "_.bashrc",
		"invoice.pdf. . ":                 "invoice.pdf",
		"photo.jpg            .exe":       "photo.jpg .exe",
		"invoice\u202efdp.exe":            "invoicefdp.exe",
		"zero\u200bwidth\u2066.txt":       "zerowidth.txt",
		"bell\x07\x1b[31m.txt":            "bell[31m.txt",
		`what?<is>"this|*`:                "what__is__this__",
		strings.Repeat("ä", 256):          "",
		strings.Repeat("a", 251) + ".txt": strings.Repeat("a", maxBytes-4) + ".txt",
		strings.Repeat("ä", 200) + ".exe": strings.Repeat("ä", (maxBytes-4)/2) + ".exe",
		"x." + strings.Repeat("e", 240):   "x." + strings.Repeat("e", maxBytes-2),
	} {
		got, ok := Clean(offered)
		if got != want || ok != (want != "") {
			t.Errorf("%.60q: %q %v, want %q", offered, got, ok, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"a.txt", "../x", "CON", "\u202e.exe", "lpt¹.x", strings.Repeat("ä", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, offered string) {
		name, ok := Clean(offered)
		if !ok {
			return
		}
		switch again, _ := Clean(name); {
		case again != name:
			t.Errorf("%q becomes %q, and that %q", offered, name, again)
		case strings.ContainsAny(name, `/\<>:"|?*`) || isDevice(name) || strings.HasPrefix(name, "."):
			t.Errorf("%q becomes %q", offered, name)
		case len(name) > maxBytes || !utf8.ValidString(name) || utf8.RuneCountInString(name) > Max:
			t.Errorf("%q has %d bytes", name, len(name))
		}
	})
}

func TestKind(t *testing.T) {
	for name, want := range map[string]string{
		"setup.exe": Program, "SETUP.EXE": Program, "a.tar.gz": Archive, "letter.docx": Document, "letter.docm": Program,
		"page.html": Page, "x": Other, "x.": Other, "photo.JPG": Picture, "photo.jpg .exe": Program, "a.unknown": Other,
		"run.ps1": Program, "link.lnk": Program, "disk.iso": Program, // Windows shows what is in it without a mark
	} {
		if got := KindOf(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestShortened(t *testing.T) {
	for name, want := range map[string]string{
		"short.txt": "short.txt", strings.Repeat("ä", 40): strings.Repeat("ä", 40),
		strings.Repeat("ä", 60) + ".exe": strings.Repeat("ä", 27) + "…" + strings.Repeat("ä", 8) + ".exe",
	} {
		if got := Shortened(name, 40); got != want {
			t.Errorf("%q: %q", name, got)
		}
	}
}
