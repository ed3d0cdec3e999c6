package peer

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Supported is true: the kernel reports the user.
const Supported = true

func check(local, remote *net.TCPAddr) error { return checkUser(local, remote, uint32(os.Getuid())) }

// checkUser looks up the socket of the other end. It asks the kernel for that one socket; if the
// kernel does not support such requests, it reads the kernel's list of all sockets.
func checkUser(local, remote *net.TCPAddr, want uint32) error {
	uid, err := askKernel(local, remote)
	if err != nil && !errors.Is(err, unix.ENOENT) {
		uid, err = readTable(local, remote)
	}
	switch {
	case errors.Is(err, unix.ENOENT):
		return ErrNotFound
	case err != nil:
		return fmt.Errorf("%w: the system does not tell: %w", ErrOther, err)
	case uid != want:
		return fmt.Errorf("%w: it is user %d's", ErrOther, uid)
	}
	return nil
}

// The layout is that of uapi/linux/inet_diag.h, struct inet_diag_req_v2 and struct
// inet_diag_msg. Everything is in host byte order except ports and addresses.
const (
	diagRequest    = 56
	diagAnswer     = 72
	diagByFamily   = 20 // SOCK_DIAG_BY_FAMILY
	diagUserAt     = 64
	diagInodeAt    = 68
	netlinkHeader  = 16
	kernelPatience = 2 * time.Second
)

// askKernel returns the user of the socket whose own address is remote and whose peer is local. The
// error is ENOENT if there is none.
func askKernel(local, remote *net.TCPAddr) (uid uint32, err error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	patience := unix.NsecToTimeval(int64(kernelPatience))
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &patience); err != nil {
		return 0, err
	}
	if err := unix.Sendto(fd, diagQuestion(local, remote), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return 0, err
	}
	answer := make([]byte, 4096)
	n, from, err := unix.Recvfrom(fd, answer, 0)
	if err != nil {
		return 0, err
	}
	if kernel, ok := from.(*unix.SockaddrNetlink); !ok || kernel.Pid != 0 {
		return 0, errors.New("an answer that is not the kernel's")
	}
	return diagUser(answer[:n])
}

func diagQuestion(local, remote *net.TCPAddr) []byte {
	q := make([]byte, netlinkHeader+diagRequest)
	h := binary.NativeEndian
	h.PutUint32(q, uint32(len(q)))
	h.PutUint16(q[4:], diagByFamily)
	h.PutUint16(q[6:], unix.NLM_F_REQUEST)
	h.PutUint32(q[8:], 1)
	r := q[netlinkHeader:]
	family := byte(unix.AF_INET6)
	src, dst := remote.IP.To16(), local.IP.To16()
	if a, b := remote.IP.To4(), local.IP.To4(); a != nil && b != nil {
		family, src, dst = unix.AF_INET, a, b
	}
	r[0], r[1] = family, unix.IPPROTO_TCP
	h.PutUint32(r[4:], 0xffffffff) // in any state
	binary.BigEndian.PutUint16(r[8:], uint16(remote.Port))
	binary.BigEndian.PutUint16(r[10:], uint16(local.Port))
	copy(r[12:28], src)
	copy(r[28:44], dst)
	h.PutUint32(r[48:], 0xffffffff) // INET_DIAG_NOCOOKIE, twice
	h.PutUint32(r[52:], 0xffffffff)
	return q
}

func diagUser(answer []byte) (uid uint32, err error) {
	h := binary.NativeEndian
	if len(answer) < netlinkHeader {
		return 0, io.ErrUnexpectedEOF
	}
	body := answer[netlinkHeader:]
	switch h.Uint16(answer[4:]) {
	case unix.NLMSG_ERROR:
		if len(body) < 4 {
			return 0, io.ErrUnexpectedEOF
		}
		return 0, unix.Errno(-int32(h.Uint32(body)))
	case diagByFamily:
		if len(body) < diagAnswer {
			return 0, io.ErrUnexpectedEOF
		}
		if h.Uint32(body[diagInodeAt:]) == 0 { // no program has the socket any longer
			return 0, unix.ENOENT
		}
		return h.Uint32(body[diagUserAt:]), nil
	}
	return 0, errors.New("an answer of an unknown kind")
}

// readTable looks the socket up in /proc/net. The kernel's documentation describes the format
// in proc_net_tcp.
func readTable(local, remote *net.TCPAddr) (uid uint32, err error) {
	own, other := remote.AddrPort(), local.AddrPort()
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		f, err := os.Open(file)
		if err != nil {
			continue
		}
		uid, found, err := findInTable(f, own, other)
		f.Close()
		if err != nil {
			return 0, err
		}
		if found {
			return uid, nil
		}
	}
	return 0, unix.ENOENT
}

func findInTable(table io.Reader, own, other netip.AddrPort) (uid uint32, found bool, err error) {
	own, other = unmapped(own), unmapped(other)
	lines := bufio.NewScanner(table)
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 10 || f[9] == "0" { // no inode: no program has the socket any longer
			continue
		}
		a, ok1 := tableAddress(f[1])
		b, ok2 := tableAddress(f[2])
		if !ok1 || !ok2 || a != own || b != other {
			continue
		}
		n, err := strconv.ParseUint(f[7], 10, 32)
		return uint32(n), err == nil, err
	}
	return 0, false, lines.Err()
}

func unmapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}

// tableAddress parses an address in 32-bit words in host byte order, and a port.
func tableAddress(s string) (netip.AddrPort, bool) {
	words, port, _ := strings.Cut(s, ":")
	b, err := hex.DecodeString(words)
	p, err2 := strconv.ParseUint(port, 16, 16)
	if err != nil || err2 != nil || len(b)%4 != 0 {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(b); i += 4 {
		binary.NativeEndian.PutUint32(b[i:], binary.BigEndian.Uint32(b[i:]))
	}
	a, ok := netip.AddrFromSlice(b)
	return unmapped(netip.AddrPortFrom(a, uint16(p))), ok
}
