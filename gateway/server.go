package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"lotse/gateway/audit"
	"lotse/gateway/clock"
	"lotse/logs"
	"lotse/tunnel"
)

// Timeouts of http.Server. Links and streams are hijacked and have their own.
const (
	bodyTimeout    = 15 * time.Second
	answerTimeout  = 30 * time.Second
	idleTimeout    = 60 * time.Second
	maxHeaderBytes = 16 << 10
	stopTimeout    = 5 * time.Second
	sweepEvery     = time.Second
)

// server is the state that the handlers share. All fields are static after newServer.
type server struct {
	cfg Config
	proxies
	log       areaLogs
	accounts  *Accounts
	web       webSessions
	hasher    *hasher
	audit     *audit.Trail
	metrics   *metrics
	dir       *directory
	pages     *pages
	downloads *downloads
	known     *known
	names     *names
	devices   *devices
	budgets
	handshakes *turnstile
	inUse      *inUse
	transfers  *transfers
	addrs      Addresses // set before requests are served
	tasks      tasks
}

// budgets limit what strangers can do.
type budgets struct {
	enters   *entrance // numbers entered by customers
	signIns  *entrance
	viewers  *entrance // at the doors whose viewers cannot seal
	connRate *ledger   // connections that have proved nothing
	silent   *ledger   // connections without a request
	requests *ledger   // requests without a sign-in
}

// The handlers, by purpose.
type (
	signing    struct{ *server } // accounts: signin.go
	sessionAPI struct{ *server } // an advisor's sessions: api.go
	links      struct{ *server } // links and streams of both ends: links.go
	doors      struct{ *server } // viewers that cannot seal: vncdoor.go, repeater.go, websockify.go
	// metricsPage serves the operator: metrics.go, profile.go.
	metricsPage struct {
		*server
		certs *certificates
	}
	// webSite serves everybody: pages.go, downloads.go.
	webSite struct {
		*server
		doors *doors
	}
)

func (s *server) now() time.Time { return s.cfg.Clock.Now() }

// lasting counts a handler that continues after its connection was hijacked from the HTTP server,
// so that Serve waits for it.
func (s *server) lasting(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.tasks.begin() {
			s.failDirectory(w, errClosed)
			return
		}
		defer s.tasks.end()
		next(w, r)
	}
}

// Serve runs the gateway until ctx ends. Then it writes the open sessions to the data folder, where
// the next Serve finds them, waits for its last goroutine and returns nil. An error says why the
// gateway could not start or continue.
func Serve(ctx context.Context, cfg Config) (err error) {
	listener := cfg.Listener
	defer func() {
		if listener != nil {
			_ = listener.Close()
		}
	}()
	if cfg, err = cfg.withDefaults(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := newServer(ctx, cfg)
	if err != nil {
		return err
	}
	var writing sync.WaitGroup
	writing.Go(s.audit.Run)
	defer func() {
		s.audit.Finish()
		writing.Wait()
		_ = s.audit.Close()
	}()
	certs, err := newCertificates(&s.cfg)
	if err != nil {
		return err
	}
	if listener == nil {
		if listener, err = net.Listen("tcp", cfg.Listen); err != nil {
			return fmt.Errorf("gateway: cannot listen: %w", err)
		}
	}
	var metricsListener net.Listener
	if cfg.Metrics != "" {
		if metricsListener, err = net.Listen("tcp", cfg.Metrics); err != nil {
			return fmt.Errorf("gateway: cannot listen for metrics: %w", err)
		}
		s.addrs.Metrics = metricsListener.Addr()
	}
	s.addrs.Listen = listener.Addr()
	listening, err := (&doors{s}).listenDoors(certs, &s.addrs)
	if err != nil {
		if metricsListener != nil {
			_ = metricsListener.Close()
		}
		return err
	}
	s.audit.Record(audit.Record{Event: audit.Start, From: listener.Addr().String()})
	defer s.audit.Record(audit.Record{Event: audit.Stop})
	if cfg.Ready != nil {
		cfg.Ready(s.addrs)
	}
	return s.serve(ctx, certs, listener, metricsListener, listening)
}

func newServer(ctx context.Context, cfg Config) (*server, error) {
	accounts, err := OpenAccounts(cfg.Data)
	if err != nil {
		return nil, err
	}
	costs := []hashCost{usualCost}
	if cfg.TLS.Mode == TLSDev {
		costs = append(costs, devCost)
	}
	bounds := cfg.Limits.Audit
	trail, err := audit.Open(audit.Config{
		Folder: cfg.Data, Size: int64(bounds.Megabytes) << 20, Files: bounds.Files,
		Log: logs.Area(cfg.Logger, logs.Audit), Clock: cfg.Clock,
		Network: func(a netip.Addr) string { return clientOf(a).site().String() },
	})
	if err != nil {
		return nil, err
	}
	s := &server{
		cfg: cfg, proxies: cfg.TrustedProxies, log: newAreaLogs(cfg.Logger),
		accounts: accounts, audit: trail,
		hasher:  newHasher(cfg.Clock, costs...),
		metrics: newMetrics(cfg.Clock.Now()),
		known:   newKnown(),
		names:   newNames(cfg.Limits.SignInWrong, signInWindow),
	}
	s.openEntrances()
	s.handshakes = newHandshakes()
	s.inUse = newInUse(cfg.Limits.ConnectionsPerAddress)
	s.transfers = newTransfers(cfg.Clock)
	if s.devices, err = openDevices(cfg.Data, cfg.Limits.SignInWrong, signInWindow); err != nil {
		_ = trail.Close()
		return nil, err
	}
	if s.pages, err = readPages(cfg.Pages); err == nil {
		s.downloads, err = openDownloads(
			cfg.Programs.Folder, cfg.Programs.BuiltIn, s.log.gateway, cfg.Clock)
	}
	if err != nil {
		_ = trail.Close()
		return nil, err
	}
	s.dir = newDirectory(ctx, &s.cfg, accounts, trail, s.metrics, &s.tasks, s.enters)
	s.web.changed = s.dir.changed
	if err = (keeping{s.dir}).restore(&s.web); err != nil {
		_ = trail.Close()
		return nil, err
	}
	return s, nil
}

// openEntrances creates the entrances and the ledgers.
func (s *server) openEntrances() {
	work := newPuzzles()
	open := func(name string, wrong int, window time.Duration, perMinute int) *entrance {
		e := &entrance{name: name, ledger: newLedger(wrong, window, hardFactor), known: s.known, metrics: s.metrics}
		if perMinute > 0 {
			e.pressure, e.puzzles = newPressure(perMinute), work
		}
		return e
	}
	s.enters = open("enter", s.cfg.Limits.EnterWrong, enterWindow, s.cfg.Limits.EnterPerMinute)
	s.signIns = open("sign-in", s.cfg.Limits.SignInWrong, signInWindow, s.cfg.Limits.SignInPerMinute)
	s.viewers = open("viewer", s.cfg.Limits.ViewerWrong, wrongWindow, 0)
	// For things that cost something without being wrong, networks have no extra allowance.
	s.connRate = newLedger(s.cfg.Limits.ConnectionsPerAddress, connWindow, 1)
	s.silent = newLedger(silentWrong, silentWindow, 1)
	s.requests = newLedger(requestsPerWindow, requestWindow, 1)
}

// serve runs the listeners and sweep until ctx ends or a listener fails.
func (s *server) serve(ctx context.Context, certs *certificates, listener, metricsListener net.Listener, listening []*door) error {
	defer s.downloads.close()
	limited := newLimitListener(listener, s, s.cfg.Limits.Connections, s.cfg.Limits.ConnectionsPerAddress, handshakeTimeout)
	// Errors that clients cause in TLS and HTTP are not errors of the gateway.
	strangers := slog.NewLogLogger(s.log.http.Handler(), slog.LevelDebug)
	main := &http.Server{
		Handler:           s.handler(),
		TLSConfig:         fairTLS(s, certs.tlsConfig()),
		ConnContext:       withConn,
		ReadHeaderTimeout: handshakeTimeout, // also limits the TLS handshake
		ReadTimeout:       bodyTimeout,
		WriteTimeout:      answerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          strangers,
		// HTTP/1.1 only: WebSockets need it, and HTTP/2 would be a second parser.
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
	}
	side := &http.Server{
		Handler: (&metricsPage{s, certs}).metricsHandler(), ReadTimeout: bodyTimeout,
		WriteTimeout: profileTimeout, MaxHeaderBytes: maxHeaderBytes, ErrorLog: strangers,
	}
	failed := make(chan error, 2)
	var loops sync.WaitGroup
	web := net.Listener(limited)
	if s.cfg.Doors.VNC.TLSPort {
		split := newSplitListener(limited, s)
		loops.Go(split.run)
		web = split
		viewers := newLimitListener(silentClients{split}, s, doorConnections, s.cfg.Limits.ViewersPerAddress, 0)
		listening = append(listening, &door{tunnel.DoorVNC, viewers, (&doors{s}).serveVNC(certs)})
	}
	loops.Go(func() { failed <- main.Serve(tls.NewListener(web, main.TLSConfig)) })
	if metricsListener != nil {
		loops.Go(func() { failed <- side.Serve(metricsListener) })
	}
	doorCtx, closeDoors := context.WithCancel(ctx)
	defer closeDoors()
	for _, d := range listening {
		loops.Go(func() { (&doors{s}).runDoor(doorCtx, d) })
		s.log.gateway.Info("door open", "door", d.name, "address", d.listener.Addr().String())
	}
	sweepCtx, stopSweep := context.WithCancel(context.Background())
	loops.Go(func() { s.sweep(sweepCtx, certs, limited) })
	stopKeeping := keeping{s.dir}.start(&s.web)
	s.log.gateway.Info("gateway started", "address", listener.Addr().String())

	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
		if errors.Is(err, http.ErrServerClosed) {
			err = nil
		}
	}
	s.log.gateway.Info("gateway stopping")
	s.dir.shutdown((keeping{s.dir}).save(&s.web) == nil)
	stopSweep()
	closeDoors()
	for _, d := range listening {
		_ = d.listener.Close()
	}
	stop, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	for _, h := range []*http.Server{main, side} {
		if e := h.Shutdown(stop); e != nil {
			_ = h.Close()
		}
	}
	s.tasks.wait()
	limited.closeAll()
	loops.Wait()
	stopKeeping()
	s.log.gateway.Info("gateway stopped")
	return err
}

// sweep runs the regular tasks.
func (s *server) sweep(ctx context.Context, certs *certificates, limited *limitListener) {
	tick := clock.NewTicker(s.cfg.Clock, sweepEvery)
	defer tick.Stop()
	for n := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-s.cfg.Reload:
			certs.reload()
		case <-tick.C:
			tick.Arm()
			now := s.now()
			n++
			s.dir.sweep(now)
			limited.sweep(now)
			if n%10 == 0 {
				certs.reloadChanged()
				s.web.sweep(now)
				for _, l := range []*ledger{s.enters.ledger, s.signIns.ledger, s.viewers.ledger, s.connRate, s.silent, s.requests} {
					l.sweep(now)
				}
				s.known.sweep(now)
				s.devices.sweep(now)
			}
		}
	}
}

// handler serves the TLS port.
func (s *server) handler() http.Handler {
	signing, sessions, links := &signing{s}, &sessionAPI{s}, &links{s}
	doors := &doors{s}
	site := &webSite{s, doors}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/signin", signing.signIn)
	mux.HandleFunc("GET /api/v1/info", site.info)
	mux.HandleFunc("GET /api/v1/check", s.lasting(links.check))
	mux.HandleFunc("GET /api/v1/me", s.signedIn(signing.me))
	mux.HandleFunc("POST /api/v1/signout", s.signedIn(signing.signOut))
	mux.HandleFunc("POST /api/v1/sessions", s.signedIn(sessions.newSession))
	mux.HandleFunc("GET /api/v1/sessions", s.signedIn(sessions.listSessions))
	mux.HandleFunc("DELETE /api/v1/sessions/{place}", s.signedIn(sessions.endSession))
	mux.HandleFunc("POST /api/v1/sessions/{place}/streams", s.signedIn(sessions.openStream))
	mux.HandleFunc("GET /api/v1/colleagues", s.signedIn(sessions.people))
	mux.HandleFunc("POST /api/v1/sessions/{place}/colleagues", s.signedIn(sessions.admitColleague))
	mux.HandleFunc("DELETE /api/v1/sessions/{place}/colleagues/{name}", s.signedIn(sessions.expelColleague))
	mux.HandleFunc("POST /api/v1/sessions/{place}/password", s.signedIn(doors.viewerPassword))
	mux.HandleFunc("POST /api/v1/sessions/{place}/websockify", s.signedIn(doors.websockifyAddress))
	mux.HandleFunc("GET "+websockifyPath, s.lasting(doors.websockify))
	mux.HandleFunc("POST /api/v1/sessions/{place}/foreign", s.signedIn(doors.foreignSession))
	mux.HandleFunc("GET /api/v1/sessions/{place}/foreign/view", s.lasting(s.signedIn(doors.foreignView)))
	mux.HandleFunc("GET /api/v1/sessions/{place}/owner", s.lasting(s.signedIn(links.ownerLink)))
	mux.HandleFunc("GET /api/v1/streams/{id}", s.lasting(s.signedIn(links.advisorStream)))
	mux.HandleFunc("GET /agent/v1", s.lasting(s.ownPage(links.agentLink)))
	mux.HandleFunc("GET /agent/v1/streams/{id}", s.lasting(s.ownPage(links.agentStream)))
	mux.HandleFunc("/api/", sessions.unknownAPI)
	mux.HandleFunc("/agent/", sessions.unknownAPI)
	mux.HandleFunc("GET /download/{file}", site.download)
	mux.HandleFunc("GET /download", site.downloadForVisitor)
	mux.HandleFunc("GET /download/{$}", site.downloadForVisitor)
	mux.HandleFunc("GET /.well-known/security.txt", site.securityText)
	mux.HandleFunc("GET "+tunnel.TermsPath, site.termsText)
	mux.HandleFunc("GET "+tunnel.AnswerPath+"{token}", site.questionPage)
	mux.HandleFunc("POST "+tunnel.AnswerPath+"{token}", site.takeAnswer)
	mux.HandleFunc("/", site.page)
	return s.guard(mux)
}

// serverInfo returns the answer to GET /api/v1/info. host is the requested host name.
func (s *webSite) serverInfo(host string) tunnel.Info {
	return tunnel.Info{Name: s.cfg.Name, Version: s.cfg.Version, Downloads: s.offered(host), Doors: s.doors.openDoors()}
}

// logAddr replaces control characters, so that a hostile host name cannot forge log lines.
func logAddr(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s[:min(len(s), 100)])
}
