package panel

import (
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"lotse/agent/files"
)

// file serves a file that the customer has accepted, or the recording that the advisor makes, as a
// download, once; PANEL.md. So his browser saves it: it decides where, marks it as coming from the
// Internet, and has it scanned.
func (p *Panel) file(w http.ResponseWriter, r *http.Request) {
	began := false
	control := http.NewResponseController(w)
	err := p.session.SaveFile(r.Context(), r.PathValue("key"), func(f files.OfferedFile) io.Writer {
		began = true
		h := w.Header()
		h.Set("Content-Type", "application/octet-stream")
		if f.Size >= 0 {
			h.Set("Content-Length", strconv.FormatInt(f.Size, 10))
		}
		h.Set("Content-Disposition", "attachment; filename*=UTF-8''"+strings.ReplaceAll(url.QueryEscape(f.Name), "+", "%20"))
		h.Set("Content-Security-Policy", "sandbox")
		h.Set("Cache-Control", "no-store")
		if f.Size != 0 {
			_ = control.Flush() // then the browser can ask where to save it; an empty file would be complete
		}
		if f.Size < 0 {
			return flushed{w, control}
		}
		return w
	}, func() { _ = control.SetWriteDeadline(time.Now()) })
	switch {
	case err == nil:
	case !began:
		http.Error(w, "This file cannot be saved, or not any more.", http.StatusNotFound)
	default:
		// Without this, a browser could take what it has for the whole of an empty file, or wait.
		panic(http.ErrAbortHandler)
	}
}

// flushed sends every write at once: a recording may grow slowly.
type flushed struct {
	http.ResponseWriter
	control *http.ResponseController
}

// Write implements io.Writer.
func (f flushed) Write(b []byte) (int, error) {
	n, err := f.ResponseWriter.Write(b)
	if err == nil {
		err = f.control.Flush()
	}
	return n, err
}
