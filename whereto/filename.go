package whereto

import (
	"net"
	"net/url"
	"strings"

	"lotse/tunnel"
)

// maxFileName is the limit of common file systems.
const maxFileName = 255

// fromFileName parses lotse-support.example.com.exe and, with a port,
// lotse-support.example.com_8443.exe, because a file name cannot contain a colon. It returns "" for
// names without a gateway, such as lotse-agent.exe.
func fromFileName(name string) (string, error) {
	if len(name) > maxFileName || len(name) < len("lotse-") || !strings.EqualFold(name[:len("lotse-")], "lotse-") {
		return "", nil
	}
	rest := withoutCopyMark(name[len("lotse-"):])
	if n := len(rest) - len(".exe"); n >= 0 && strings.EqualFold(rest[n:], ".exe") {
		rest = rest[:n]
	}
	rest = withoutCopyNumber(rest)
	// A port always has more digits than the number of a copy.
	port := ""
	if host, digits := cutDigits(rest, 5); len(digits) > 3 && strings.HasSuffix(host, "_") {
		rest, port = host[:len(host)-1], ":"+digits
	}
	if isProgramName(rest) || !strings.Contains(rest, ".") && port == "" {
		return "", nil
	}
	return tunnel.ParseGatewayName(rest + port)
}

// withoutCopyMark removes what browsers insert into the name of a second download, " (1)" or
// "(2)". They insert it before the part that they consider the extension.
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

// withoutCopyNumber removes what other programs append: "-1", "_2", " - Copy". It looks only at
// the end. Inside the name such text could be part of the name, but no top-level domain ends
// that way.
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

// cutDigits splits s before the digits at its end. digits is "" if there are more than most.
func cutDigits(s string, most int) (rest, digits string) {
	rest = strings.TrimRight(s, "0123456789")
	if len(s)-len(rest) > most {
		return s, ""
	}
	return rest, s[len(rest):]
}

// isProgramName reports whether the text after "lotse-" is the name of the program itself, as in
// releases: agent, agent-windows-amd64.
func isProgramName(s string) bool {
	s = strings.ToLower(s)
	return s == "agent" || strings.HasPrefix(s, "agent-") || strings.HasPrefix(s, "agent_")
}

// ProgramName returns the file name under which a gateway offers the program for a system, in the
// format of fromFileName.
func ProgramName(gateway, system string) string {
	u, err := url.Parse(gateway)
	if err != nil || u.Host == "" {
		u = &url.URL{Host: "agent"}
	}
	name := "lotse-" + strings.ToLower(u.Hostname())
	if _, port, err := net.SplitHostPort(u.Host); err == nil && port != "" && port != "443" {
		if len(port) < 4 {
			// Such a short port would be taken for the number of a copy. The browser's mark
			// contains the port.
			name = "lotse-agent"
		} else {
			name += "_" + port
		}
	}
	if got, err := fromFileName(name + ".exe"); err != nil || got == "" {
		name = "lotse-agent" // for example for an IP address
	}
	if system == "windows" {
		name += ".exe"
	}
	return name
}
