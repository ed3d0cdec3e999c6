package screen

import (
	"context"
	"errors"
	"fmt"
	"image"
	"time"
)

// Verdict is what a check of a part came to.
type Verdict string

// Verdicts, from good to bad.
const (
	Works   Verdict = "ok"
	Limited Verdict = "warn" // it works in part, or something else stands in for it
	Missing Verdict = "FAIL" // a session cannot do without it
)

// Finding is one line of what this program can do on a computer, in plain English for
// administrators. It never names users, computers, windows or programs.
type Finding struct {
	Name   string  `json:"name"`
	Result Verdict `json:"result"`
	Found  string  `json:"found"`
	Fix    string  `json:"fix,omitempty"` // with Limited and Missing
}

// Findings collects what was found. The zero value is empty.
type Findings []Finding

// OK adds what works.
func (f *Findings) OK(name, format string, args ...any) {
	*f = append(*f, Finding{name, Works, fmt.Sprintf(format, args...), ""})
}

// Warn adds what works in part.
func (f *Findings) Warn(name, fix, format string, args ...any) {
	*f = append(*f, Finding{name, Limited, fmt.Sprintf(format, args...), fix})
}

// Fail adds what does not work.
func (f *Findings) Fail(name, fix, format string, args ...any) {
	*f = append(*f, Finding{name, Missing, fmt.Sprintf(format, args...), fix})
}

// checkTime bounds the check of one part.
const checkTime = 10 * time.Second

// checkedPictures are captured, to know how long one takes; the fastest counts.
const checkedPictures = 5

// Captured takes pictures of s and returns the last one's size and monitors, and the
// shortest time that one took.
func Captured(s Screen) (size image.Point, monitors int, took time.Duration, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), checkTime)
	defer cancel()
	for range checkedPictures {
		s.Refresh()
		began := time.Now()
		u, err := s.Next(ctx)
		if err != nil {
			return size, monitors, took, err
		}
		size, monitors = u.Frame.Size, len(u.Monitors)
		if once := time.Since(began); took == 0 || once < took {
			took = once
		}
	}
	return size, monitors, took, nil
}

// Starts reports why watch, which runs until its context ends, cannot start; nil: it can.
func Starts(watch func(context.Context) error) error {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := watch(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}
