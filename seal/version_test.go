package seal

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

var refusedVersion = append(appendHeader(nil, frameRefuse, bodyRefuse), refuseVersion)

// frameOf returns a frame whose body starts with begin and is filled up with zeros.
func frameOf(typ byte, size int, begin ...byte) []byte {
	frame := append(appendHeader(nil, typ, size), begin...)
	return append(frame, make([]byte, size-len(begin))...)
}

// TestMixedVersions: an end of another version is refused with the right error on both sides, in
// either role, and no key is derived.
func TestMixedVersions(t *testing.T) {
	for name, test := range map[string]struct {
		role   Role
		frame  []byte // what the other end sends
		answer []byte // what it receives, after the Commit of an advisor's end
	}{
		"agent of version 1":     {Advisor, frameOf(frameShare, bodyShare, 1), refusedVersion},
		"newer agent":            {Advisor, frameOf(frameShare, bodyShare, version+1), refusedVersion},
		"advisor of version 1":   {Agent, frameOf(frameCommit, bodyCommit, 1), refusedVersion},
		"newer advisor":          {Agent, frameOf(frameCommit, bodyCommit, version+1), refusedVersion},
		"unknown flag":           {Agent, frameOf(frameCommit, bodyCommit, version, 4), refusedVersion},
		"refused by the advisor": {Agent, refusedVersion, nil},
		"refused by the agent":   {Advisor, refusedVersion, nil},
	} {
		a, b := tcpPair(t)
		done := make(chan error, 1)
		go func() {
			c, err := Handshake(context.Background(), b, test.role, params("482193057", nil))
			if c != nil {
				c.Close()
			}
			done <- err
		}()
		if _, err := a.Write(test.frame); err != nil {
			t.Fatal(err)
		}
		if test.role == Advisor {
			if _, err := io.ReadFull(a, make([]byte, frameHeader+bodyCommit)); err != nil {
				t.Fatal(err)
			}
		}
		answer, _ := io.ReadAll(a)
		if err := <-done; !errors.Is(err, ErrVersion) || !bytes.Equal(answer, test.answer) {
			t.Errorf("%s: %v, answer % x", name, err, answer)
		}
	}
}

// TestSilentAdvisor: an advisor's end of version 1 waits for the agent's share. It learns the
// reason before its own timeout of 20 seconds.
func TestSilentAdvisor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		done := make(chan error, 1)
		began := time.Now()
		go func() {
			_, err := Handshake(t.Context(), a, Agent, params("482193057", nil))
			done <- err
		}()
		answer, _ := io.ReadAll(b)
		if err := <-done; !errors.Is(err, errSilent) || !bytes.Equal(answer, refusedVersion) {
			t.Errorf("%v, answer % x", err, answer)
		}
		if took := time.Since(began); took >= handshakeTimeout {
			t.Errorf("answered after %v", took)
		}
	})
}
