package doctor

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	leastFree = 100 << 20 // bytes; with less, the audit trail will soon fail
	// spareFiles is how many files the gateway opens in addition to connections.
	spareFiles = 256
	mega       = 1 << 20
)

// certificateFiles checks the files in the settings, because a proxy may show another certificate.
func (e *examination) certificateFiles() {
	const name = "certificate files"
	t := e.Settings.TLS
	if t.Mode != "files" || t.Cert == "" || t.Key == "" {
		return
	}
	pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
	switch {
	case errors.Is(err, fs.ErrPermission):
		e.say(name, Warn,
			"Run lotse doctor as the gateway's user (sudo -u lotse) or as root.",
			"cannot be read: %v", err)
		return
	case err != nil:
		e.say(name, Fail,
			"Correct tls.cert and tls.key: PEM files of one certificate and its key.",
			"%v", err)
		return
	}
	left := pair.Leaf.NotAfter.Sub(e.Now())
	switch {
	case left < 0:
		e.say(name, Fail, "Renew it. The gateway reads new files by itself.",
			"the certificate in %s ended on %s", t.Cert, pair.Leaf.NotAfter.Format(time.DateOnly))
	case left < daysLeft:
		e.say(name, Warn,
			"Renew it. The gateway reads new files by itself.",
			"%s: only %d days left", t.Cert,
			days(left))
	case e.leaf != nil && !e.proxied && !e.leaf.Equal(pair.Leaf):
		e.say(name, Warn, "Send SIGHUP (systemctl reload lotse) and look at its log.",
			"the gateway shows another certificate than that in %s", t.Cert)
	default:
		e.ok(name, "%s and its key fit, %d days left", t.Cert, days(left))
	}
}

// disk checks the data folder.
func (e *examination) disk() {
	const name = "disk"
	folder := e.Settings.Data
	st, err := os.Stat(folder)
	switch {
	case errors.Is(err, fs.ErrPermission):
		e.say(name, Warn, "Run lotse doctor as the gateway's user (sudo -u lotse) or as root.", "%v", err)
		return
	case err != nil:
		e.say(name, Fail, "Make the folder for the gateway's user, or correct data.", "%v", err)
		return
	case !st.IsDir():
		e.say(name, Fail, "Correct data: it must be a folder.", "%s is no folder", folder)
		return
	}
	if err := tryWrite(folder); err != nil {
		fix := "Make the folder writable for the gateway's user (chown lotse " + folder + "), and see that the disk " +
			"is not full."
		if errors.Is(err, fs.ErrPermission) && os.Geteuid() != 0 {
			fix += " If lotse doctor does not run as the gateway's user, run it so: sudo -u lotse."
		}
		e.say(name, Fail, fix, "nothing can be written in %s: %v", folder, err)
		return
	}
	free, known := freeBytes(folder)
	audit := int64(e.Settings.Audit.Megabytes) * int64(e.Settings.Audit.Files+1) * mega
	switch {
	case known && free < leastFree:
		e.say(name, Fail,
			"Make room. When the disk is full, the audit trail has gaps.",
			"%s has %d MB left", folder,
			free/mega)
	case known && free < audit:
		e.say(name, Warn, "Make room, or lower audit.megabytes or audit.files.",
			"%s has %d MB left, and the audit trail may take %d MB", folder, free/mega, audit/mega)
	case st.Mode().Perm()&0o077 != 0 && othersMayRead:
		e.say(name, Warn, "chmod 700 "+folder, "other users of this computer may look into %s", folder)
	case known:
		e.ok(name, "%s can be written, %d MB left", folder, free/mega)
	default:
		e.ok(name, "%s can be written", folder)
	}
}

// tryWrite writes a file and removes it.
func tryWrite(folder string) error {
	f, err := os.CreateTemp(folder, ".doctor-")
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, 4096))
	return errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name()))
}

// limits compares the number of files that the process may open with the number of connections it
// accepts.
func (e *examination) limits(ctx context.Context) {
	const name = "limits"
	metrics, err := e.metrics(ctx)
	allowed, whose := int64(0), "the running gateway"
	if v, ok := metrics["lotse_open_files_limit"]; ok {
		allowed = v
	} else {
		allowed, whose = openFiles(), "a program started here"
	}
	connections := int64(e.Settings.Limits.Connections)
	fix := fmt.Sprintf("Raise LimitNOFILE in the systemd unit to %d (systemctl edit lotse), or lower "+
		"limits.connections.", connections+spareFiles)
	switch {
	case allowed == 0:
		e.ok(name, "this system does not bound open files")
	case allowed < connections:
		e.say(name, Fail,
			fix,
			"%s may open %d files, but limits.connections is %d", whose,
			allowed, connections)
	case allowed < connections+spareFiles:
		e.say(name, Warn,
			fix,
			"%s may open %d files, hardly more than limits.connections, %d", whose,
			allowed, connections)
	default:
		e.ok(name, "%s may open %d files, for %d connections", whose, allowed, connections)
	}
	e.metricsListener(err)
}

// metricsListener reports whether monitoring works, and who else can access it.
func (e *examination) metricsListener(err error) {
	const name = "metrics"
	listen := e.Settings.Metrics.Listen
	host, _, _ := net.SplitHostPort(listen)
	ip, _ := netip.ParseAddr(host)
	switch {
	case listen == "":
		e.ok(name, "switched off")
	case err != nil:
		e.say(name, Warn, "Is the gateway running, with these settings? Its log says whether it listens.",
			"nothing answers at %s: %v", listen, err)
	case host != "localhost" && !ip.IsLoopback():
		e.say(name, Warn, "Listen on 127.0.0.1 only, or let a firewall admit nobody but Prometheus.",
			"other computers may reach %s, which has no TLS and no password", listen)
	default:
		e.ok(name, "served at %s, for this computer only", listen)
	}
}

// metrics returns the values without labels from the gateway's metrics page.
func (e *examination) metrics(ctx context.Context) (map[string]int64, error) {
	host, port, err := net.SplitHostPort(e.Settings.Metrics.Listen)
	if err != nil {
		return nil, err
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	url := "http://" + net.JoinHostPort(host, port) + "/metrics"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	t := &http.Transport{}
	defer t.CloseIdleConnections()
	resp, err := t.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	out := map[string]int64{}
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			out[name] = n
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("what answers there is not a Lotse gateway (status %d)", resp.StatusCode)
	}
	return out, nil
}
