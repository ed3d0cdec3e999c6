package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// file is a file of a package.
type file struct {
	name     string // without leading slash
	mode     int64
	body     []byte
	settings bool // a configuration file: dpkg asks before it replaces it

	from   string // the file from which body is read
	zipped bool   // compress with gzip
}

// settingsFile is installed as the settings of a new gateway.
const settingsFile = "config/gateway.example.toml"

// contents reads the files of the gateway's package. manual is the folder that ci/manual.sh has
// written.
func contents(program, manual string) ([]file, error) {
	const doc, share = "usr/share/doc/lotse/", "usr/share/"
	files := []file{
		{name: "usr/bin/lotse", mode: 0o755, from: program},
		{name: "usr/lib/systemd/system/lotse.service", mode: 0o644, from: "ci/deb/lotse.service"},
		{name: "etc/lotse/gateway.toml", mode: 0o640, from: settingsFile, settings: true},
		{name: doc + "gateway.example.toml", mode: 0o644, from: settingsFile},
		{name: doc + "copyright", mode: 0o644, from: "ci/deb/copyright"},
		{name: doc + "grafana/lotse.json", mode: 0o644, from: "deploy/grafana/lotse.json"},
		{name: doc + "grafana/alerts.yaml", mode: 0o644, from: "deploy/grafana/alerts.yaml"},
		{name: share + "man/man1/lotse.1.gz", mode: 0o644, from: manual + "/lotse.1", zipped: true},
		// Gateways offer the customer's program, so an operator also expects its manual page.
		{name: share + "man/man1/lotse-agent.1.gz", mode: 0o644, from: manual + "/lotse-agent.1",
			zipped: true},
		{name: share + "bash-completion/completions/lotse", mode: 0o644, from: manual + "/lotse.bash"},
		{name: share + "zsh/vendor-completions/_lotse", mode: 0o644, from: manual + "/lotse.zsh"},
		{name: share + "fish/vendor_completions.d/lotse.fish", mode: 0o644, from: manual + "/lotse.fish"},
	}
	for i := range files {
		f := &files[i]
		var err error
		if f.body, err = os.ReadFile(f.from); err == nil && f.zipped {
			f.body, err = zipped(f.body)
		}
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// zipped compresses a text with gzip, without a date.
func zipped(text []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// deb writes a Debian package of the gateway; see deb(5).
func deb(version, arch, program, manual, out string) error {
	when, err := date()
	if err != nil {
		return err
	}
	files, err := contents(program, manual)
	if err != nil {
		return err
	}
	body := map[string][]byte{}
	for _, name := range []string{"ci/deb/postinst", "ci/deb/prerm", "ci/deb/postrm"} {
		if body[name], err = os.ReadFile(name); err != nil {
			return err
		}
	}
	var sums, settings strings.Builder
	size := 0
	for _, f := range files {
		size += len(f.body)
		if f.settings {
			fmt.Fprintf(&settings, "/%s\n", f.name)
		} else {
			fmt.Fprintf(&sums, "%x  %s\n", md5.Sum(f.body), f.name)
		}
	}
	control := fmt.Sprintf(`Package: lotse
Version: %s
Architecture: %s
Maintainer: The operators of Lotse <root@localhost>
Installed-Size: %d
Depends: adduser
Recommends: ca-certificates
Section: net
Priority: optional
Description: gateway for self-hosted remote support over VNC
 Customers start one small program or open a page, type the number that their
 advisor tells them, and decide what he may see and do. The gateway relays what
 it cannot read.
`, debianVersion(version), arch, (size+1023)/1024)
	controlTar, err := tarball(when, []file{
		{name: "control", mode: 0o644, body: []byte(control)},
		{name: "md5sums", mode: 0o644, body: []byte(sums.String())},
		{name: "conffiles", mode: 0o644, body: []byte(settings.String())},
		{name: "postinst", mode: 0o755, body: body["ci/deb/postinst"]},
		{name: "prerm", mode: 0o755, body: body["ci/deb/prerm"]},
		{name: "postrm", mode: 0o755, body: body["ci/deb/postrm"]},
	})
	if err != nil {
		return err
	}
	dataTar, err := tarball(when, files)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	b.WriteString("!<arch>\n")
	member(&b, "debian-binary", when, []byte("2.0\n"))
	member(&b, "control.tar.gz", when, controlTar)
	member(&b, "data.tar.gz", when, dataTar)
	return os.WriteFile(out, b.Bytes(), 0o644)
}

// member writes one member of an ar archive; see ar(5).
func member(b *bytes.Buffer, name string, when time.Time, body []byte) {
	fmt.Fprintf(b, "%-16s%-12d%-6d%-6d%-8s%-10d`\n", name, when.Unix(), 0, 0, "100644", len(body))
	b.Write(body)
	if len(body)%2 == 1 {
		b.WriteByte('\n')
	}
}

// tarball packs files and their folders.
func tarball(when time.Time, files []file) ([]byte, error) {
	var b bytes.Buffer
	zip, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	w := tar.NewWriter(zip)
	made := map[string]bool{}
	for _, f := range files {
		for i, c := range f.name {
			if dir := "./" + f.name[:i+1]; c == '/' && !made[dir] {
				made[dir] = true
				if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir, Mode: 0o755, ModTime: when, Format: tar.FormatGNU}); err != nil {
					return nil, err
				}
			}
		}
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "./" + f.name, Mode: f.mode, Size: int64(len(f.body)), ModTime: when, Format: tar.FormatGNU}); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.body); err != nil {
			return nil, err
		}
	}
	for _, c := range []io.Closer{w, zip} {
		if err := c.Close(); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}
