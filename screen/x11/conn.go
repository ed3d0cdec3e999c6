//go:build linux

package x11

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"lotse/screen"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

const (
	dialTimeout      = 5 * time.Second
	handshakeTimeout = 10 * time.Second
	// closeTimeout is how long Close waits for a server that does not respond.
	closeTimeout = 2 * time.Second
)

func init() {
	// xgb writes errors to stderr in addition to returning them.
	xgb.Logger = log.New(io.Discard, "", 0)
}

// errGone is the cause if the connection to the X server has ended.
var errGone = errors.New("the connection to the X server is lost")

// link is a connection to an X server.
type link struct {
	// Static after dialX.
	*xgb.Conn
	log     *slog.Logger
	display string
	wire    *wire
	setup   *xproto.SetupInfo
	scr     *xproto.ScreenInfo
	root    xproto.Window
	gone    chan struct{} // closed when the connection has ended
}

// extension has the codes that the server assigned to an extension.
type extension struct {
	major, firstEvent byte
}

// xAddress is a parsed display name, X(7) "DISPLAY NAMES".
type xAddress struct {
	network, address string
	number           string
	screen           int
}

func parseDisplay(s string) (a xAddress, err error) {
	bad := fmt.Errorf("x11: display %q is not of the form :0 or host:0", s)
	colon := strings.LastIndexByte(s, ':')
	if colon < 0 {
		return a, bad
	}
	host, number := s[:colon], s[colon+1:]
	if n, scr, ok := strings.Cut(number, "."); ok {
		number = n
		if a.screen, err = strconv.Atoi(scr); err != nil || a.screen < 0 {
			return a, bad
		}
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || n > 65535-6000 {
		return a, bad
	}
	a.number = number
	if proto, rest, ok := strings.Cut(host, "/"); ok && (proto == "tcp" || proto == "unix") {
		host = rest
		if proto == "unix" {
			host = ""
		}
	}
	if host == "" || host == "unix" {
		a.network, a.address = "unix", "/tmp/.X11-unix/X"+number
	} else {
		a.network, a.address = "tcp", net.JoinHostPort(strings.Trim(host, "[]"), strconv.Itoa(6000+n))
	}
	return a, nil
}

// dialX connects to an X server. onEvent is a wire.onEvent.
func dialX(o screen.Options, onEvent func(ev []byte)) (l *link, err error) {
	defer recovered(&err)
	display := o.Display
	if display == "" {
		display = os.Getenv("DISPLAY")
	}
	if display == "" {
		return nil, errors.New("x11: no display: $DISPLAY is empty; start from inside the graphical session, or name the display, such as :0")
	}
	addr, err := parseDisplay(display)
	if err != nil {
		return nil, err
	}
	d := net.Dialer{Timeout: dialTimeout}
	c, err := d.Dial(addr.network, addr.address)
	if err != nil && addr.network == "unix" {
		// Linux's abstract socket remains reachable if /tmp is a different one.
		if c2, err2 := d.Dial("unix", "@"+addr.address); err2 == nil {
			c, err = c2, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("x11: display %s: no X server answers: %w; is the display right, and somebody logged in?", display, err)
	}
	w := newWire(c, onEvent)
	_ = c.SetDeadline(time.Now().Add(handshakeTimeout))
	var conn *xgb.Conn
	func() {
		defer recovered(&err)
		if cookie := findCookie(addr.number, c.RemoteAddr()); cookie != "" {
			conn, err = xgb.NewConnNetWithCookieHex(w, cookie)
		} else {
			conn, err = xgb.NewConnNet(w)
		}
	}()
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("x11: display %s: the X server refused the connection: %w; run as the user whose session it is, or set XAUTHORITY to that session's file", display, err)
	}
	_ = c.SetDeadline(time.Time{})
	conn.DefaultScreen = addr.screen
	l = &link{Conn: conn, log: o.Logger, display: display, wire: w, gone: make(chan struct{})}
	go l.drain()
	l.setup = xproto.Setup(conn)
	if l.setup == nil || addr.screen >= len(l.setup.Roots) {
		l.close()
		return nil, fmt.Errorf("x11: display %s: the X server has no screen %d", display, addr.screen)
	}
	l.scr = &l.setup.Roots[addr.screen]
	l.root = l.scr.Root
	w.watch.start(o.Patience, func() { xproto.GetInputFocus(l.Conn) }, func() {
		l.log.Warn("x11: the X server does not answer; the connection is given up", "after", o.Patience)
		_ = w.Close()
	})
	return l, nil
}

// drain receives the errors of requests that nobody waits for, so that xgb's reader never blocks,
// and notices the end of the connection.
func (l *link) drain() {
	defer close(l.gone)
	for {
		ev, xerr := l.WaitForEvent()
		if ev == nil && xerr == nil {
			return
		}
		if xerr != nil {
			l.log.Debug("x11: request failed", "error", xerr.Error())
		}
	}
}

// close ends the connection at once and waits for its end.
func (l *link) close() {
	_ = l.wire.Close()
	<-l.gone
}

// isGone reports whether the connection has ended.
func (l *link) isGone() bool {
	select {
	case <-l.gone:
		return true
	default:
		return false
	}
}

// sync returns after the server has handled all earlier requests.
func (l *link) sync() error {
	_, err := xproto.GetInputFocus(l.Conn).Reply()
	return l.explain(err)
}

// explain replaces xgb's end of file by an error with an explanation.
func (l *link) explain(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, io.EOF) || l.isGone() {
		return fmt.Errorf("x11: display %s: %w", l.display, errGone)
	}
	return fmt.Errorf("x11: display %s: %w", l.display, err)
}

// extension queries an extension and makes xgb's package for it usable. It replaces that package's
// Init, which writes to tables that other connections read (see wire).
func (l *link) extension(name string) (extension, bool, error) {
	r, err := xproto.QueryExtension(l.Conn, uint16(len(name)), name).Reply()
	if err != nil {
		return extension{}, false, l.explain(err)
	}
	if !r.Present {
		return extension{}, false, nil
	}
	l.ExtLock.Lock()
	l.Extensions[name] = r.MajorOpcode
	l.ExtLock.Unlock()
	return extension{r.MajorOpcode, r.FirstEvent}, true, nil
}

// request starts a request. It fills in the length field and pads the request to words.
func (l *link) request(b []byte, reply bool) *xgb.Cookie {
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	binary.LittleEndian.PutUint16(b[2:], uint16(len(b)/4))
	cookie := l.NewCookie(true, reply)
	l.NewRequest(b, cookie)
	return cookie
}

// ask sends a request and returns its reply: at least minimum bytes, 32 or more.
func (l *link) ask(b []byte, minimum int) ([]byte, error) {
	r, err := l.request(b, true).Reply()
	if err != nil {
		return nil, l.explain(err)
	}
	if len(r) < max(minimum, xHead) {
		return nil, fmt.Errorf("x11: display %s: short reply", l.display)
	}
	return r, nil
}

// atom interns a name.
func (l *link) atom(name string) (xproto.Atom, error) {
	r, err := xproto.InternAtom(l.Conn, false, uint16(len(name)), name).Reply()
	if err != nil {
		return 0, l.explain(err)
	}
	return r.Atom, nil
}

// recovered converts a panic to an error: xgb indexes into replies without checking their length,
// and a faulty server must not crash the program.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("x11: malformed answer of the X server: %v", p)
	}
}

// ended returns the reason to stop waiting for the server, or nil.
func (l *link) ended(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if l.isGone() {
		return l.explain(io.EOF)
	}
	return nil
}
