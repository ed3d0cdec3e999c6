// Package filename cleans the names of files that come from the other side, and says what kind of
// file a name promises.
package filename

import (
	"path"
	"strings"
	"unicode/utf8"

	"lotse/plaintext"
)

// Max is the maximum length in characters of an offered name.
const Max = 255

// maxBytes is the maximum length of a name in bytes: file systems allow 255, and a browser may
// add a number.
const maxBytes = 200

// Clean returns the name under which a file may be shown and saved: without folders, without
// characters that cannot be seen, and without what has a meaning of its own on any system. ok is
// false if nothing is left. Its twin is novnc-web/src/common/filename.ts; testdata/names.json tests
// both.
func Clean(offered string) (name string, ok bool) {
	if utf8.RuneCountInString(offered) > Max {
		return "", false
	}
	if i := strings.LastIndexAny(offered, `/\`); i >= 0 {
		offered = offered[i+1:]
	}
	name = strings.Join(strings.Fields(plaintext.Line(offered, Max)), " ")
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`<>:"|?*`, r) {
			return '_'
		}
		return r
	}, name)
	name = strings.TrimRight(name, ". ") // Windows ignores these
	if name == "" {
		return "", false
	}
	if name[0] == '.' || isDevice(name) {
		name = "_" + name
	}
	return shorten(name), true
}

// isDevice reports whether Windows takes the name for a device, whatever its ending.
func isDevice(name string) bool {
	base, _, _ := strings.Cut(strings.ToUpper(name), ".")
	base = strings.TrimRight(base, " ")
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$":
		return true
	}
	for _, port := range []string{"COM", "LPT"} {
		if n, ok := strings.CutPrefix(base, port); ok && utf8.RuneCountInString(n) == 1 && strings.Contains("0123456789¹²³", n) {
			return true
		}
	}
	return false
}

// shorten removes the end of a long name, but not what follows its last dot.
func shorten(name string) string {
	ending := path.Ext(name)
	if len(name) <= maxBytes {
		return name
	}
	if len(ending) > maxBytes/2 {
		ending = ""
	}
	base := name[:maxBytes-len(ending)]
	for !utf8.ValidString(base) {
		base = base[:len(base)-1]
	}
	return strings.TrimRight(base, ". ") + ending
}

// Shortened returns a name with at most so many characters: its begin and its end, which says what
// it is.
func Shortened(name string, characters int) string {
	all := []rune(name)
	if len(all) <= characters {
		return name
	}
	const end = 12
	return string(all[:characters-end-1]) + "…" + string(all[len(all)-end:])
}

// The kinds of a file, as far as its name tells; agent/PANEL.md.
const (
	Program  = "program" // can do everything on the computer that opens it
	Document = "document"
	Picture  = "picture"
	Film     = "film"
	Sound    = "sound"
	Archive  = "archive"
	Text     = "text"
	Page     = "page"
	Other    = "other"
)

// endings are the endings of names for each kind. What one of the systems runs, mounts or installs
// when it is opened counts as a program, and so do documents with macros.
var endings = map[string]string{
	Program: "action apk app appimage application appref-ms appx appxbundle bat bin chm cmd com command cpl deb desktop dll " +
		"dmg docm dotm drv ear efi elf exe flatpak flatpakref gadget hta iim img inf ins inx ipa iso isp isu jar jnlp job js jse " +
		"ko ksh library-ms lnk mcf mde mjs mpkg msc msi msix msixbundle msp mst ocx osx out paf pif pkg pl potm ppam ppsm pptm " +
		"prg ps1 ps1xml psc1 psd1 psm1 py pyc pyw pyz rb rdp reg rgs rpm run scf scpt scr sct search-ms settingcontent-ms sh shb " +
		"shs sldm slk snap so sys terminal theme themepack tool u3p url vb vbe vbs vbscript vhd vhdx wlk workflow ws wsc wsf wsh " +
		"xlam xll xlsm xlsb xltm xpi xrm-ms zsh bash csh crx diagcab desktopthemepack jxa webloc website wim",
	Document: "doc docx dot dotx epub key numbers odp ods odt pages pdf pps ppsx ppt pptx rtf vsd vsdx xls xlsx",
	Picture:  "avif bmp gif heic heif ico jfif jpe jpeg jpg jxl png tif tiff webp",
	Film:     "avi flv m2ts m4v mkv mov mp4 mpeg mpg ogv ts vob webm wmv",
	Sound:    "aac aif aiff flac m4a mid midi mp3 oga ogg opus wav wma",
	Archive:  "7z arj bz2 cab gz lha lz4 lzh rar tar tbz2 tgz txz xz z zip zipx zst",
	Text:     "cfg conf csv ini json log md toml tsv txt xml yaml yml",
	Page:     "htm html mht mhtml shtml svg svgz xht xhtml",
}

// Endings returns the endings of names for each kind but Other, in lower case and without a dot.
func Endings() map[string][]string {
	all := map[string][]string{}
	for kind, list := range endings {
		all[kind] = strings.Fields(list)
	}
	return all
}

// kinds maps endings to kinds.
var kinds = func() map[string]string {
	all := map[string]string{}
	for kind, list := range Endings() {
		for _, ending := range list {
			all[ending] = kind
		}
	}
	return all
}()

// KindOf returns the kind of a file with this name.
func KindOf(name string) string {
	if kind := kinds[strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))]; kind != "" {
		return kind
	}
	return Other
}
