package main

import (
	"net"
	"sync"
	"syscall"
	"time"
)

// shape describes a line: the rate in each direction and the delay of one direction.
type shape struct {
	name           string
	bytesPerSecond int // 0: unlimited
	delay          time.Duration
}

var shapes = []shape{
	{"unshaped", 0, 0},
	{"20M", 20e6 / 8, 20 * time.Millisecond},
	{"5M", 5e6 / 8, 50 * time.Millisecond},
}

const (
	packetSize = 1460
	// relaySocketBuffer keeps the kernel's buffer from being a second, larger queue.
	relaySocketBuffer = 32 << 10
)

// queue returns how much data, as a time at the line's rate, the line's own buffer holds: a
// round trip, at least 32 KiB, as in a router. Data beyond that waits in the sender.
func (s shape) queue() time.Duration {
	return max(2*s.delay, time.Duration(32<<10*int64(time.Second)/int64(s.bytesPerSecond)))
}

// dialThrough connects to address through the line and returns the viewer's end. shut closes
// both ends and waits for the line's goroutines.
func dialThrough(s shape, address string) (viewer net.Conn, shut func(), err error) {
	d := net.Dialer{Timeout: patience}
	if s.bytesPerSecond != 0 {
		d.Control = func(_, _ string, c syscall.RawConn) (err error) {
			if e := c.Control(func(fd uintptr) {
				err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, relaySocketBuffer)
			}); e != nil {
				return e
			}
			return err
		}
	}
	server, err := d.Dial("tcp", address)
	if err != nil {
		return nil, nil, err
	}
	if s.bytesPerSecond == 0 {
		return server, func() { server.Close() }, nil
	}
	near, far := net.Pipe()
	var wg sync.WaitGroup
	carry := func(dst, src net.Conn) {
		defer dst.Close()
		line := make(chan packet, packetsOnLine(s))
		wg.Go(func() {
			for p := range line {
				time.Sleep(time.Until(p.at))
				if _, err := dst.Write(p.b); err != nil {
					src.Close()
				}
			}
		})
		defer close(line)
		free := time.Now() // when the line has sent everything that it accepted
		for {
			p := packet{b: make([]byte, packetSize)}
			n, err := src.Read(p.b)
			if err != nil {
				return
			}
			if now := time.Now(); free.Before(now) {
				free = now
			}
			free = free.Add(time.Duration(n) * time.Second / time.Duration(s.bytesPerSecond))
			p.b, p.at = p.b[:n], free.Add(s.delay)
			line <- p
			time.Sleep(time.Until(free) - s.queue())
		}
	}
	wg.Go(func() { carry(far, server) })
	wg.Go(func() { carry(server, far) })
	return near, func() {
		near.Close()
		far.Close()
		server.Close()
		wg.Wait()
	}, nil
}

// packet is data on the line and the time at which it arrives.
type packet struct {
	b  []byte
	at time.Time
}

// packetsOnLine limits the packets that wait for a viewer which reads slowly.
func packetsOnLine(s shape) int {
	return int((s.queue()+s.delay).Seconds()*float64(s.bytesPerSecond))/packetSize + 64
}
