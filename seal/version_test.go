package seal

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"testing"
)

// TestMixedVersions: an end that speaks another version is refused by name on
// both sides, whichever role it has, and no key is made.
func TestMixedVersions(t *testing.T) {
	refusedVersion := append(appendHeader(nil, frameRefuse, bodyRefuse), refuseVersion)
	newer := func(typ byte, size int) []byte {
		frame := appendHeader(nil, typ, size)
		return append(frame, append([]byte{version + 1}, make([]byte, size-1)...)...)
	}
	for name, test := range map[string]struct {
		role   Role
		before int    // bytes to read first
		frame  []byte // what the other end sends
		answer []byte // what it gets
	}{
		"newer agent":            {Advisor, 0, newer(frameShare, bodyShare), refusedVersion},
		"newer advisor":          {Agent, frameHeader + bodyShare, newer(frameShareConfirm, bodyShareConfirm), refusedVersion},
		"refused by the advisor": {Agent, frameHeader + bodyShare, refusedVersion, nil},
		"refused by the agent":   {Advisor, 0, refusedVersion, nil},
	} {
		a, b := net.Pipe()
		done := make(chan error, 1)
		go func() {
			c, err := Handshake(context.Background(), b, test.role, params("482193057", nil))
			if c != nil {
				c.Close()
			}
			done <- err
		}()
		if _, err := io.ReadFull(a, make([]byte, test.before)); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Write(test.frame); err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(a)
		if err := <-done; !errors.Is(err, ErrVersion) || !bytes.Equal(answer, test.answer) {
			t.Errorf("%s: %v, answer % x", name, err, answer)
		}
		a.Close()
	}
}
