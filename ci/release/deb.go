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

// file is one of a package.
type file struct {
	name     string // without leading slash
	mode     int64
	body     []byte
	settings bool // dpkg asks before it replaces it
}

// deb writes a Debian package of the gateway; deb(5).
func deb(version, arch, program, out string) error {
	when, err := date()
	if err != nil {
		return err
	}
	body := map[string][]byte{}
	for _, name := range []string{program, "ci/deb/lotse.service", "ci/deb/postinst", "ci/deb/prerm", "ci/deb/postrm", "config/gateway.example.toml", "ci/deb/copyright"} {
		if body[name], err = os.ReadFile(name); err != nil {
			return err
		}
	}
	files := []file{
		{"usr/bin/lotse", 0o755, body[program], false},
		{"usr/lib/systemd/system/lotse.service", 0o644, body["ci/deb/lotse.service"], false},
		{"etc/lotse/gateway.toml", 0o640, body["config/gateway.example.toml"], true},
		{"usr/share/doc/lotse/gateway.example.toml", 0o644, body["config/gateway.example.toml"], false},
		{"usr/share/doc/lotse/copyright", 0o644, body["ci/deb/copyright"], false},
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
		{"control", 0o644, []byte(control), false}, {"md5sums", 0o644, []byte(sums.String()), false}, {"conffiles", 0o644, []byte(settings.String()), false},
		{"postinst", 0o755, body["ci/deb/postinst"], false}, {"prerm", 0o755, body["ci/deb/prerm"], false}, {"postrm", 0o755, body["ci/deb/postrm"], false},
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

// member writes one of an ar archive; ar(5).
func member(b *bytes.Buffer, name string, when time.Time, body []byte) {
	fmt.Fprintf(b, "%-16s%-12d%-6d%-6d%-8s%-10d`\n", name, when.Unix(), 0, 0, "100644", len(body))
	b.Write(body)
	if len(body)%2 == 1 {
		b.WriteByte('\n')
	}
}

// tarball packs files and the folders that they are in.
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
