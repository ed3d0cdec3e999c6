package panel

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"testing"

	"lotse/agent/files"
)

// savingSession is a session with one file to save.
type savingSession struct {
	*fakeSession
	next atomic.Pointer[savedFile]
}

// savedFile is what SaveFile writes and returns.
type savedFile struct {
	file    files.OfferedFile
	content string
	fails   error
}

func (s *savingSession) SaveFile(ctx context.Context, key string, begin func(files.OfferedFile) io.Writer, cut func()) error {
	if key != "right" {
		return s.fakeSession.SaveFile(ctx, key, begin, cut)
	}
	next := s.next.Load()
	_, err := io.WriteString(begin(next.file), next.content)
	return errors.Join(err, next.fails)
}

// TestFileDownload checks that a file is a download whatever it contains, that its name cannot
// break out of the header, and that a transfer that fails is no complete download.
func TestFileDownload(t *testing.T) {
	p, fake, server := panelServer(t)
	get := func(path string, headers ...string) (*http.Response, string, error) {
		t.Helper()
		req, err := http.NewRequest(http.MethodGet, server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i+1 < len(headers); i += 2 {
			req.Header.Set(headers[i], headers[i+1])
		}
		res, err := server.Client().Do(req)
		if err != nil {
			return nil, "", err
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		return res, string(body), err
	}
	saving := &savingSession{fakeSession: fake}
	p.session = saving
	page := "<script>alert(1)</script>"
	for name, want := range map[string]string{
		"page.html":     "attachment; filename*=UTF-8''page.html",
		`a"; b=c%20'.é`: "attachment; filename*=UTF-8''a%22%3B%20b%3Dc%2520%27.%C3%A9",
	} {
		saving.next.Store(&savedFile{files.OfferedFile{Name: name, Size: int64(len(page))}, page, nil})
		res, body, err := get("/file/right")
		if err != nil || body != page || res.Header.Get("Content-Disposition") != want ||
			res.Header.Get("Content-Type") != "application/octet-stream" || res.Header.Get("X-Content-Type-Options") != "nosniff" ||
			res.Header.Get("Content-Security-Policy") != "sandbox" || res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %q, %v, %v", name, body, err, res.Header)
		}
	}
	if res, _, err := get("/file/wrong"); err != nil || res.StatusCode != http.StatusNotFound {
		t.Errorf("a wrong key: %v, %v", res, err)
	}
	if res, _, err := get("/file/right", "Origin", "https://evil.example"); err != nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("from another page: %v, %v", res, err)
	}
	saving.next.Store(&savedFile{files.OfferedFile{Name: "lotse.fbs", Size: -1}, "pictures", nil})
	if res, body, err := get("/file/right"); err != nil || body != "pictures" || res.ContentLength != -1 {
		t.Errorf("a recording, whose size is not known: %q, %v, %v", body, err, res.ContentLength)
	}
	for size, content := range map[int64]string{0: "", 1000: "half", -1: "half"} {
		saving.next.Store(&savedFile{files.OfferedFile{Name: "a.txt", Size: size}, content, errors.New("damaged")})
		if res, body, err := get("/file/right"); err == nil {
			t.Errorf("%d bytes that failed: complete, %v, %q", size, res.Status, body)
		}
	}
}
