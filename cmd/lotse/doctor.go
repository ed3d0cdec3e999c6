package main

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"lotse/cmd/lotse/say"
	"lotse/config"
	"lotse/doctor"
	"lotse/gateway"
	"lotse/manual"
)

var aboutDoctor = manual.Command{
	Name: "doctor", Summary: "look for what is wrong with a gateway",
	Forms: []string{"doctor [URL] [flags]"},
	About: `Looks for what is wrong with a gateway and says how to fix it. With URL, such as
https://support.example.com, it looks from outside: port, certificate, clock, what a
proxy does to requests, and whether WebSockets get through. With --config, on the
gateway's machine, it also looks at the settings, the data folder and the limits; run it
as the gateway's user or as root. Each line says ok, warn or FAIL.

Exit codes: 0 nothing is wrong, or warnings only; 1 something is; 2 wrong usage.`,
}

type doctorFlags struct {
	*flags
	file   string
	idle   time.Duration
	asJSON bool
}

func newDoctorFlags() *doctorFlags {
	f := &doctorFlags{flags: newFlags("doctor")}
	f.StringVar(&f.file, "config", "", "the gateway's settings, `FILE`; URL is then taken from them")
	f.DurationVar(&f.idle, "idle", 0,
		"wait so long whether a WebSocket stays: `TIME` such as 90s, at most 4m")
	f.BoolVar(&f.asJSON, "json", false, "print one JSON object")
	return f
}

func (p *program) doctor(ctx context.Context, args []string) error {
	f := newDoctorFlags()
	rest, err := f.parseUpTo(p, args, 0, 1)
	if err != nil {
		return err
	}
	patient := doctor.Patient{Idle: f.idle, URL: strings.Join(rest, "")}
	switch {
	case f.file == "" && patient.URL == "":
		return f.wrong("which gateway? Give its address, or its settings with --config")
	case f.idle < 0 || f.idle > doctor.MaxIdle:
		return f.wrong("--idle: %v is not between 0s and %v", f.idle, doctor.MaxIdle)
	}
	if patient.Roots, err = f.roots(); err != nil {
		return err
	}
	if f.file != "" {
		g, err := config.LoadGateway(f.file)
		if err == nil {
			err = g.Complete()
		}
		if err != nil {
			return printReport(p.stdout, badSettings(patient.URL, err), f.asJSON)
		}
		patient.Settings = &g
		if patient.Roots == nil && g.TLS.Mode == "dev" {
			patient.Roots = devRoots(g.Data)
		}
	}
	report, err := doctor.Examine(ctx, patient)
	if err != nil {
		return f.wrong("%v", err)
	}
	return printReport(p.stdout, report, f.asJSON)
}

// badSettings returns the report on a gateway whose settings do not allow it to start.
func badSettings(url string, err error) doctor.Report {
	return doctor.Report{URL: url, Result: doctor.Fail, Checks: []doctor.Check{{
		Name: "settings", Result: doctor.Fail, Found: err.Error(),
		Fix: "Correct the file; docs/settings.md explains each setting. " +
			"The gateway does not start with it.",
	}}}
}

// devRoots returns the authority of a development gateway; nil if there is none yet.
func devRoots(data string) *x509.CertPool {
	authority, err := os.ReadFile(filepath.Join(data, gateway.DevCAFile))
	if err != nil {
		return nil
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	return roots
}

// errUnhealthy ends lotse doctor if it found a problem; the report has been printed.
var errUnhealthy = errors.New("something is wrong with the gateway")

func printReport(out io.Writer, r doctor.Report, asJSON bool) error {
	if asJSON {
		if err := json.NewEncoder(out).Encode(r); err != nil {
			return err
		}
	} else if err := printChecks(out, r); err != nil {
		return err
	}
	if r.Result == doctor.Fail {
		return errUnhealthy
	}
	return nil
}

// printChecks writes a line for each check, with the fix below it, and on a terminal a header.
func printChecks(out io.Writer, r doctor.Report) error {
	if r.URL != "" {
		fmt.Fprintln(out, r.URL)
	}
	header := ""
	if marksOf(out).on {
		header = "RESULT\tCHECK\tFOUND"
	}
	var rows []string
	for _, c := range r.Checks {
		for i, text := range strings.Split(c.Found, "\n") {
			first := []string{string(c.Result), c.Name}
			if i > 0 {
				first = []string{"", ""}
			}
			rows = append(rows, first[0]+"\t"+first[1]+"\t"+say.Line(text))
		}
		if c.Fix != "" {
			rows = append(rows, "\t\tfix: "+say.Line(c.Fix))
		}
	}
	return printTable(out, header, rows)
}
