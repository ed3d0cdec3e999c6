package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"os"

	"lotse/manual"
	"lotse/whereto"
)

var aboutStamp = manual.Command{
	Name: "stamp", Summary: "name the gateway in a signed agent",
	Forms: []string{"stamp --key FILE --gateway NAME IN OUT", "stamp --new-key FILE"},
	About: `Writes the gateway's name into the signature of lotse-agent.exe, which stays
valid. The file must be signed and have a place for it (make dist makes one).
The program believes only stamps of the key that was built into it.`,
}

type stampFlags struct {
	*flags
	keyFile, newKey, gateway string
}

func newStampFlags() *stampFlags {
	f := &stampFlags{flags: newFlags("stamp")}
	f.StringVar(&f.keyFile, "key", "", "the publisher's key, PEM `FILE`")
	f.StringVar(&f.newKey, "new-key", "",
		"make a key in `FILE`; prints its public half for LOTSE_STAMP_KEY")
	f.StringVar(&f.gateway, "gateway", "",
		"`NAME` such as support.example.com, with :PORT if it is not 443")
	return f
}

// maxProgram is the maximum size of a file to be stamped.
const maxProgram = 64 << 20

func (p *program) stamp(args []string) error {
	f := newStampFlags()
	files, err := f.parse(p, args, stampArguments(args))
	if err != nil {
		return err
	}
	if f.newKey != "" {
		return p.newStampKey(f.newKey)
	}
	if f.keyFile == "" || f.gateway == "" {
		return f.wrong("--key and --gateway are needed")
	}
	key, err := readStampKey(f.keyFile)
	if err != nil {
		return err
	}
	st, err := os.Stat(files[0])
	if err != nil {
		return err
	}
	if st.Size() > maxProgram {
		return fmt.Errorf("%s is larger than any agent program", files[0])
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		return err
	}
	if err := whereto.WriteStamp(b, f.gateway, key); err != nil {
		return fmt.Errorf("%s: %w", files[0], err)
	}
	return os.WriteFile(files[1], b, 0o755)
}

// stampArguments returns how many files the command takes.
func stampArguments(args []string) int {
	for _, a := range args {
		if name := bytes.TrimLeft([]byte(a), "-"); bytes.HasPrefix(name, []byte("new-key")) {
			return 0
		}
	}
	return 2
}

func (p *program) newStampKey(file string) error {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	out, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(pem.Encode(out, &pem.Block{Type: "PRIVATE KEY", Bytes: der}), out.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.stdout, base64.StdEncoding.EncodeToString(public))
	return err
}

func readStampKey(file string) (ed25519.PrivateKey, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%s: no key in it; want PEM", file)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s: not an Ed25519 key", file)
	}
	return key, nil
}
