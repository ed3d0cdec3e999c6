package gateway

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"lotse/gateway/clock"
)

func TestDownloads(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	content := bytes.Repeat([]byte("program"), 1000)
	for name, b := range map[string][]byte{"lotse-agent-windows-amd64.exe": content, "manual.pdf": content, ".hidden": content, "with space": content} {
		if err := os.WriteFile(filepath.Join(folder, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(folder, "passwd")); err != nil {
		t.Fatal(err)
	}
	r := start(t, func(c *Config) { c.Programs.Folder = folder })
	info, err := r.client().Info(t.Context())
	if err != nil || info.Name != "Example Support" || info.Version != "test" || len(info.Downloads) != 2 {
		t.Fatalf("%+v, %v", info, err)
	}
	sum := sha256.Sum256(content)
	d := info.Downloads[0]
	if d.OS != "windows" || d.Arch != "amd64" || d.Size != int64(len(content)) || d.SHA256 != hex.EncodeToString(sum[:]) || d.Signer != "" {
		t.Errorf("%+v", d)
	}
	if info.Downloads[1].Name != "manual.pdf" {
		t.Errorf("%+v", info.Downloads[1])
	}
	status, h, body := r.ask("GET", "/download/"+d.File, "", nil)
	if status != 200 || body != string(content) || h.Get("ETag") != `"`+d.SHA256+`"` || h.Get("Cache-Control") != "no-cache" ||
		h.Get("Content-Type") != "application/octet-stream" || h.Get("Content-Disposition") != `attachment; filename="`+d.Name+`"` {
		t.Errorf("whole: %d %v", status, h)
	}
	resume := func(etag string) (int, string) {
		status, _, body := r.ask("GET", "/download/"+d.File, "", func(q *http.Request) {
			q.Header.Set("Range", "bytes=6990-")
			q.Header.Set("If-Range", etag)
		})
		return status, body
	}
	if status, body := resume(h.Get("ETag")); status != 206 || body != string(content[6990:]) {
		t.Errorf("resumed: %d %q", status, body)
	}
	if status, body := resume(`"another file"`); status != 200 || len(body) != len(content) {
		t.Errorf("resumed after a change: %d, %d bytes", status, len(body))
	}
	if status, h, body := r.ask("HEAD", "/download/"+d.File, "", nil); status != 200 || body != "" || h.Get("Content-Length") != "7000" {
		t.Errorf("HEAD: %d %v %q", status, h, body)
	}
	if status, _, _ := r.ask("GET", "/download/"+d.File, "", func(q *http.Request) { q.Header.Set("If-None-Match", h.Get("ETag")) }); status != 304 {
		t.Errorf("unchanged: %d", status)
	}
	for _, path := range []string{"/download/passwd", "/download/.hidden", "/download/..%2f..%2fetc%2fpasswd", "/download/none"} {
		if status, _, body := r.ask("GET", path, "", nil); status != 404 || !strings.Contains(body, `<a href="/">`) {
			t.Errorf("%s: %d %q", path, status, body)
		}
	}
	// A new file under the old name is never served with the old ETag.
	if err := os.WriteFile(filepath.Join(folder, d.File), append(content, 'x'), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, body := resume(h.Get("ETag")); status != 200 || len(body) != len(content)+1 {
		t.Errorf("resumed after an update: %d, %d bytes", status, len(body))
	}
}

func TestDownloadForVisitor(t *testing.T) {
	t.Parallel()
	programs := fstest.MapFS{}
	for _, name := range []string{"lotse-agent-windows-amd64.exe", "lotse-agent-windows-arm64.exe", "lotse-agent-linux-amd64", "lotse-agent-linux-arm64"} {
		programs[name] = &fstest.MapFile{Data: []byte(name), Mode: 0o444}
	}
	r := start(t, func(c *Config) { c.Programs.BuiltIn = programs })
	const windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36"
	for _, c := range []struct{ agent, arch, want string }{
		{windows, "", "windows-amd64.exe"}, {windows, `"arm"`, "windows-arm64.exe"}, {windows, `"x86"`, "windows-amd64.exe"},
		{"Mozilla/5.0 (X11; Linux x86_64; rv:115.0)", "", "linux-amd64"}, {"Mozilla/5.0 (X11; Linux aarch64; rv:115.0)", "", "linux-arm64"},
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", "", ""}, {"Mozilla/5.0 (Linux; Android 14)", "", ""},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X)", "", ""}, {"", "", ""},
	} {
		status, h, body := r.ask("GET", "/download", "", func(q *http.Request) {
			q.Header.Set("User-Agent", c.agent)
			q.Header.Set("Sec-CH-UA-Arch", c.arch)
		})
		if c.want == "" && (status != 404 || !strings.Contains(body, "Nothing is downloaded")) ||
			c.want != "" && (status != 302 || h.Get("Location") != "/download/lotse-agent-"+c.want) {
			t.Errorf("%q, %q: %d %v", c.agent, c.arch, status, h)
		}
		if !strings.Contains(h.Get("Accept-CH"), "Sec-CH-UA-Arch") {
			t.Errorf("no hint asked for: %v", h)
		}
	}
	if status, _, body := r.ask("GET", "/download/lotse-agent-linux-arm64", "", nil); status != 200 || body != "lotse-agent-linux-arm64" {
		t.Errorf("built in: %d %q", status, body)
	}
}

func TestMissingDownloads(t *testing.T) {
	_, err := openDownloads(filepath.Join(t.TempDir(), "none"), nil, slog.New(slog.DiscardHandler), clock.System{})
	if err == nil || !strings.Contains(err.Error(), "there is no folder") {
		t.Errorf("%v", err)
	}
}

// FuzzSigner: no file in the folder crashes the gateway.
func FuzzSigner(f *testing.F) {
	f.Add([]byte("MZ"))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = signer(bytes.NewReader(b), int64(len(b)))
		_, _ = parseSigned(b)
	})
}
