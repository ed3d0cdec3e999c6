package gateway

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"
	"time"
)

// pages are the static files of the program, read once at the start.
type pages struct {
	files map[string]pageFile // by URL path
}

type pageFile struct {
	body        []byte
	contentType string
	etag        string
	immutable   bool
}

// pageTypes is used instead of the operating system's table, which differs between machines; with
// nosniff, browsers refuse a file of the wrong type.
var pageTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8",
	".css": "text/css; charset=utf-8", ".json": "application/json", ".svg": "image/svg+xml", ".png": "image/png",
	".ico": "image/x-icon", ".webp": "image/webp", ".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8",
	".wasm": "application/wasm", ".oga": "audio/ogg", ".mp3": "audio/mpeg", ".map": "application/json",
	".webmanifest": "application/manifest+json",
}

// hashedName matches a name that contains a content hash, such as app-3fZ8kQ1x.js.
var hashedName = regexp.MustCompile(`[-.][A-Za-z0-9_]{8,}\.[a-z0-9]+$`)

// maxPages limits the size of all pages in memory.
const maxPages = 64 << 20

// readPages reads index.html, advisor.html, favicons and assets/. Other files are not served.
func readPages(files fs.FS) (*pages, error) {
	p := &pages{files: map[string]pageFile{}}
	if files == nil {
		return p, nil
	}
	total := 0
	err := fs.WalkDir(files, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		url := pageURL(name)
		typ, known := pageTypes[path.Ext(name)]
		if url == "" || !known {
			return nil
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		if total += len(body); total > maxPages {
			return fmt.Errorf("more than %d bytes", maxPages)
		}
		sum := sha256.Sum256(body)
		p.files[url] = pageFile{body: body, contentType: typ,
			etag:      `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`,
			immutable: strings.HasPrefix(url, "/assets/") && hashedName.MatchString(name)}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("gateway: pages: %w", err)
	}
	return p, nil
}

// pageURL returns the URL path of a file, or "" if it is not served.
func pageURL(name string) string {
	switch {
	case name == "index.html":
		return "/"
	case name == "advisor.html":
		return "/advisor"
	case strings.HasPrefix(name, "assets/"), name == "favicon.ico", name == "favicon.svg", name == "robots.txt":
		return "/" + name
	}
	return ""
}

func (s *webSite) page(w http.ResponseWriter, r *http.Request) {
	f, ok := s.pages.files[r.URL.Path]
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	if !ok {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte("There is no such page on this gateway.\n"))
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("ETag", f.etag)
	if f.immutable {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.body))
}
