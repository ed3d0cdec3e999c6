package main

import (
	"context"
	"errors"
	"image"
	"net"
	"sync/atomic"
	"time"

	"lotse/cmd/lotse/say"
	"lotse/manual"
	"lotse/rfb"
	"lotse/screen"
	"lotse/screen/native"
	"lotse/tunnel"
)

var aboutShow = manual.Command{
	Name: "show", Summary: "show your own screen to the customer",
	Forms: []string{"show NUMBER [flags]"},
	About: `Offers your own screen to the customer, view only and sealed end to end. He is
asked first; until he has entered the number it waits. It ends with Ctrl+C, when he
stops looking, and by itself before his screen is shown to you. NUMBER may be "-": then
the first line of standard input has it, and no other user of this computer can read it
from the command line.`,
}

type showFlags struct {
	*login
	share, display string
}

func newShowFlags() *showFlags {
	l := &showFlags{login: newLogin("show")}
	l.StringVar(&l.share, "share", "screen",
		"what of your screen, `WHAT`: screen (default), monitor:N or app:NAME[,app:NAME...]")
	l.StringVar(&l.display, "display", "", "the X display, `:N` (default: $DISPLAY)")
	return l
}

const (
	// showPatience is longer than any question of the customer stays open.
	showPatience = 11 * time.Minute
	// showPause is the minimum time between two frames.
	showPause = time.Second / 30
)

// showBackdrop is the grey shown around the shared programs.
const showBackdrop = 0x80

func (p *program) show(ctx context.Context, args []string) error {
	l := newShowFlags()
	rest, err := l.parse(p, args, 1)
	if err != nil {
		return err
	}
	number, err := p.readNumber(rest[0])
	if err != nil {
		return l.mistake(err)
	}
	desktop, err := native.Open(screen.Options{Display: l.display})
	if err != nil {
		return say.Text("cli.show.screen", err)
	}
	defer desktop.Close()
	what, err := screen.ParseShare(l.share, func() ([]screen.Monitor, error) {
		c, err := desktop.Windows.Choices()
		return c.Monitors, err
	})
	if err != nil {
		return l.mistake(say.Text("cli.show.what", err))
	}
	scope, err := desktop.Windows.Open(what, func(size image.Point) *screen.Frame {
		f := screen.NewFrame(size)
		f.Fill(f.Bounds(), showBackdrop, showBackdrop, showBackdrop)
		return f
	})
	if err != nil {
		return say.Text("cli.show.notShown", l.share, err)
	}
	defer scope.Close()
	end, leave, err := joinAsHelper(ctx, p, l.login, number)
	if err != nil {
		return err
	}
	defer leave()
	hello, err := helloOf(ctx, end)
	if err != nil {
		return err
	}
	if !can(hello, "show") {
		return &sessionError{cannot(hello, "show")}
	}
	conn, err := end.open(ctx, tunnel.KindShow, false)
	if err != nil {
		return err
	}
	p.tell(p.language.Text("cli.show.asked"))
	return showOn(ctx, &p.output, conn, scope)
}

// helloTimeout limits the wait for the customer's hello.
const helloTimeout = 10 * time.Second

// helloOf asks the customer's end what it can do, because a version without showing would only
// disconnect.
func helloOf(ctx context.Context, end *advisorEnd) (tunnel.AgentHello, error) {
	ctx, cancel := context.WithTimeout(ctx, helloTimeout)
	defer cancel()
	conn, err := end.open(ctx, tunnel.KindControl, false)
	if err != nil {
		return tunnel.AgentHello{}, err
	}
	control := tunnel.NewControlConn(conn)
	defer control.Close()
	stop := context.AfterFunc(ctx, func() { control.Close() })
	defer stop()
	for {
		m, err := control.Receive()
		if err != nil {
			return tunnel.AgentHello{}, say.Text("cli.show.noHello", err)
		}
		if hello, ok := m.(tunnel.AgentHello); ok {
			return hello, nil
		}
	}
}

// showOn serves the screen on conn until it ends, and reports the progress on out.
func showOn(ctx context.Context, out *output, conn net.Conn, scope screen.Scope) error {
	picture := screen.NewFramebuffer(image.Pt(1, 1))
	var seen atomic.Bool
	viewer := rfb.NewConn(conn, rfb.Config{
		Desktop: picture, Waiting: picture, Name: "Lotse", Rights: rfb.RightView, Patience: showPatience,
		Approve: func(context.Context, rfb.Viewer) error {
			seen.Store(true)
			out.tell(out.language.Text("cli.show.showing"))
			return nil
		},
	})
	capture, stop := context.WithCancel(ctx)
	captured := make(chan error, 1)
	first := make(chan struct{})
	go func() {
		err := capturePictures(capture, scope, picture, viewer, first)
		viewer.Close()
		captured <- err
	}()
	// The viewer is told the size of the first frame.
	select {
	case <-first:
	case <-ctx.Done():
	}
	err := viewer.Serve(ctx)
	stop()
	if failed := <-captured; failed != nil && !errors.Is(failed, context.Canceled) {
		return say.Text("cli.show.screen", failed)
	}
	switch {
	case ctx.Err() != nil:
		out.tell(out.language.Text("cli.show.stopped"))
		return nil
	case !seen.Load():
		return &sessionError{say.Text("cli.show.refused")}
	case err != nil:
		return err
	}
	out.tell(out.language.Text("cli.show.over"))
	return nil
}

// capturePictures keeps picture up to date until ctx ends.
func capturePictures(ctx context.Context, s screen.Screen, picture *screen.Framebuffer, viewer *rfb.Conn, first chan<- struct{}) error {
	s.Refresh()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for begun := false; ; begun = true {
		began := time.Now()
		u, err := s.Next(ctx)
		if err != nil {
			return err
		}
		picture.Publish(u, func(change *screen.Change) { viewer.Invalidate(*change) })
		if !begun {
			close(first)
		}
		timer.Reset(showPause - time.Since(began))
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
