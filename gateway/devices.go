package gateway

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"lotse/gateway/datafile"
	"lotse/tunnel"
)

// Limits of remembered devices.
const (
	deviceKeyName = "device.key"
	deviceLife    = 400 * 24 * time.Hour // browsers keep cookies no longer
	// maxDeviceTokens is how many advisors may share one browser.
	maxDeviceTokens = 4
	// maxDevices limits the devices with recent wrong passwords; each has a token made by this
	// gateway.
	maxDevices = 10_000
	deviceSize = 12 + 4 + 16 // identifier, time of issue, MAC
	deviceText = 43
)

// deviceID identifies a browser in which somebody signed in to an account.
type deviceID [12]byte

// devices recognizes browsers in which somebody signed in to an account before, by a cookie. Each
// device has its own budget of wrong passwords, which nobody without the cookie can use up. The
// cookie's MAC covers the account's name and password hash, so a new password invalidates it.
// Methods may be called concurrently.
type devices struct {
	// Static after openDevices.
	key    [sha256.Size]byte
	limit  float64
	window time.Duration

	mu    sync.Mutex
	debts map[deviceID]debt // Guarded by mu.
}

// openDevices reads the key in the data folder, or creates it.
func openDevices(data string, limit int, window time.Duration) (*devices, error) {
	d := &devices{limit: float64(limit), window: window, debts: map[deviceID]debt{}}
	path := filepath.Join(data, deviceKeyName)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		b = make([]byte, len(d.key))
		rand.Read(b) // never fails
		err = datafile.Replace(path, b)
	}
	if err != nil {
		return nil, fmt.Errorf("gateway: key of remembered devices: %w", err)
	}
	if len(b) != len(d.key) {
		return nil, fmt.Errorf("gateway: key of remembered devices: %s has %d bytes, want %d; remove it, and every browser is a new one", path, len(b), len(d.key))
	}
	copy(d.key[:], b)
	return d, nil
}

// token returns the bytes that a browser keeps for an account.
func (d *devices) token(acc Account, id deviceID, issued time.Time) []byte {
	b := binary.BigEndian.AppendUint32(id[:len(id):len(id)], uint32(issued.Unix()))
	m := hmac.New(sha256.New, d.key[:])
	m.Write([]byte("lotse device 1"))
	m.Write(b) // always the same length
	m.Write([]byte{byte(len(acc.Name))})
	m.Write([]byte(acc.Name))
	m.Write([]byte(acc.Password))
	return append(b, m.Sum(nil)[:16]...)
}

// tokensOf reads at most maxDeviceTokens tokens from the cookie.
func tokensOf(r *http.Request) (out [][]byte) {
	cookie, err := r.Cookie(tunnel.DeviceCookieName)
	if err != nil {
		return nil
	}
	for text := range strings.SplitSeq(cookie.Value, ".") {
		if len(out) == maxDeviceTokens || len(text) != deviceText {
			break
		}
		b, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil || len(b) != deviceSize {
			break
		}
		out = append(out, b)
	}
	return out
}

// find returns the device for which the request has a valid token of the account.
func (d *devices) find(r *http.Request, acc Account, now time.Time) (id deviceID, ok bool) {
	for _, b := range tokensOf(r) {
		copy(id[:], b)
		issued := time.Unix(int64(binary.BigEndian.Uint32(b[len(id):])), 0)
		if hmac.Equal(b, d.token(acc, id, issued)) && now.Sub(issued) < deviceLife {
			return id, true
		}
	}
	return deviceID{}, false
}

// cookie returns a cookie with a token for the account, and with the browser's tokens for other
// accounts.
func (d *devices) cookie(r *http.Request, acc Account, now time.Time) *http.Cookie {
	id, ok := d.find(r, acc, now)
	if !ok {
		rand.Read(id[:])
	}
	value := base64.RawURLEncoding.EncodeToString(d.token(acc, id, now))
	kept := 1
	for _, b := range tokensOf(r) {
		if bytes.Equal(b[:len(id)], id[:]) || kept == maxDeviceTokens {
			continue
		}
		value += "." + base64.RawURLEncoding.EncodeToString(b)
		kept++
	}
	c := sessionCookie(value, seconds(deviceLife))
	c.Name = tunnel.DeviceCookieName
	return c
}

// charge takes a try from the device's budget; it returns false if the budget is used up.
func (d *devices) charge(id deviceID, now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	owed := d.debts[id].after(now, d.limit/d.window.Seconds())
	if owed+1 > d.limit || len(d.debts) >= maxDevices {
		return false
	}
	d.debts[id] = debt{owed + 1, now}
	return true
}

// right resets the device's budget after a correct password.
func (d *devices) right(id deviceID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.debts, id)
}

func (d *devices) sweep(now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for id, x := range d.debts {
		if x.after(now, d.limit/d.window.Seconds()) == 0 {
			delete(d.debts, id)
		}
	}
}
