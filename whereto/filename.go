package whereto

import (
	"net"
	"net/url"
	"regexp"
	"strings"

	"lotse/tunnel"
)

// maxFileName is that of the file systems in use.
const maxFileName = 255

var (
	// copyMark is what browsers put into the name of a second download, before
	// what they take for the extension: " (1)", "(2)".
	copyMark = regexp.MustCompile(` ?\([0-9]{1,3}\)`)
	// copyNumber is the same as others write it, at the end only: within a name
	// it could be part of it. No top-level name ends so.
	copyNumber = regexp.MustCompile(`(?:[-_ ][0-9]{1,3}| - (?:Copy|Kopie))$`)
	filePort   = regexp.MustCompile(`^(.*)_([0-9]{1,5})$`)
)

// fromFileName reads lotse-support.example.com.exe and, with a port, which
// file names cannot have a colon before, lotse-support.example.com_8443.exe.
// "" for names that name no gateway, such as lotse-agent.exe.
func fromFileName(name string) (string, error) {
	if len(name) > maxFileName || len(name) < len("lotse-") || !strings.EqualFold(name[:len("lotse-")], "lotse-") {
		return "", nil
	}
	rest := copyMark.ReplaceAllString(name[len("lotse-"):], "")
	if n := len(rest) - len(".exe"); n >= 0 && strings.EqualFold(rest[n:], ".exe") {
		rest = rest[:n]
	}
	// A port is never as short as the number of a copy.
	port := ""
	if m := filePort.FindStringSubmatch(copyNumberOff(rest)); m != nil && len(m[2]) > 3 {
		rest, port = m[1], ":"+m[2]
	} else {
		rest = copyNumberOff(rest)
	}
	if isProgramName(rest) || !strings.Contains(rest, ".") && port == "" {
		return "", nil
	}
	return tunnel.ParseGatewayName(rest + port)
}

func copyNumberOff(s string) string { return copyNumber.ReplaceAllString(s, "") }

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
		name = "lotse-agent" // an address in figures, say
	}
	if system == "windows" {
		name += ".exe"
	}
	return name
}
