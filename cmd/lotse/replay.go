package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"lotse/cmd/lotse/say"
	"lotse/film"
	"lotse/manual"
	"lotse/peer"
	"lotse/rfb"
	"lotse/screen"
)

var aboutReplay = manual.Command{
	Name: "replay", Summary: "show a recording in a VNC viewer",
	Forms: []string{"replay FILE.fbs [flags] [-- VIEWER ARGS…]"},
	About: `Opens a local port on which VNC viewers of the same user on this computer see a recording,
each from its begin, and prints "ready: vnc viewer address …". With VIEWER it starts that
program, with {} replaced by the address (or the address appended), and ends with it.
Otherwise it ends with Ctrl+C.`,
}

// replayFlags are the flags of lotse replay.
type replayFlags struct {
	*flags
	listen string
	speed  float64
}

// maxSpeed is the largest value of --speed.
const maxSpeed = 1000

func newReplayFlags() *replayFlags {
	f := &replayFlags{flags: newFlags("replay")}
	f.StringVar(&f.listen, "listen", "127.0.0.1:5998", "where viewers connect, `ADDR` on this computer (default 127.0.0.1:5998; port 0: any)")
	f.Float64Var(&f.speed, "speed", 1, "how much faster than it was, `N` (default 1)")
	return f
}

func replay(p *program, ctx context.Context, args []string) error {
	var viewer []string
	if i := slices.Index(args, "--"); i >= 0 {
		args, viewer = args[:i], args[i+1:]
	}
	f := newReplayFlags()
	rest, err := f.parse(p, args, 1)
	if err != nil {
		return err
	}
	switch {
	case !(f.speed > 0 && f.speed <= maxSpeed):
		return f.mistake(say.Text("cli.replay.speed"))
	case !isLoopback(f.listen):
		return f.mistake(say.Text("cli.replay.loopback"))
	}
	r := &replaying{p: p, name: rest[0], speed: f.speed}
	if err := r.look(); err != nil {
		return err
	}
	port, err := net.Listen("tcp", f.listen)
	if err != nil {
		return say.Text("cli.view.noPort", err)
	}
	port = peer.Listen(port, func(err error) { p.complain(say.Text("cli.view.notConnected", err)) })
	return r.run(ctx, port, viewer)
}

// replaying shows one recording to any number of viewers.
type replaying struct {
	p      *program
	name   string
	speed  float64
	survey film.Survey
}

// look reads the recording once.
func (r *replaying) look() (err error) {
	file, err := os.Open(r.name)
	if err != nil {
		return say.Text("cli.verify.file", err)
	}
	defer file.Close()
	if r.survey, err = film.Look(file); err != nil {
		return say.Text("cli.film.recording", err)
	}
	if r.survey.Cut != nil {
		r.p.complain(say.Text("cli.film.cut", r.survey.Cut))
	}
	return nil
}

// maxReplayed is how many viewers can look at the same time.
const maxReplayed = 8

// run serves viewers until ctx ends, or the program that it starts.
func (r *replaying) run(ctx context.Context, port net.Listener, viewer []string) error {
	ctx, stop := context.WithCancel(ctx)
	var viewers sync.WaitGroup
	defer viewers.Wait()
	defer stop()
	defer context.AfterFunc(ctx, func() { port.Close() })()
	defer port.Close()
	address := viewerAddress(hostAndPort(port.Addr()))
	r.p.tell(r.p.language.Text("cli.view.ready", address))
	failed := make(chan error, 1)
	if len(viewer) > 0 {
		command := (&startedViewer{args: viewer}).command(ctx, address)
		command.Stdout, command.Stderr = r.p.stdout, r.p.stderr
		if err := command.Start(); err != nil {
			return say.Text("cli.view.notStarted", err)
		}
		viewers.Go(func() {
			_ = command.Wait()
			stop()
		})
	}
	slots := make(chan struct{}, maxReplayed)
	viewers.Go(func() {
		for {
			conn, err := port.Accept()
			if err != nil {
				failed <- err
				return
			}
			select {
			case slots <- struct{}{}:
				viewers.Go(func() {
					defer func() { <-slots }()
					if err := r.serve(ctx, conn); err != nil {
						r.p.complain(say.Text("cli.replay.viewer", err))
					}
				})
			default:
				conn.Close()
			}
		}
	})
	err := <-failed
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// hostAndPort returns the parts of an address.
func hostAndPort(a net.Addr) (host, port string) {
	host, port, _ = net.SplitHostPort(a.String())
	return host, port
}

// serve shows the recording to one viewer, from its begin. Its last picture stays.
func (r *replaying) serve(ctx context.Context, conn net.Conn) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	file, err := os.Open(r.name)
	if err != nil {
		conn.Close()
		return err
	}
	defer file.Close()
	player, err := film.NewPlayer(file)
	if err != nil {
		conn.Close()
		return err
	}
	desktop := screen.NewFramebuffer(player.Canvas().Size)
	server := rfb.NewConn(conn, rfb.Config{Desktop: desktop, Name: r.name, Rights: rfb.RightView})
	played := make(chan error, 1)
	go func() { played <- r.play(ctx, player, desktop, server) }()
	err = server.Serve(ctx)
	stop()
	if playErr := <-played; playErr != nil && r.survey.Cut == nil {
		err = errors.Join(err, playErr)
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// play shows the updates at their times until the recording or ctx ends.
func (r *replaying) play(ctx context.Context, player *film.Player, desktop *screen.Framebuffer, to *rfb.Conn) error {
	began := time.Now()
	for {
		at, err := player.Next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		timer := time.NewTimer(time.Until(began.Add(time.Duration(float64(at) / r.speed))))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
		changed, resized := player.Changed()
		frame := player.Canvas().Frame
		if resized {
			changed = screen.RegionOf(frame.Bounds())
		}
		desktop.Publish(screen.Update{
			Frame: frame, Damage: changed, Monitors: []screen.Monitor{{ID: 1, Rect: frame.Bounds()}},
		}, func(c *screen.Change) { to.Invalidate(*c) })
	}
}
