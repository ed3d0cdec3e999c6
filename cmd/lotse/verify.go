package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"

	"lotse/cmd/lotse/say"
	"lotse/fbs"
	"lotse/manual"
	"lotse/record"
	"lotse/tunnel"
)

var aboutVerify = manual.Command{
	Name: "verify", Summary: "check that a record or a recording was not changed",
	Forms: []string{"verify RECORD [FILE.fbs] [flags]"},
	About: `RECORD is the record of a session as JSON lines, which both sides can save. Its lines must fit
to the SHA-256 at its end, which is printed: the record of the other side has the same.
With FILE.fbs, it compares that recording with the record, or with the file
FILE.fbs.record.json of lotse record, and says whether the recording is the one that both
ends signed when it ended. Each end draws its key for one session, so the customer's
record and the advisor's show the same two keys.`,
}

// maxRecordFile is the maximum size in bytes of a record that is read.
const maxRecordFile = 4 << 20

func verify(p *program, _ context.Context, args []string) error {
	f := newFlags("verify")
	rest, err := f.parseUpTo(p, args, 1, 2)
	if err != nil {
		return err
	}
	lines, err := readRecord(rest[0])
	if err != nil {
		return err
	}
	// The file beside a recording has only the line about it.
	alone := len(rest) == 2 && !bytes.Contains(lines, []byte(`"event":"hash"`))
	if !alone {
		log, err := record.Read(bytes.NewReader(lines))
		if err != nil {
			return say.Text("cli.verify.recordChanged", rest[0], err)
		}
		p.tell(p.language.Text("cli.verify.recordOK", rest[0], log.Len(), log.SHA256()))
		if !log.Complete() {
			p.tell(p.language.Text("record.incomplete"))
		}
	}
	if len(rest) == 1 {
		return nil
	}
	return verifyRecording(p, rest[0], lines, rest[1])
}

func readRecord(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, say.Text("cli.verify.file", err)
	}
	defer file.Close()
	lines, err := io.ReadAll(io.LimitReader(file, maxRecordFile))
	if err != nil {
		return nil, say.Text("cli.verify.file", err)
	}
	return lines, nil
}

// verifyRecording compares a recording with the proofs in a record.
func verifyRecording(p *program, name string, lines []byte, recording string) error {
	proofs, err := fbs.Proofs(bytes.NewReader(lines))
	if err != nil {
		return say.Text("cli.verify.record", name)
	}
	file, err := os.Open(recording)
	if err != nil {
		return say.Text("cli.verify.file", err)
	}
	defer file.Close()
	sum, err := fbs.Measure(file)
	if err != nil {
		return say.Text("cli.verify.changed", recording)
	}
	for _, proof := range proofs {
		switch err := proof.Check(sum); {
		case err == nil:
			p.tell(p.language.Text("cli.verify.ok", recording, tunnel.AppendKey(proof.Agent), tunnel.AppendKey(proof.Advisor)))
			return nil
		case errors.Is(err, fbs.ErrAgent):
			return say.Text("cli.verify.agent", recording)
		case errors.Is(err, fbs.ErrAdvisor):
			return say.Text("cli.verify.advisor", recording)
		}
	}
	return say.Text("cli.verify.changed", recording)
}
