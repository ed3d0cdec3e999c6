package peer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Supported is true: Windows reports the user.
const Supported = true

var getTCPTable = windows.NewLazySystemDLL("iphlpapi.dll").NewProc("GetExtendedTcpTable")

// These constants are from iprtrmib.h.
const (
	tableOwnerConnections = 4 // TCP_TABLE_OWNER_PID_CONNECTIONS
	row4, row6            = 24, 56
	maxTable              = 64 << 20
	// maxReads is how often the table is read again for a connection that is in it without an
	// owner. On a busy computer wine reports one in fifty that way, and has the owner at the
	// next read.
	maxReads = 20
	// maxTableTries is how often one read is tried.
	maxTableTries = 10
)

func check(local, remote *net.TCPAddr) error {
	own, err := userOf(windows.CurrentProcess())
	if err != nil {
		return fmt.Errorf("%w: this program's user is not known: %w", ErrOther, err)
	}
	pid, err := processOf(local, remote)
	switch {
	case errors.Is(err, errNoSocket):
		return ErrNotFound
	case err != nil:
		return fmt.Errorf("%w: the system does not tell: %w", ErrOther, err)
	}
	process, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, pid)
	if err != nil {
		return fmt.Errorf("%w: process %d cannot be looked at: %w", ErrOther, pid, err)
	}
	defer windows.CloseHandle(process)
	user, err := userOf(process)
	switch {
	case err != nil:
		return fmt.Errorf("%w: process %d: %w", ErrOther, pid, err)
	case !user.Equals(own):
		return fmt.Errorf("%w: it is process %d", ErrOther, pid)
	}
	return nil
}

// userOf returns the user of a process.
func userOf(process windows.Handle) (*windows.SID, error) {
	var token windows.Token
	if err := windows.OpenProcessToken(process, windows.TOKEN_QUERY, &token); err != nil {
		return nil, err
	}
	defer token.Close()
	u, err := token.GetTokenUser()
	if err != nil {
		return nil, err
	}
	return u.User.Sid.Copy()
}

var errNoSocket = errors.New("no program has that socket")

// processOf returns the process whose socket has the address remote and the peer local.
func processOf(local, remote *net.TCPAddr) (uint32, error) {
	v4 := local.IP.To4() != nil && remote.IP.To4() != nil
	tables := []int32{windows.AF_INET6}
	if v4 {
		tables = []int32{windows.AF_INET, windows.AF_INET6} // the latter contains mapped addresses
	}
	for range maxReads {
		known := false
		for _, family := range tables {
			table, err := readTable(family)
			if err != nil {
				return 0, err
			}
			switch pid, ok := findInTable(table, family, local, remote); {
			case pid != 0:
				return pid, nil
			case ok:
				known = true
			}
		}
		if !known {
			break
		}
	}
	return 0, errNoSocket
}

func readTable(family int32) ([]byte, error) {
	size := uint32(16 << 10)
	for tries := range maxTableTries { // the table may grow between the calls
		table := make([]byte, size)
		r, _, _ := getTCPTable.Call(uintptr(unsafe.Pointer(&table[0])), uintptr(unsafe.Pointer(&size)), 0, uintptr(family), tableOwnerConnections, 0)
		switch err := windows.Errno(r); {
		case err == 0:
			return table, nil
		case err == windows.ERROR_OUTOFMEMORY && tries < maxTableTries-1:
			// Wine says this when the table grew while it was being read.
		case err != windows.ERROR_INSUFFICIENT_BUFFER || size > maxTable:
			return nil, err
		}
	}
	return nil, windows.ERROR_INSUFFICIENT_BUFFER
}

// findInTable searches MIB_TCPTABLE_OWNER_PID or MIB_TCP6TABLE_OWNER_PID. ok reports whether the
// connection is there; a pid of 0 means that it has no owner.
func findInTable(table []byte, family int32, local, remote *net.TCPAddr) (pid uint32, ok bool) {
	h := binary.LittleEndian
	rows := table[4:]
	for range h.Uint32(table) {
		var own, other net.IP
		var ownPort, otherPort, owner uint32
		if family == windows.AF_INET {
			if len(rows) < row4 {
				return 0, ok
			}
			// dwState, dwLocalAddr, dwLocalPort, dwRemoteAddr, dwRemotePort, dwOwningPid.
			own, other = rows[4:8], rows[12:16]
			ownPort, otherPort, owner = h.Uint32(rows[8:]), h.Uint32(rows[16:]), h.Uint32(rows[20:])
			rows = rows[row4:]
		} else {
			if len(rows) < row6 {
				return 0, ok
			}
			// ucLocalAddr, dwLocalScopeId, dwLocalPort, ucRemoteAddr, dwRemoteScopeId,
			// dwRemotePort, dwState, dwOwningPid.
			own, other = rows[0:16], rows[24:40]
			ownPort, otherPort, owner = h.Uint32(rows[20:]), h.Uint32(rows[44:]), h.Uint32(rows[52:])
			rows = rows[row6:]
		}
		if own.Equal(remote.IP) && other.Equal(local.IP) && swapped(ownPort) == remote.Port && swapped(otherPort) == local.Port {
			if ok = true; owner != 0 {
				return owner, true
			}
		}
	}
	return 0, ok
}

// swapped converts a port from network byte order in the lower half of a word.
func swapped(port uint32) int { return int(port&0xff)<<8 | int(port>>8&0xff) }
