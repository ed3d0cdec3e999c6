package main

import (
	"encoding/hex"
	"errors"
	"fmt"

	"lotse/config"
	"lotse/gateway"
)

const auditUsage = `Usage: lotse audit verify [--data DIR]

Checks the gateway's audit trail: each line of audit.jsonl, and of the older files
beside it, carries a hash over itself and the line before. Names the first place
where a line was changed, added, removed or put elsewhere. A gateway may be running.

  --data DIR       the gateway's data folder (default /var/lib/lotse)
  --config FILE    take the data folder from the gateway's settings
  --expect HASH    a hash that an earlier check printed must still be in the trail

What it cannot know: whoever may write in the folder can write the whole trail anew
from any line on, or cut its end, if he changes audit.head as well; and older files
than the oldest one are removed by the gateway itself. So note the hash that this
command prints, on another machine, and give it to a later check with --expect.

Exit codes: 0 whole; 1 changed, or not readable; 2 wrong usage.
`

func (p *program) audit(args []string) error {
	f := newFlags("audit", auditUsage)
	var data, file, expect string
	f.StringVar(&data, "data", "", "")
	f.StringVar(&file, "config", "", "")
	f.StringVar(&expect, "expect", "", "")
	rest, err := f.parse(p, args, 1)
	if err != nil {
		return err
	}
	if rest[0] != "verify" {
		return f.wrong("%q is not verify", rest[0])
	}
	if b, err := hex.DecodeString(expect); expect != "" && (err != nil || len(b) != 32) {
		return f.wrong("--expect: a hash has 64 digits from 0 to 9 and a to f")
	}
	g := config.DefaultGateway()
	if file != "" {
		if g, err = config.LoadGateway(file); err != nil {
			return err
		}
	}
	if data != "" {
		g.Data = data
	}
	report, err := gateway.VerifyAudit(g.Data, expect)
	var broken *gateway.AuditBreak
	if errors.As(err, &broken) {
		return fmt.Errorf("the audit trail was changed: %w\n%d lines before that are whole", broken, report.Lines)
	}
	if err != nil {
		return err
	}
	p.printAudit(report)
	return nil
}

func (p *program) printAudit(r gateway.AuditReport) {
	fmt.Fprintf(p.stdout, "audit trail whole: %d lines in %d files\n", r.Lines, r.Files)
	if r.FirstFile > 1 {
		fmt.Fprintf(p.stdout, "files before number %d were removed and cannot be checked\n", r.FirstFile)
	}
	if r.Unchained > 0 {
		fmt.Fprintf(p.stdout, "%d lines of an older version are without hashes; they have not changed since that version was replaced\n", r.Unchained)
	}
	if r.Torn {
		fmt.Fprintln(p.stdout, "the last line is not complete: the gateway is writing it, or crashed")
	}
	fmt.Fprintf(p.stdout, "hash of the last line: %s\n", r.Chain)
}
