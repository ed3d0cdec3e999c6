package main

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strconv"

	"lotse/arguments"
	"lotse/cmd/lotse/say"
	"lotse/manual"
	"lotse/peer"
	"lotse/tunnel"
)

var aboutView = manual.Command{
	Name: "view", Summary: "a local port for any VNC viewer",
	Forms: []string{"view NUMBER [flags] [-- VIEWER ARGS…]"},
	About: `Opens a local port on which a VNC viewer reaches the customer's screen, sealed end to
end, and prints "ready: vnc viewer address …". It waits until the customer has entered
the number. NUMBER may be "-": then the first line of standard input has it, and no
other user of this computer can read it from the command line. With VIEWER it starts that
program, with {} replaced by the address (or the address appended), and ends with it.

The port takes one viewer, of the same user on this computer, and closes. A viewer that
is started gets a password for that: TigerVNC, TightVNC, SSVNC and vncsnapshot by
themselves; others where {passwd} stands in ARGS (a file as vncpasswd writes it) or
with --password (in the environment, VNC_PASSWORD). Without one the port asks for none.`,
}

// viewFlags are the flags of lotse view.
type viewFlags struct {
	*login
	listen, to                      string
	anyone, many, password, control bool
}

func newViewFlags() *viewFlags {
	l := &viewFlags{login: newLogin("view")}
	l.StringVar(&l.to, "to", "",
		"instead connect out to a viewer that listens at `HOST:PORT` (vncviewer -listen); sealed up to "+
			"this program, in the clear from here, and the customer is told so where HOST is another "+
			"computer")
	l.StringVar(&l.listen, "listen", "127.0.0.1:5999",
		"where viewers connect, `ADDR` (default 127.0.0.1:5999; port 0: any)")
	l.BoolVar(&l.anyone, "listen-anyone", false,
		"allow an address that other computers reach: anyone who connects sees the customer's screen! The "+
			"customer is told that the picture leaves this computer without encryption")
	l.BoolVar(&l.many, "many", false, "take more than one viewer, until the session ends")
	l.BoolVar(&l.password, "password", false,
		"demand the password also of a program that takes it from VNC_PASSWORD")
	l.BoolVar(&l.control, "control", false,
		"ask the customer for control when the viewer shows his screen")
	return l
}

func (p *program) view(ctx context.Context, args []string) error {
	var viewer []string
	if i := slices.Index(args, "--"); i >= 0 {
		args, viewer = args[:i], args[i+1:]
	}
	l := newViewFlags()
	rest, err := l.parse(p, args, 1)
	if err != nil {
		return err
	}
	number, err := p.readNumber(rest[0])
	if err != nil {
		return l.mistake(err)
	}
	if err := l.check(viewer); err != nil {
		return err
	}
	end, leave, err := joinAsHelper(ctx, p, l.login, number)
	if err != nil {
		return err
	}
	defer leave()
	v := &viewPort{advisorEnd: end, p: p, many: l.many, shown: make(chan struct{}), first: make(chan struct{})}
	if l.to != "" {
		v.onward = !isLoopback(l.to)
		return v.runTo(ctx, l.to, l.control)
	}
	v.onward = !isLoopback(l.listen)
	if len(viewer) > 0 {
		v.viewer = newStartedViewer(viewer, l.password)
	}
	port, err := net.Listen("tcp", l.listen)
	if err != nil {
		return say.Text("cli.view.noPort", err)
	}
	if !v.onward {
		port = peer.Listen(port, func(err error) {
			p.complain(say.Text("cli.view.notConnected", err))
		})
	}
	return v.run(ctx, port, l.control)
}

// check rejects flags that cannot be combined, and completes --to.
func (l *viewFlags) check(viewer []string) (err error) {
	if l.to != "" {
		if l.to, err = listeningViewer(l.to); err != nil {
			return l.mistake(err)
		}
		if l.given("listen") || len(viewer) > 0 || l.many {
			return l.mistake(say.Text("cli.view.toAlone"))
		}
	}
	if l.password && len(viewer) == 0 {
		return l.mistake(say.Text("cli.view.passwordAlone"))
	}
	if !l.anyone && !isLoopback(l.listen) {
		return l.mistake(say.Text("cli.view.anyone", strconv.Quote(l.listen)))
	}
	return nil
}

// readNumber reads the NUMBER of a command line, or with "-" a line of standard input.
func (p *program) readNumber(argument string) (tunnel.Number, error) {
	if argument == arguments.Stdin {
		line, err := arguments.ReadLine(p.stdin)
		if err != nil {
			return tunnel.Number{}, say.Text("cli.view.noNumber", err)
		}
		argument = line
	}
	number, err := tunnel.ParseNumber(argument)
	if err != nil {
		return tunnel.Number{}, say.Text("cli.view.number", err)
	}
	return number, nil
}

// sayCode prints the code of a program's exchange with the customer's end. The customer sees it
// next to the program's viewer.
func (p *program) sayCode(code string) {
	p.tell(p.language.Text("cli.sealed", code))
}

func isLoopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// errSessionOver closes the port because the session ended.
var errSessionOver = say.Text("cli.view.over")
