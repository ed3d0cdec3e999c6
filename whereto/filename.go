package whereto

import (
	"net"
	"net/url"
	"strings"

	"lotse/tunnel"
)

// maxFileName is that of the file systems in use.
const maxFileName = 255

// fromFileName reads lotse-support.example.com.exe and, with a port, which
// file names cannot have a colon before, lotse-support.example.com_8443.exe.
// "" for names that name no gateway, such as lotse-agent.exe.
func fromFileName(name string) (string, error) {
	if len(name) > maxFileName || len(name) < len("lotse-") || !strings.EqualFold(name[:len("lotse-")], "lotse-") {
		return "", nil
	}
	rest := withoutCopyMark(name[len("lotse-"):])
	if n := len(rest) - len(".exe"); n >= 0 && strings.EqualFold(rest[n:], ".exe") {
		rest = rest[:n]
	}
	rest = withoutCopyNumber(rest)
	// A port is never as short as the number of a copy.
	port := ""
	if host, digits := cutDigits(rest, 5); len(digits) > 3 && strings.HasSuffix(host, "_") {
		rest, port = host[:len(host)-1], ":"+digits
	}
	if isProgramName(rest) || !strings.Contains(rest, ".") && port == "" {
		return "", nil
	}
	return tunnel.ParseGatewayName(rest + port)
}

// withoutCopyMark takes out what browsers put into the name of a second
// download, before what they take for the extension: " (1)", "(2)".
func withoutCopyMark(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] != '(' {
			continue
		}
		rest := strings.TrimLeft(s[i+1:], "0123456789")
		if n := len(s) - i - 1 - len(rest); n < 1 || n > 3 || !strings.HasPrefix(rest, ")") {
			continue
		}
		s = strings.TrimSuffix(s[:i], " ") + rest[1:]
		i = -1
	}
	return s
}

// withoutCopyNumber takes off what others put at the end: "-1", "_2", " - Copy".
// Within the name it could be part of it; no top-level name ends so.
func withoutCopyNumber(s string) string {
	for _, word := range []string{" - Copy", " - Kopie"} {
		if rest, ok := strings.CutSuffix(s, word); ok {
			return rest
		}
	}
	if rest, digits := cutDigits(s, 3); digits != "" && rest != "" && strings.ContainsRune("-_ ", rune(rest[len(rest)-1])) {
		return rest[:len(rest)-1]
	}
	return s
}

// cutDigits cuts the digits off at the end; "" where there are more than most.
func cutDigits(s string, most int) (rest, digits string) {
	rest = strings.TrimRight(s, "0123456789")
	if len(s)-len(rest) > most {
		return s, ""
	}
	return rest, s[len(rest):]
}

// isProgramName reports whether what follows "lotse-" is the name of the program
// itself, as releases are called: agent, agent-windows-amd64.
func isProgramName(s string) bool {
	s = strings.ToLower(s)
	return s == "agent" || strings.HasPrefix(s, "agent-") || strings.HasPrefix(s, "agent_")
}

// ProgramName is the name under which a gateway hands out the program for a
// system: the one that fromFileName reads.
func ProgramName(gateway, system string) string {
	u, err := url.Parse(gateway)
	if err != nil || u.Host == "" {
		u = &url.URL{Host: "agent"}
	}
	name := "lotse-" + strings.ToLower(u.Hostname())
	if _, port, err := net.SplitHostPort(u.Host); err == nil && port != "" && port != "443" {
		if len(port) < 4 {
			// Would be read as the number of a copy; the browser's note has it.
			name = "lotse-agent"
		} else {
			name += "_" + port
		}
	}
	if got, err := fromFileName(name + ".exe"); err != nil || got == "" {
		name = "lotse-agent" // an address in digits, say
	}
	if system == "windows" {
		name += ".exe"
	}
	return name
}
