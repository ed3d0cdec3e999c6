package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"lotse/gateway/audit"
	"lotse/manual"
)

var aboutAudit = manual.Command{
	Name: "audit", Summary: "check that the audit trail is whole", Words: []string{"verify"},
	Forms: []string{"audit verify [flags]"},
	About: `Checks the gateway's audit trail: each line of audit.jsonl, and of the older files
beside it, carries a hash over itself and the line before. Names the first place
where a line was changed, added, removed or put elsewhere. A gateway may be running.

What it cannot know: anyone who may write in the folder can rewrite the whole trail
from any line on, or cut its end, if he changes audit.head as well; and older files
than the oldest one are removed by the gateway itself. So note the hash that this
command prints, on another machine, and give it to a later check with --expect.

Exit codes: 0 whole; 1 changed, or not readable; 2 wrong usage.`,
}

type auditFlags struct {
	*flags
	dataFlags
	expect string
}

func newAuditFlags() *auditFlags {
	f := &auditFlags{flags: newFlags("audit")}
	f.dataFlags.define(f.flags)
	f.StringVar(&f.expect, "expect", "",
		"a `HASH` that an earlier check printed must still be in the trail")
	return f
}

func (p *program) audit(args []string) error {
	f := newAuditFlags()
	rest, err := f.parse(p, args, 1)
	if err != nil {
		return err
	}
	if rest[0] != "verify" {
		return f.wrong("%q is not verify", rest[0])
	}
	if b, err := hex.DecodeString(f.expect); f.expect != "" && (err != nil || len(b) != 32) {
		return f.wrong("--expect: a hash has 64 digits from 0 to 9 and a to f")
	}
	folder, err := f.folder()
	if err != nil {
		return err
	}
	report, err := audit.Verify(folder, f.expect)
	var broken *audit.Break
	if errors.As(err, &broken) {
		return fmt.Errorf(
			"the audit trail was changed: %w\n%d lines before that are whole", broken, report.Lines)
	}
	if err != nil {
		return err
	}
	printAudit(p.stdout, report)
	return nil
}

func printAudit(out io.Writer, r audit.Report) {
	fmt.Fprintf(out, "audit trail whole: %d lines in %d files\n", r.Lines, r.Files)
	if r.FirstFile > 1 {
		fmt.Fprintf(out, "files before number %d were removed and cannot be checked\n", r.FirstFile)
	}
	if r.Unchained > 0 {
		fmt.Fprintf(out,
			"%d lines of an older version are without hashes; they have not changed since that version "+
				"was replaced\n", r.Unchained)
	}
	if r.Torn {
		fmt.Fprintln(out, "the last line is not complete: the gateway is writing it, or crashed")
	}
	fmt.Fprintf(out, "hash of the last line: %s\n", r.Chain)
}
