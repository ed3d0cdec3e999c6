package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"lotse/tunnel"
)

const (
	maxDownloads = 100
	// downloadTimeout replaces the answer's time-out: slow lines are customers', too.
	downloadTimeout = time.Hour
	// listEvery is how often the folder is looked at.
	listEvery = 10 * time.Second
)

var downloadName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$`)

// downloads offers the files of one folder. The operator may change them at any
// time; sums are computed again then.
type downloads struct {
	root *os.Root // nil: none
	log  *slog.Logger

	mu    sync.Mutex
	sums  map[string]downloadSum // Guarded by mu; by name.
	last  []tunnel.Download      // Guarded by mu.
	asked time.Time              // Guarded by mu.
}

type downloadSum struct {
	size  int64
	mtime time.Time
	sum   string
}

func openDownloads(folder string, log *slog.Logger) (*downloads, error) {
	d := &downloads{log: log, sums: map[string]downloadSum{}}
	if folder == "" {
		return d, nil
	}
	var err error
	if d.root, err = os.OpenRoot(folder); errors.Is(err, fs.ErrNotExist) {
		return d, nil // nothing to offer yet is no reason not to start
	} else if err != nil {
		return nil, fmt.Errorf("gateway: downloads: %w", err)
	}
	return d, nil
}

func (d *downloads) close() {
	if d.root != nil {
		_ = d.root.Close()
	}
}

// list returns what there is, looked up at most every listEvery.
func (d *downloads) list() []tunnel.Download {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.root == nil {
		return []tunnel.Download{}
	}
	if d.last != nil && time.Since(d.asked) < listEvery {
		return d.last
	}
	out := []tunnel.Download{}
	entries, err := fs.ReadDir(d.root.FS(), ".")
	if err != nil {
		d.log.Error("downloads not listed", "error", err)
	}
	for _, e := range entries {
		st, err := e.Info()
		if err != nil || !st.Mode().IsRegular() || !downloadName.MatchString(e.Name()) || len(out) >= maxDownloads {
			continue
		}
		sum, err := d.sumLocked(e.Name(), st)
		if err != nil {
			d.log.Error("download not readable", "file", e.Name(), "error", err)
			continue
		}
		system, arch := platformOf(e.Name())
		out = append(out, tunnel.Download{OS: system, Arch: arch, File: e.Name(), Size: st.Size(), SHA256: sum})
	}
	d.last, d.asked = out, time.Now()
	return out
}

func (d *downloads) sumLocked(name string, st fs.FileInfo) (string, error) {
	if s, ok := d.sums[name]; ok && s.size == st.Size() && s.mtime.Equal(st.ModTime()) {
		return s.sum, nil
	}
	f, err := d.root.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	s := downloadSum{size: st.Size(), mtime: st.ModTime(), sum: hex.EncodeToString(h.Sum(nil))}
	d.sums[name] = s
	return s.sum, nil
}

// platformOf reads Go's names of system and processor out of a file name such
// as lotse-agent-windows-amd64.exe.
func platformOf(name string) (system, arch string) {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return strings.ContainsRune("-_.+", r) })
	for _, w := range words {
		switch {
		case slices.Contains([]string{"windows", "linux", "darwin", "freebsd"}, w):
			system = w
		case slices.Contains([]string{"amd64", "arm64", "386", "arm", "riscv64", "universal"}, w):
			arch = w
		}
	}
	if system == "" && strings.HasSuffix(strings.ToLower(name), ".exe") {
		system = "windows"
	}
	return system, arch
}

func (s *server) download(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	if s.downloads.root == nil || !downloadName.MatchString(name) {
		s.page(w, r)
		return
	}
	f, err := s.downloads.root.Open(name)
	if err != nil {
		s.page(w, r)
		return
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil || !st.Mode().IsRegular() {
		s.page(w, r)
		return
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(downloadTimeout))
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, "", st.ModTime(), f)
}
