package whereto

import (
	"strings"
	"testing"

	"lotse/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

const example = "https://support.example.com"

func TestFileNames(t *testing.T) {
	for name, want := range map[string]string{
		"lotse-support.example.com.exe": example, "LOTSE-SUPPORT.EXAMPLE.COM.EXE": example, "Lotse-Support.Example.com": example,
		"lotse-support.example.com (1).exe": example, "lotse-support.example.com(2).exe": example, "lotse-support.example.com-1.exe": example,
		"lotse-support.example.com - Copy.exe": example, "lotse-support.example.com_2.exe": example,
		"lotse-support.example (1).com":           example, // Chromium's name on Linux
		"lotse-support.example.com_8443.exe":      example + ":8443",
		"lotse-support.example.com_8443 (12).exe": example + ":8443", "lotse-localhost_8443": "https://localhost:8443",
		"lotse-xn--bcher-kva.example.exe": "https://xn--bcher-kva.example",
		// These names contain no gateway.
		"lotse-agent.exe": "", "lotse-agent": "", "lotse-agent (1).exe": "", "lotse-agent-1.2.3-windows-amd64.exe": "", "lotse-agent_1.2.3_linux_arm64": "",
		"lotse.exe": "", "lotse-": "", "lotse-.exe": "", "help.exe": "", "support.example.com.exe": "", "lotse-support.exe": "", "": "",
	} {
		if got, err := fromFileName(name); got != want || err != nil {
			t.Errorf("%q: %q, %v; want %q", name, got, err, want)
		}
	}
	for name, why := range map[string]string{
		"lotse-supp\u043ert.example.com.exe": "U+043E", "lotse-support.example.com\u202eexe.exe": "U+202E", "lotse-192.0.2.1.exe": "digits",
		"lotse-user@support.example.com.exe": "user name", "lotse-support..example.com.exe": "empty", "lotse-.example.com.exe": "empty",
		"lotse-support.example.com..exe": "empty", "lotse-http:\u2215\u2215a.example.exe": "port", "lotse-support.example.com_99999.exe": "port",
		"lotse-support.example.com_0443.exe": "port", "lotse-a%2fb.example.exe": "path", "lotse--.example.exe": "dash",
		"lotse-" + strings.Repeat("a", 64) + ".example.exe": "63", "lotse-sup\x07port.example.exe": "U+0007",
	} {
		if got, err := fromFileName(name); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %q, %v; want a refusal with %q", name, got, err, why)
		}
	}
}

func TestProgramNames(t *testing.T) {
	for _, c := range []struct{ gateway, system, want string }{
		{example, "windows", "lotse-support.example.com.exe"}, {example + ":443", "linux", "lotse-support.example.com"},
		{example + ":8443", "windows", "lotse-support.example.com_8443.exe"}, {"https://localhost:40001", "linux", "lotse-localhost_40001"},
		{"https://127.0.0.1:8443", "windows", "lotse-agent.exe"}, {"https://[::1]:8443", "windows", "lotse-agent.exe"},
		{example + ":81", "windows", "lotse-agent.exe"}, {"https://support", "linux", "lotse-agent"}, {"", "darwin", "lotse-agent"},
	} {
		if got := ProgramName(c.gateway, c.system); got != c.want {
			t.Errorf("%s for %s: %q, want %q", c.gateway, c.system, got, c.want)
		}
	}
}

func TestMarks(t *testing.T) {
	for _, c := range []struct {
		what, zone, want, refused string
	}{
		{"Edge, Chrome", "[ZoneTransfer]\r\nZoneId=3\r\nReferrerUrl=https://support.example.com/\r\nHostUrl=https://support.example.com/download/lotse-agent.exe\r\n", example, ""},
		{"with a port", "[ZoneTransfer]\nHostUrl=https://support.example.com:8443/download/a.exe?x=1#y", example + ":8443", ""},
		{"page only", "[ZoneTransfer]\nReferrerUrl=https://support.example.com/", example, ""},
		{"BOM, upper case", "\ufeff[zonetransfer]\nHOSTURL = HTTPS://Support.example.com/download", example, ""},
		{"private window", "[ZoneTransfer]\nZoneId=3\nHostUrl=about:internet", "", ""},
		{"from a software archive", "[ZoneTransfer]\nReferrerUrl=https://archive.example/\nHostUrl=https://cdn.archive.example/files/lotse-agent.exe", "", ""},
		{"a page within a site", "[ZoneTransfer]\nReferrerUrl=https://mail.example/inbox/7", "", ""},
		{"no section", "HostUrl=https://support.example.com/download/a.exe", "", ""},
		{"empty", "", "", ""},
		{"not encrypted", "[ZoneTransfer]\nHostUrl=http://support.example.com/download/a.exe", "", "https://"},
		{"user name", "[ZoneTransfer]\nHostUrl=https://support.example.com@evil.example/download/a.exe", "", "user name"},
		{"look-alike", "[ZoneTransfer]\nHostUrl=https://supp\u043ert.example.com/download/a.exe", "", "U+043E"},
		{"digits", "[ZoneTransfer]\nHostUrl=https://192.0.2.1/download/a.exe", "", "digits"},
		{"port", "[ZoneTransfer]\nHostUrl=https://support.example.com:0/download/a.exe", "", "port"},
		{"control character", "[ZoneTransfer]\nHostUrl=https://sup\x1bport.example.com/download/a.exe", "", ""},
		{"too long", "[ZoneTransfer]\nHostUrl=https://" + strings.Repeat("a.", 200) + "example/download/a.exe", "", "too long"},
	} {
		got, err := fromMark(parseZone([]byte(c.zone)))
		if got != c.want || (err != nil) != (c.refused != "") || err != nil && !strings.Contains(err.Error(), c.refused) {
			t.Errorf("%s: %q, %v; want %q, %q", c.what, got, err, c.want, c.refused)
		}
	}
}

// whereFroms returns the attribute in macOS's format: an array of two strings.
func whereFroms(file, page string) []byte {
	b := []byte("bplist00\xa2\x01\x02")
	offsets := []byte{8}
	for _, s := range []string{file, page} {
		offsets = append(offsets, byte(len(b)))
		b = append(b, 0x5f, 0x10, byte(len(s)))
		b = append(b, s...)
	}
	table := len(b)
	b = append(b, offsets...)
	trailer := make([]byte, 32)
	trailer[6], trailer[7], trailer[15], trailer[31] = 1, 1, 3, byte(table)
	return append(b, trailer...)
}

func TestWhereFroms(t *testing.T) {
	b := whereFroms("https://support.example.com/download/a", "https://support.example.com/")
	if m := parseWhereFroms(b); m.file != "https://support.example.com/download/a" || m.page != "https://support.example.com/" {
		t.Errorf("%+v", m)
	}
	for i := range b { // shortened or with one byte changed: must not panic or loop for ever
		parseWhereFroms(b[:i])
		c := append([]byte(nil), b...)
		for _, v := range []byte{0, 0x5f, 0xa2, 0xff} {
			c[i] = v
			parseWhereFroms(c)
		}
	}
}

func FuzzFileName(f *testing.F) {
	f.Add("lotse-support.example.com_8443 (1).exe")
	f.Fuzz(func(t *testing.T, name string) {
		if gateway, err := fromFileName(name); err == nil && gateway != "" {
			if again, err := fromFileName(ProgramName(gateway, "windows")); err != nil || again != gateway && again != "" {
				t.Errorf("%q: %q, then %q, %v", name, gateway, again, err)
			}
		}
	})
}

func FuzzMark(f *testing.F) {
	f.Add([]byte("[ZoneTransfer]\nHostUrl=https://support.example.com/download/a.exe"))
	f.Add(whereFroms("https://support.example.com/download/a", ""))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, m := range []mark{parseZone(b), parseWhereFroms(b)} {
			if gateway, err := fromMark(m); err == nil && gateway != "" && !strings.HasPrefix(gateway, "https://") {
				t.Errorf("%q: %q", b, gateway)
			}
		}
	})
}
