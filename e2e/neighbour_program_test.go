package e2e

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// neighbourVariable is the environment variable that turns the test binary into the program of
// another user of this computer. That program reads everything that the system lets it read,
// again and again, until its input ends.
//
// The variable's value is a time in seconds since 1970; the program ignores files that last
// changed before it. Lines of input are "port N", which adds a port to try, and "round N",
// which requests the report that one whole round is over. Each line of output is one sighting.
const neighbourVariable = "LOTSE_E2E_NEIGHBOUR"

// sighting is something that the neighbour has seen.
type sighting struct {
	Where string
	Data  []byte `json:",omitempty"`
	Round string `json:",omitempty"` // that round is over
}

const (
	// maxSeen limits the bytes that are read of one file or connection.
	maxSeen = 256 << 10
	// maxFiles limits the files that are visited in one folder.
	maxFiles = 20_000
	// portPatience limits the wait for a port's answer.
	portPatience = 400 * time.Millisecond
	// crowd is the number of connections to one port that are held at once to keep others out.
	crowd = 40
)

type neighbour struct {
	began time.Time

	mu    sync.Mutex
	out   *json.Encoder              // Guarded by mu.
	known map[[sha256.Size]byte]bool // Guarded by mu.
	ports []int                      // Guarded by mu.
	asked []string                   // Guarded by mu; rounds to report.
}

func beNeighbour(in io.Reader, out io.Writer) {
	began, _ := strconv.ParseInt(os.Getenv(neighbourVariable), 10, 64)
	n := &neighbour{began: time.Unix(began, 0), out: json.NewEncoder(out), known: map[[sha256.Size]byte]bool{}}
	over := make(chan struct{})
	go func() {
		defer close(over)
		for lines := bufio.NewScanner(in); lines.Scan(); {
			what, value, _ := strings.Cut(lines.Text(), " ")
			n.mu.Lock()
			if port, err := strconv.Atoi(value); what == "port" && err == nil {
				n.ports = append(n.ports, port)
			} else {
				n.asked = append(n.asked, value)
			}
			n.mu.Unlock()
		}
	}()
	for {
		n.mu.Lock()
		asked, ports := n.asked, n.ports
		n.asked = nil
		n.mu.Unlock()
		n.processes()
		n.files()
		n.memory()
		n.knock(ports)
		n.mu.Lock()
		for _, round := range asked {
			_ = n.out.Encode(sighting{Round: round})
		}
		n.mu.Unlock()
		select {
		case <-over:
			return
		default:
		}
	}
}

// saw reports what was not seen before.
func (n *neighbour) saw(where string, data []byte) {
	id := sha256.Sum256(append([]byte(where+"\x00"), data...))
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.known[id] {
		n.known[id] = true
		_ = n.out.Encode(sighting{Where: where, Data: data})
	}
}

func (n *neighbour) file(path string) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return
	}
	defer f.Close()
	if data, err := io.ReadAll(io.LimitReader(f, maxSeen)); err == nil || len(data) > 0 {
		n.saw(path, data)
	}
}

// processes reads what /proc shows of all programs.
func (n *neighbour) processes() {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err != nil {
			continue
		}
		folder := filepath.Join("/proc", e.Name())
		for _, name := range []string{"cmdline", "environ", "comm", "maps"} {
			n.file(filepath.Join(folder, name))
		}
		open, _ := os.ReadDir(filepath.Join(folder, "fd"))
		for _, fd := range open {
			n.file(filepath.Join(folder, "fd", fd.Name()))
		}
	}
	n.file("/proc/net/unix")
}

// files reads what is new in the folders that every user may use.
func (n *neighbour) files() {
	for _, root := range []string{os.TempDir(), "/dev/shm", "/run", "/var/tmp", "/tmp"} {
		left := maxFiles
		_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if left--; left < 0 {
				return fs.SkipAll
			}
			if err != nil {
				return nil
			}
			info, err := d.Info()
			if err != nil {
				return nil
			}
			s, ok := info.Sys().(*syscall.Stat_t)
			if !ok || time.Unix(s.Ctim.Unix()).Before(n.began) {
				return nil
			}
			n.saw(path, nil)
			if d.Type().IsRegular() {
				n.file(path)
			}
			return nil
		})
	}
}

// memory attaches the shared memory segments that it may attach.
func (n *neighbour) memory() {
	table, _ := os.ReadFile("/proc/sysvipc/shm")
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line) // key shmid perms size cpid …
		if len(f) < 5 {
			continue
		}
		id, err := strconv.Atoi(f[1])
		if err != nil {
			continue
		}
		if b, err := unix.SysvShmAttach(id, 0, unix.SHM_RDONLY); err == nil {
			n.saw("shared memory of process "+f[4], nil)
			_ = unix.SysvShmDetach(b)
		}
	}
}

// knock tries each port with every protocol that our programs speak. Meanwhile it keeps many
// connections open.
func (n *neighbour) knock(ports []int) {
	var wg sync.WaitGroup
	for _, port := range ports {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		wg.Go(func() {
			var held []net.Conn
			defer func() {
				for _, c := range held {
					c.Close()
				}
			}()
			for range crowd {
				if c, err := net.DialTimeout("tcp", address, portPatience); err == nil {
					held = append(held, c)
				}
			}
			n.talk(address, "silence", nil)
			n.talk(address, "RFB", speakRFB)
			page := fmt.Sprintf("Host: %s\r\nOrigin: http://%s\r\n", address, address)
			for what, request := range map[string]string{
				"page":      "GET / HTTP/1.1\r\n" + page + "Connection: close\r\n\r\n",
				"metrics":   "GET /metrics HTTP/1.1\r\n" + page + "Connection: close\r\n\r\n",
				"token":     "POST /api/open HTTP/1.1\r\n" + page + "Connection: close\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{\"token\":\"\"}",
				"thumbnail": "GET /api/thumbnail HTTP/1.1\r\n" + page + "X-Lotse-Key: x\r\nConnection: close\r\n\r\n",
				"events":    "GET /api/events HTTP/1.1\r\n" + page + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
			} {
				n.talk(address, what, func(c net.Conn, _ func(int) []byte) { _, _ = io.WriteString(c, request) })
			}
		})
	}
	wg.Wait()
}

// talk connects to a port, calls say, and reports all bytes that come back.
func (n *neighbour) talk(address, what string, say func(c net.Conn, read func(int) []byte)) {
	c, err := net.DialTimeout("tcp", address, portPatience)
	if err != nil {
		return
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(portPatience))
	var got bytes.Buffer
	heard := io.TeeReader(c, &got)
	if say != nil {
		say(c, func(k int) []byte {
			b := make([]byte, k)
			_, _ = io.ReadFull(heard, b)
			return b
		})
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(heard, maxSeen))
	if got.Len() > 0 {
		n.saw("port "+address+" "+what, got.Bytes())
	}
}

// speakRFB acts as a viewer without a password: it requests the screen and types.
func speakRFB(c net.Conn, read func(int) []byte) {
	read(12)
	_, _ = io.WriteString(c, "RFB 003.008\n")
	read(int(read(1)[0]))
	_, _ = c.Write([]byte{1}) // security type None
	read(4)
	_, _ = c.Write([]byte{1}) // shared
	read(24)
	for _, key := range []byte("neighbour\r") {
		for _, down := range []byte{1, 0} {
			_, _ = c.Write(binary.BigEndian.AppendUint32([]byte{4, down, 0, 0}, uint32(key)))
		}
	}
	_, _ = c.Write([]byte{3, 0, 0, 0, 0, 0, 0, 64, 0, 64})
}

// listeningPorts returns the TCP ports on which the given processes listen. Only root or the
// owner of the processes can find them.
func listeningPorts(processes map[int]bool) (ports []int) {
	inodes := map[string]bool{}
	for pid := range processes {
		folder := filepath.Join("/proc", strconv.Itoa(pid), "fd")
		open, _ := os.ReadDir(folder)
		for _, fd := range open {
			if to, err := os.Readlink(filepath.Join(folder, fd.Name())); err == nil && strings.HasPrefix(to, "socket:[") {
				inodes[strings.Trim(to, "socket:[]")] = true
			}
		}
	}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		all, _ := os.ReadFile(table)
		for line := range strings.Lines(string(all)) {
			f := strings.Fields(line)
			if len(f) < 10 || f[3] != "0A" || !inodes[f[9]] { // TCP_LISTEN
				continue
			}
			if b, err := hex.DecodeString(f[1][strings.LastIndexByte(f[1], ':')+1:]); err == nil && len(b) == 2 {
				ports = append(ports, int(binary.BigEndian.Uint16(b)))
			}
		}
	}
	return ports
}

// descendants returns the processes that this process started, directly or indirectly.
func descendants() map[int]bool {
	parents := map[int]int{}
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "stat"))
		if at := bytes.LastIndexByte(stat, ')'); at >= 0 {
			if f := strings.Fields(string(stat[at+1:])); len(f) > 1 {
				parents[pid], _ = strconv.Atoi(f[1])
			}
		}
	}
	ours := map[int]bool{os.Getpid(): true}
	for grew := true; grew; {
		grew = false
		for pid, parent := range parents {
			if ours[parent] && !ours[pid] {
				ours[pid], grew = true, true
			}
		}
	}
	return ours
}
