package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"html"
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

	"lotse/gateway/clock"
	"lotse/i18n"
	"lotse/tunnel"
	"lotse/whereto"
)

const (
	maxDownloads = 100
	// listEvery is how long the list of the folder's files is reused.
	listEvery = 10 * time.Second
)

var downloadName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$`)

// downloads offers the files of one folder, which the operator may change at any time, or else the
// files built into the program.
type downloads struct {
	root  *os.Root // nil: none, or built in
	files fs.FS    // nil: none
	log   *slog.Logger
	clock clock.Clock

	mu    sync.Mutex
	sums  map[string]downloadSum // Guarded by mu; by name.
	last  []tunnel.Download      // Guarded by mu.
	asked time.Time              // Guarded by mu.
}

type downloadSum struct {
	size   int64
	mtime  time.Time
	sum    string
	signer string
}

// openDownloads takes the folder, else what was built in.
func openDownloads(folder string, builtIn fs.FS, log *slog.Logger, clock clock.Clock) (*downloads, error) {
	d := &downloads{log: log, clock: clock, sums: map[string]downloadSum{}, files: builtIn}
	if folder == "" {
		return d, nil
	}
	var err error
	switch d.root, err = os.OpenRoot(folder); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("gateway: downloads: there is no folder %s; make it and put the agent programs into it, or set downloads = \"\"", folder)
	case err != nil:
		return nil, fmt.Errorf("gateway: downloads: %w", err)
	}
	d.files = d.root.FS()
	return d, nil
}

func (d *downloads) close() {
	if d.root != nil {
		_ = d.root.Close()
	}
}

// list returns the offered files. It reads the folder at most once per listEvery.
func (d *downloads) list() []tunnel.Download {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.files == nil {
		return []tunnel.Download{}
	}
	if d.last != nil && d.clock.Now().Sub(d.asked) < listEvery {
		return d.last
	}
	out := []tunnel.Download{}
	entries, err := fs.ReadDir(d.files, ".")
	if err != nil {
		d.log.Error("downloads not listed", "error", err)
	}
	for _, e := range entries {
		st, err := e.Info()
		if err != nil || !st.Mode().IsRegular() || !downloadName.MatchString(e.Name()) || len(out) >= maxDownloads {
			continue
		}
		f, err := d.files.Open(e.Name())
		if err != nil {
			d.log.Error("download not readable", "file", e.Name(), "error", err)
			continue
		}
		sum, err := d.sumLocked(e.Name(), f)
		f.Close()
		if err != nil {
			d.log.Error("download not readable", "file", e.Name(), "error", err)
			continue
		}
		system, arch := platformOf(e.Name())
		out = append(out, tunnel.Download{OS: system, Arch: arch, File: e.Name(), Size: sum.size, SHA256: sum.sum, Signer: sum.signer})
	}
	d.last, d.asked = out, d.clock.Now()
	return out
}

// sum returns hash and signer of an open file.
func (d *downloads) sum(name string, f fs.File) (downloadSum, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.sumLocked(name, f)
}

func (d *downloads) sumLocked(name string, f fs.File) (downloadSum, error) {
	st, err := f.Stat()
	if err != nil {
		return downloadSum{}, err
	}
	if !st.Mode().IsRegular() {
		return downloadSum{}, fs.ErrNotExist
	}
	if s, ok := d.sums[name]; ok && s.size == st.Size() && s.mtime.Equal(st.ModTime()) {
		return s, nil
	}
	seeker, ok := f.(io.ReadSeeker)
	at, readable := f.(io.ReaderAt)
	if !ok || !readable {
		return downloadSum{}, errors.New("not a file that can be read from its middle")
	}
	h := sha256.New()
	if _, err := io.Copy(h, seeker); err != nil {
		return downloadSum{}, err
	}
	if _, err := seeker.Seek(0, io.SeekStart); err != nil {
		return downloadSum{}, err
	}
	s := downloadSum{size: st.Size(), mtime: st.ModTime(), sum: hex.EncodeToString(h.Sum(nil))}
	if strings.HasSuffix(strings.ToLower(name), ".exe") {
		if s.signer, err = signer(at, st.Size()); err != nil {
			d.log.Warn("download offered as not signed", "file", name, "reason", err)
		}
	}
	d.sums[name] = s
	return s, nil
}

// platformOf finds GOOS and GOARCH in a file name such as lotse-agent-windows-amd64.exe.
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

// offered returns the list with the names under which browsers save the files.
func (s *webSite) offered(host string) []tunnel.Download {
	list := slices.Clone(s.downloads.list())
	for i := range list {
		list[i].Name = savedName(list[i], host)
	}
	return list
}

// savedName returns the name under which a browser saves a file. The agent program finds its
// gateway by this name. guard has checked host.
func savedName(d tunnel.Download, host string) string {
	if d.OS == "" || !strings.HasPrefix(d.File, "lotse-agent") {
		return d.File
	}
	return whereto.ProgramName("https://"+host, d.OS)
}

// download serves one file. Its strong ETag is its hash, so that an interrupted download either
// continues with the same file or starts again.
func (s *webSite) download(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	if s.downloads.files == nil || !downloadName.MatchString(name) {
		s.noDownload(w, r)
		return
	}
	f, err := s.downloads.files.Open(name)
	if err != nil {
		s.noDownload(w, r)
		return
	}
	defer f.Close()
	sum, err := s.downloads.sum(name, f)
	content, ok := f.(io.ReadSeeker)
	if err != nil || !ok {
		s.noDownload(w, r)
		return
	}
	c := clientOf(s.clientAddr(r))
	x := s.transfers.begin(w, c, s.known.has(c, s.now()))
	if x == nil {
		s.fail(w, http.StatusTooManyRequests, tunnel.CodeTooMany, "Too many downloads from this address at the same time; please wait.", 10*time.Second)
		return
	}
	defer s.transfers.end(x)
	system, arch := platformOf(name)
	saved := savedName(tunnel.Download{OS: system, Arch: arch, File: name}, r.Host)
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", `attachment; filename="`+saved+`"`)
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", `"`+sum.sum+`"`)
	http.ServeContent(x, r, "", time.Time{}, content)
}

// downloadForVisitor redirects a visitor to the file for his system. Other sites link to it:
// https://support.example.com/download.
func (s *webSite) downloadForVisitor(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Accept-CH", "Sec-CH-UA-Arch, Sec-CH-UA-Platform")
	h.Set("Vary", "User-Agent, Sec-CH-UA-Arch, Sec-CH-UA-Platform")
	system, arch := visitorSystem(r.Header)
	var best *tunnel.Download
	for _, d := range s.downloads.list() {
		if d.OS == system && (best == nil || d.Arch == arch) {
			best = &d
		}
	}
	if best == nil || system == "" {
		s.noDownload(w, r)
		return
	}
	http.Redirect(w, r, "/download/"+best.File, http.StatusFound)
}

// visitorSystem guesses a visitor's system and processor from his browser's headers. Windows on
// arm64 also runs the program for amd64. Browsers on Macs do not report the processor, so arm64 is
// assumed.
func visitorSystem(h http.Header) (system, arch string) {
	agent := strings.ToLower(h.Get("User-Agent"))
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(agent, w) })
	}
	switch platform := strings.ToLower(strings.Trim(h.Get("Sec-CH-UA-Platform"), `"`)); {
	case has("android", "iphone", "ipad", "ipod"):
		return "", ""
	case platform == "windows", has("windows"):
		system = "windows"
	case platform == "macos", has("macintosh", "mac os"):
		system = "darwin"
	case platform == "linux", has("linux", "x11"):
		system = "linux"
	}
	arch = "amd64"
	if strings.Contains(strings.ToLower(h.Get("Sec-CH-UA-Arch")), "arm") || has("aarch64", "arm64") || system == "darwin" {
		arch = "arm64"
	}
	return system, arch
}

// noDownloadPage is shown where a download link leads to nothing. It needs no script and has its
// text in all languages.
var noDownloadPage = sync.OnceValue(func() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<!doctype html><html lang=%q><meta charset="utf-8">`+
		`<meta name="viewport" content="width=device-width"><title>%s</title>`+"\n",
		i18n.Languages[0], i18n.Languages[0].Text("gateway.noProgram.heading"))
	for i, l := range i18n.Languages {
		if i > 0 {
			b.WriteString("<hr>")
		}
		fmt.Fprintf(&b, "<div lang=%q><h1>%s</h1><p>%s</p><p><a href=\"/\">%s</a></p></div>\n", l,
			html.EscapeString(l.Text("gateway.noProgram.heading")),
			html.EscapeString(l.Text("gateway.noProgram.text")),
			html.EscapeString(l.Text("gateway.noProgram.link")))
	}
	return b.String()
})

func (s *webSite) noDownload(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusNotFound)
	if r.Method != http.MethodHead {
		_, _ = io.WriteString(w, noDownloadPage())
	}
}
