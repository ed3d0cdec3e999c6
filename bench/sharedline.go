package main

import (
	"net"
	"sync"
	"syscall"
	"time"
)

// sharedLine is one line between a program and a server: all connections share its rate in each
// direction, as behind a household's router.
type sharedLine struct {
	shape    shape
	target   string
	listener net.Listener
	up, down direction
	wg       sync.WaitGroup

	mu    sync.Mutex
	conns []net.Conn // Guarded by mu.
}

// direction is one direction of a line.
type direction struct {
	mu   sync.Mutex
	free time.Time // when the line has sent everything that it accepted. Guarded by mu.
}

// newSharedLine starts a line to a target, host and port.
func newSharedLine(s shape, target string) (*sharedLine, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	line := &sharedLine{shape: s, target: target, listener: l}
	line.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			line.wg.Go(func() { line.carry(c) })
		}
	})
	return line, nil
}

// stop ends all connections.
func (l *sharedLine) stop() {
	l.listener.Close()
	l.mu.Lock()
	for _, c := range l.conns {
		c.Close()
	}
	l.mu.Unlock()
	l.wg.Wait()
}

func (l *sharedLine) carry(near net.Conn) {
	defer near.Close()
	far, err := net.Dial("tcp", l.target)
	if err != nil {
		return
	}
	defer far.Close()
	for _, c := range []net.Conn{near, far} {
		keepSmall(c)
	}
	l.mu.Lock()
	l.conns = append(l.conns, near, far)
	l.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { l.oneWay(far, near, &l.up) })
	both.Go(func() { l.oneWay(near, far, &l.down) })
	both.Wait()
}

// keepSmall keeps the kernel's buffers from being a second, larger queue.
func keepSmall(c net.Conn) {
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, relaySocketBuffer)
	})
}

func (l *sharedLine) oneWay(dst, src net.Conn, d *direction) {
	defer dst.Close()
	defer src.Close()
	line := make(chan packet, packetsOnLine(l.shape))
	var writer sync.WaitGroup
	defer writer.Wait()
	writer.Go(func() {
		for p := range line {
			time.Sleep(time.Until(p.at))
			if _, err := dst.Write(p.b); err != nil {
				src.Close()
			}
		}
	})
	defer close(line)
	for {
		p := packet{b: make([]byte, packetSize)}
		n, err := src.Read(p.b)
		if err != nil {
			return
		}
		free := d.send(n, l.shape)
		p.b, p.at = p.b[:n], free.Add(l.shape.delay)
		line <- p
		time.Sleep(time.Until(free) - l.shape.queue())
	}
}

// send takes so many bytes and returns when the line has sent them.
func (d *direction) send(n int, s shape) time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	if now := time.Now(); d.free.Before(now) {
		d.free = now
	}
	d.free = d.free.Add(time.Duration(n) * time.Second / time.Duration(s.bytesPerSecond))
	return d.free
}
