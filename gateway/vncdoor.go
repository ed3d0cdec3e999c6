package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"lotse/gateway/clock"
	"lotse/rfb"
	"lotse/tunnel"
)

// Timeouts of a viewer at the doors.
const (
	// viewerStep limits each step that a viewer does without its user.
	viewerStep = 20 * time.Second
	// viewerAsk limits steps in which a viewer may ask its user for the password.
	viewerAsk = 2 * time.Minute
)

// acceptPause is the pause after a failed Accept.
const acceptPause = 200 * time.Millisecond

// doorConnections is the maximum number of connections of one door.
const doorConnections = 4096

// door is a TCP port for protocols other than HTTPS. serve handles one connection.
type door struct {
	name     string
	listener net.Listener
	serve    func(ctx context.Context, conn net.Conn, from netip.Addr)
}

// listenDoors listens on the doors' ports. If one fails, it closes the others.
func (s *doors) listenDoors(certs *certificates, addrs *Addresses) (doors []*door, err error) {
	defer func() {
		if err != nil {
			for _, d := range doors {
				_ = d.listener.Close()
			}
			doors = nil
		}
	}()
	open := func(name, address string, addr *net.Addr, serve func(context.Context, net.Conn, netip.Addr)) {
		if err != nil || address == "" {
			return
		}
		l, e := net.Listen("tcp", address)
		if e != nil {
			err = fmt.Errorf("gateway: cannot listen for the door %s: %w", name, e)
			return
		}
		*addr = l.Addr()
		doors = append(doors, &door{name, newLimitListener(l, s.server, doorConnections, s.cfg.Limits.ViewersPerAddress, 0), serve})
	}
	open(tunnel.DoorVNC, s.cfg.Doors.VNC.Listen, &addrs.VNC, s.serveVNC(certs))
	if s.cfg.Doors.VNC.TLSPort && addrs.VNC == nil {
		addrs.VNC = addrs.Listen
	}
	open(tunnel.DoorRepeater, s.cfg.Doors.Repeater.ViewerListen, &addrs.RepeaterViewers, s.repeaterViewer)
	open(tunnel.DoorRepeater, s.cfg.Doors.Repeater.ServerListen, &addrs.RepeaterServers, s.repeaterServer)
	return doors, err
}

func (s *doors) serveVNC(certs *certificates) func(context.Context, net.Conn, netip.Addr) {
	var config *tls.Config
	if !s.cfg.Doors.VNC.NoTLS {
		config = fairTLS(s.server, certs.viewerTLS())
	}
	return func(ctx context.Context, conn net.Conn, from netip.Addr) { s.vncViewer(ctx, conn, from, config) }
}

// runDoor accepts connections until the listener is closed, and returns after the last one has
// ended.
func (s *doors) runDoor(ctx context.Context, d *door) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		conn, err := d.listener.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return
			}
			// Most likely too many open files. That passes, and must not end any session.
			s.log.rfb.Error("door does not accept", "door", d.name, "error", err)
			clock.Pause(ctx, s.cfg.Clock, acceptPause)
			continue
		}
		wg.Go(func() {
			defer conn.Close()
			defer func() {
				if p := recover(); p != nil {
					s.log.rfb.Error("panic at a door", "door", d.name, "panic", p, "stack", string(debug.Stack()))
				}
			}()
			stop := context.AfterFunc(ctx, func() { conn.Close() })
			defer stop()
			ap, err := netip.ParseAddrPort(conn.RemoteAddr().String())
			if err != nil {
				return
			}
			d.serve(ctx, conn, ap.Addr().Unmap().WithZone(""))
		})
	}
}

// vncViewer serves one connection at the VNC door.
func (s *doors) vncViewer(ctx context.Context, conn net.Conn, from netip.Addr, config *tls.Config) {
	if wait := s.viewers.closedFor(clientOf(from), s.now()); wait > 0 {
		s.metrics.viewersWrong.Add(1)
		_ = conn.SetDeadline(time.Now().Add(viewerStep))
		rfb.RefuseViewer(conn, errTooManyTries(wait))
		return
	}
	inClear := slices.ContainsFunc(s.cfg.Doors.VNC.VncAuthFrom, func(p netip.Prefix) bool { return p.Contains(from) })
	k, err := rfb.Offer{TLS: config, VncAuth: inClear, Step: viewerStep, Ask: viewerAsk}.Receive(conn)
	if err != nil {
		s.log.rfb.Debug("viewer gave up", "door", tunnel.DoorVNC, "from", from.String(), "reason", err)
		return
	}
	try := attempt{response: k.Response}
	if k.TLS {
		try.secret = k.Password
		defer clear(k.Password)
		if number, err := tunnel.ParseNumber(k.User); err == nil {
			try.digits = number.Digits()
		} else {
			try = attempt{digits: "-"} // matches nothing, and takes as long
		}
	}
	sess, number, err := s.test(ctx, grantVNC, tunnel.DoorVNC, from, try)
	_ = k.Conn.SetDeadline(time.Now().Add(viewerStep))
	if err != nil {
		k.Refuse(err)
		return
	}
	s.serveViewer(ctx, k, sess, number, tunnel.DoorVNC, from)
}

// openDoors returns the doors for GET /api/v1/info.
func (s *doors) openDoors() []tunnel.Door {
	var out []tunnel.Door
	for _, name := range s.cfg.Doors.OnPort {
		out = append(out, tunnel.Door{Door: name})
	}
	if s.addrs.VNC != nil {
		out = append(out, tunnel.Door{Door: tunnel.DoorVNC, Address: s.publicAddress(s.cfg.Doors.VNC.Public, s.addrs.VNC)})
	}
	if s.addrs.RepeaterViewers != nil || s.addrs.RepeaterServers != nil {
		r := tunnel.Door{Door: tunnel.DoorRepeater}
		if s.addrs.RepeaterViewers != nil {
			r.Address = s.publicAddress(s.cfg.Doors.Repeater.Public, s.addrs.RepeaterViewers)
		}
		if s.addrs.RepeaterServers != nil {
			r.Servers = s.publicAddress("", s.addrs.RepeaterServers)
		}
		out = append(out, r)
	}
	return out
}

func (s *doors) publicAddress(public string, addr net.Addr) string {
	if public != "" {
		return public
	}
	_, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return ""
	}
	return net.JoinHostPort(s.cfg.Hosts[0], port)
}
