package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"lotse/cmd/lotse/say"
	"lotse/film"
	"lotse/manual"
)

var aboutFilm = manual.Command{
	Name: "film", Summary: "make a film of a recording",
	Forms: []string{"film FILE.fbs OUT.webm|OUT.mp4|OUT.avi [flags]"},
	About: `Makes a film of a recording, as fast as it can. WebM and MP4 need the program ffmpeg; AVI
(with a JPEG for each picture, and so much larger) needs nothing. OUT must not exist.`,
}

// filmFlags are the flags of lotse film.
type filmFlags struct {
	*flags
	fps int
}

// maxFPS is the largest value of --fps.
const maxFPS = 60

func newFilmFlags() *filmFlags {
	f := &filmFlags{flags: newFlags("film")}
	f.IntVar(&f.fps, "fps", 10, "pictures a second, `N`, 1 to 60 (default 10)")
	return f
}

func makeFilm(p *program, ctx context.Context, args []string) error {
	f := newFilmFlags()
	rest, err := f.parse(p, args, 2)
	if err != nil {
		return err
	}
	out := rest[1]
	ext := strings.ToLower(filepath.Ext(out))
	switch {
	case f.fps < 1 || f.fps > maxFPS:
		return f.mistake(say.Text("cli.film.fps"))
	case ext != ".webm" && ext != ".mp4" && ext != ".avi":
		return f.mistake(say.Text("cli.film.format"))
	case ext != ".avi" && !film.HasFFmpeg():
		return say.Text("cli.film.ffmpeg")
	}
	if _, err := os.Lstat(out); err == nil {
		return f.mistake(say.Text("cli.record.exists", out))
	}
	file, err := os.Open(rest[0])
	if err != nil {
		return say.Text("cli.verify.file", err)
	}
	defer file.Close()
	survey, err := film.Look(file)
	if err != nil {
		return say.Text("cli.film.recording", err)
	}
	if _, err := file.Seek(0, 0); err != nil {
		return say.Text("cli.verify.file", err)
	}
	var to film.Encoder = film.NewFFmpeg(survey.Size, f.fps)
	if ext == ".avi" {
		to = film.NewAVI(survey.Size, f.fps)
	}
	if err := film.Make(ctx, file, survey, to, out, f.fps, filmProgress(p, survey.Length)); err != nil {
		if ctx.Err() != nil || errors.Is(err, film.ErrTooLong) {
			_ = os.Remove(out)
		}
		return say.Text("cli.film.failed", err)
	}
	if survey.Cut != nil {
		p.complain(say.Text("cli.film.cut", survey.Cut))
	}
	p.tell(p.language.Text("cli.film.done", out, survey.Length.Round(time.Second).String()))
	return nil
}

// filmProgress returns what shows on a terminal how far a film is; nil: nothing does.
func filmProgress(p *program, length time.Duration) func(time.Duration) {
	if !marksOf(p.stderr).on {
		return nil
	}
	shown := time.Time{}
	return func(at time.Duration) {
		if time.Since(shown) < progressEvery {
			return
		}
		shown = time.Now()
		const width = 30
		n := int(width * min(at, length) / max(length, 1))
		fmt.Fprintf(p.stderr, "\r[%s%s] %v\x1b[K", strings.Repeat("#", n), strings.Repeat(" ", width-n), at.Round(time.Second))
		if at >= length {
			fmt.Fprint(p.stderr, "\r\x1b[K")
		}
	}
}
