package config

import (
	"fmt"
	"net/netip"
	"slices"
)

// check checks each door separately.
func (d *Doors) check() (bad []problem) {
	say := func(ok bool, key, format string, args ...any) {
		if !ok {
			bad = append(bad, problem{"doors." + key, fmt.Sprintf(format, args...)})
		}
	}
	for _, a := range []struct{ key, value string }{
		{"vnc.listen", d.VNC.Listen}, {"repeater.viewer_listen", d.Repeater.ViewerListen}, {"repeater.server_listen", d.Repeater.ServerListen},
		{"vnc.public", d.VNC.Public}, {"repeater.public", d.Repeater.Public},
	} {
		say(a.value == "" || isAddress(a.value), a.key, "%q is not an address like \":5900\" or \"192.0.2.1:5900\", or \"\" for none", a.value)
	}
	say(len(d.VNC.Security) > 0, "vnc.security", "must not be empty; leave doors.vnc.listen empty to close the door")
	for _, s := range d.VNC.Security {
		switch s {
		case "x509plain", "vncauth":
		case "tlsplain":
			say(false, "vnc.security", "\"tlsplain\" cannot be offered: it is TLS without a certificate, which this program's TLS library leaves out and an attacker "+
				"can stand in the middle of; viewers without \"x509plain\" can use `lotse view`")
		case "none", "plain":
			say(false, "vnc.security", "%q would send the session and the password in the clear; it is never offered", s)
		default:
			say(false, "vnc.security", "%q is not \"x509plain\" or \"vncauth\"", s)
		}
	}
	_, err := prefixes(d.VNC.VncAuthFrom)
	say(err == nil, "vnc.vncauth_from", "%v", err)
	vncAuth := slices.Contains(d.VNC.Security, "vncauth")
	say(vncAuth == (len(d.VNC.VncAuthFrom) > 0), "vnc.vncauth_from", "and \"vncauth\" in doors.vnc.security go together: VncAuth does not encrypt the session, "+
		"so name the addresses that may use it, such as [\"127.0.0.0/8\", \"::1\"]")
	say(d.Repeater.ServerListen == "" || d.Repeater.ViewerListen != "" || d.Page, "repeater.server_listen", "needs doors.repeater.viewer_listen or doors.page: somebody must be able to watch")
	return bad
}

// Names returns the open doors on the TLS port.
func (d *Doors) Names() []string {
	names := []string{}
	for _, n := range []struct {
		name string
		open bool
	}{{"page", d.Page}, {"helper", d.Helper}, {"websockify", d.Websockify}} {
		if n.open {
			names = append(names, n.name)
		}
	}
	return names
}

// X509Plain reports whether viewers may use TLS and a password.
func (d *VNCDoor) X509Plain() bool { return slices.Contains(d.Security, "x509plain") }

// VncAuthPrefixes returns vncauth_from, which check has validated.
func (d *VNCDoor) VncAuthPrefixes() ([]netip.Prefix, error) { return prefixes(d.VncAuthFrom) }
