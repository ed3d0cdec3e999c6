package gateway

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"lotse/config"
	"lotse/gateway/clock"
	"lotse/tunnel"
)

// How the gateway gets its certificate.
const (
	TLSFiles = "files" // the operator's own, reloaded when changed
	TLSACME  = "acme"  // from an ACME authority such as Let's Encrypt
	TLSDev   = "dev"   // from a local authority in the data folder, for localhost only
)

// Config is the configuration of Serve. Data, Hosts and TLS must be set; the zero value of every
// other field is useful.
type Config struct {
	Listen   string       // "": ":443"
	Listener net.Listener // instead of Listen; Serve closes it
	Hosts    []string     // host names of the gateway, without port
	Data     string       // folder of accounts, audit, certificates
	Name     string       // shown to customers; "": the first host
	Company  string       // of advisors whose account has none
	Version  string
	// SecurityContact is the contact in /.well-known/security.txt, a mailto: or https: address; "":
	// none.
	SecurityContact string
	Customer        Customer
	Pages           fs.FS // index.html, advisor.html, assets/; nil: none
	Programs        Programs
	TLS             TLSConfig

	TrustedProxies []netip.Prefix // whose X-Forwarded-For is trusted
	Doors          Doors
	Limits         Limits

	Metrics string          // address for /healthz and /metrics; "": none
	Logger  *slog.Logger    // nil: none
	Clock   clock.Clock     // nil: the system's
	Reload  <-chan struct{} // a value makes certificate files be read again

	// Ready is called once with the addresses that the gateway listens on.
	Ready func(Addresses)
}

// Addresses are the addresses that a gateway listens on; a closed one is nil.
type Addresses struct{ Listen, Metrics, VNC, RepeaterViewers, RepeaterServers net.Addr }

// Programs are the customer's programs that the gateway offers for download.
type Programs struct {
	Folder  string // "": those in BuiltIn
	BuiltIn fs.FS  // nil: none
}

// Doors configures the ways in for advisors' viewers.
type Doors struct {
	OnPort   []string // of page, helper, websockify; nil: page and helper
	VNC      VNCDoor
	Repeater RepeaterDoor
}

// VNCDoor is the port for VNC viewers. It is off if neither Listen nor TLSPort is set.
type VNCDoor struct {
	Listen      string
	TLSPort     bool           // also on Config.Listen, for clients that wait for the server to speak
	Public      string         // host:port shown to advisors; "": the first host and the port listened on
	NoTLS       bool           // no VeNCrypt X509Plain
	VncAuthFrom []netip.Prefix // which addresses may connect without encryption, with VncAuth; nil: none
}

// RepeaterDoor is an UltraVNC repeater, mode II. Each port is off if its address is empty.
type RepeaterDoor struct {
	ViewerListen, ServerListen string
	Public                     string        // as in VNCDoor, for viewers
	KeepAlive                  time.Duration // interval of messages to waiting servers; 0: none
}

// TLSConfig configures the certificate.
type TLSConfig struct {
	Mode       string // one of the TLS constants
	CertFile   string // TLSFiles
	KeyFile    string // TLSFiles
	Email      string // TLSACME; may be empty
	Directory  string // TLSACME; "": Let's Encrypt
	MinVersion uint16 // 0: TLS 1.3
}

// Limits are the limits on what clients may use. Zero means the default, which the settings define
// (config.DefaultGateway).
type Limits struct {
	config.Limits // PROTOCOL.md, section 8
	Times         Times
	Audit         config.Audit
}

// Times are lifetimes. Zero means the default.
type Times struct {
	Number     time.Duration // of an unused number
	Session    time.Duration // of a used one
	SignIn     time.Duration
	OwnerGrace time.Duration
	AgentGrace time.Duration
	Password   time.Duration // of a one-time viewer password
	WrongPause time.Duration // delay before a wrong viewer is answered; not a setting
}

// withDefaults returns a complete copy.
func (l Limits) withDefaults() Limits {
	standard := config.DefaultGateway()
	l.Limits = l.Limits.WithDefaults()
	l.Audit = l.Audit.WithDefaults()
	or(&l.Times.Number, standard.Sessions.Number.Duration)
	or(&l.Times.Session, standard.Sessions.Joined.Duration)
	or(&l.Times.SignIn, standard.Sessions.SignIn.Duration)
	or(&l.Times.OwnerGrace, standard.Sessions.OwnerGrace.Duration)
	or(&l.Times.AgentGrace, standard.Sessions.AgentGrace.Duration)
	or(&l.Times.Password, standard.Doors.ViewerPassword.Duration)
	or(&l.Times.WrongPause, wrongPause)
	return l
}

// Fixed by PROTOCOL.md, sections 4, 5 and 8.
const (
	streamLifetime   = 30 * time.Second // of a stream's identifier that nobody dials
	enteringHold     = 500 * time.Millisecond
	handshakeTimeout = 10 * time.Second
	maxBody          = 16 << 10
	maxEntersPerLink = 3
	linkRate         = 20 // messages per second
	linkBurst        = 40
	signInWindow     = 10 * time.Minute
	enterWindow      = 10 * time.Minute
)

// Our own choices.
const (
	// enteringTimeout limits an entering from call to verdict.
	enteringTimeout = 60 * time.Second
	// unjoinedTimeout limits how long an agent may keep a link without a session.
	unjoinedTimeout = 60 * time.Second
	// maxUnjoined limits the links without a session in all, and maxUnjoinedOne those of one
	// address; client.share multiplies it for networks.
	maxUnjoinedOne = 32
	maxUnjoined    = 1024
	// exchangeSlots is how many seals the gateway computes at a time, 0.2 ms each.
	exchangeSlots   = 1
	exchangeWaiting = 1024
	// restingTime is how long an ended session's place is not given to another advisor.
	restingTime = 10 * time.Minute
	// lastWords is how long streams stay open after the end of a session, so that data already sent
	// still arrives.
	lastWords = time.Second
	// farewell limits the wait for the answer to a close frame.
	farewell = 2 * time.Second
	// maxPlaces is low enough that a random draw finds a free place quickly.
	maxPlaces = 4500
)

func or[T comparable](v *T, fallback T) {
	var zero T
	if *v == zero {
		*v = fallback
	}
}

// withDefaults checks c and returns a complete copy.
func (c Config) withDefaults() (Config, error) {
	or(&c.Listen, ":443")
	or(&c.TLS.MinVersion, tls.VersionTLS13)
	c.Limits = c.Limits.withDefaults()
	if c.Clock == nil {
		c.Clock = clock.System{}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Doors.OnPort == nil {
		c.Doors.OnPort = []string{tunnel.DoorPage, tunnel.DoorHelper}
	}
	if c.Data == "" {
		return c, errors.New("gateway: no data folder given")
	}
	var err error
	if c.Data, err = filepath.Abs(c.Data); err != nil {
		return c, fmt.Errorf("gateway: data folder: %w", err)
	}
	c.Hosts = slices.Clone(c.Hosts)
	for i, h := range c.Hosts {
		c.Hosts[i] = strings.ToLower(strings.Trim(h, "[]"))
	}
	switch c.TLS.Mode {
	case TLSDev:
		for _, h := range []string{"localhost", "127.0.0.1", "::1"} {
			if !slices.Contains(c.Hosts, h) {
				c.Hosts = append(c.Hosts, h)
			}
		}
	case TLSFiles, TLSACME:
		if len(c.Hosts) == 0 {
			return c, errors.New("gateway: no host name given; requests are answered only for names that are known")
		}
	default:
		return c, fmt.Errorf("gateway: TLS mode %q, want %q, %q or %q", c.TLS.Mode, TLSFiles, TLSACME, TLSDev)
	}
	or(&c.Name, c.Hosts[0])
	return c, nil
}
