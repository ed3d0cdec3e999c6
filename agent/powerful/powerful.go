// Package powerful lists programs from which everything else on a computer can be reached:
// terminals, file managers, browsers, and tools that start programs. Anyone who controls one of
// them controls the computer, even if nothing else is shared.
package powerful

import (
	"slices"
	"strings"
)

var programs = []string{
	// Terminals and shells.
	"alacritty", "bash", "blackbox", "cmd", "conhost", "cool-retro-term", "deepin-terminal", "foot", "ghostty", "gnome-console", "gnome-terminal", "gnome-terminal-server",
	"guake", "kgx", "kitty", "konsole", "lxterminal", "mate-terminal", "mintty", "openconsole", "powershell", "powershell_ise", "ptyxis", "putty", "pwsh", "qterminal", "rxvt",
	"sakura", "st", "terminator", "terminology", "tilda", "tilix", "urxvt", "uxterm", "wezterm", "wezterm-gui", "windowsterminal", "wt", "x-terminal-emulator", "xfce4-terminal",
	"xterm", "yakuake", "zutty",
	// File managers.
	"caja", "dolphin", "doublecmd", "explorer", "finder", "freecommander", "krusader", "nautilus", "nemo", "org.gnome.nautilus", "pcmanfm", "pcmanfm-qt", "q-dir", "spacefm", "thunar",
	"totalcmd", "totalcmd64", "xyplorer",
	// Browsers.
	"brave", "brave-browser", "chrome", "chromium", "chromium-browser", "edge", "epiphany", "falkon", "firefox", "firefox-bin", "firefox-esr", "google-chrome", "google-chrome-stable",
	"iexplore", "konqueror", "librewolf", "microsoft-edge", "midori", "msedge", "opera", "qutebrowser", "safari", "seamonkey", "tor browser", "vivaldi", "vivaldi-bin", "waterfox",
	// Tools that can change or start everything.
	"control", "code", "dconf-editor", "emacs", "gnome-control-center", "gnome-system-monitor", "htop", "mmc", "processhacker", "procexp", "procexp64", "regedit", "rundll32",
	"systemsettings", "taskmgr", "vim", "nvim", "gvim", "wscript", "cscript", "synaptic",
}

// Program reports whether a program, by the name of its file, is known to reach the whole computer.
// A program that is not in the list may reach it, too.
func Program(name string) bool {
	name = strings.ToLower(name)
	name = strings.TrimSuffix(name, ".exe")
	return slices.Contains(programs, name)
}
