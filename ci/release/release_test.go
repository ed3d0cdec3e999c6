package main

import (
	"bytes"
	"testing"
	"time"
)

func TestVersions(t *testing.T) {
	for in, want := range map[string][2]string{
		"v1.2.3": {"1.2.3.0", "1.2.3"}, "v1.2.3-4-gabcdef0": {"1.2.3.4", "1.2.3+4+gabcdef0"}, "1bf5cc5-dirty": {"0.0.0.0", "0~1bf5cc5+dirty"},
		"dev": {"0.0.0.0", "0~dev"}, "v1.2": {"1.2.0.0", "1.2"}, "v99999.0.0": {"0.0.0.0", "99999.0.0"}, "": {"0.0.0.0", "0~"},
	} {
		if got := [2]string{windowsVersion(in), debianVersion(in)}; got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestTarballIsTheSameAgain(t *testing.T) {
	files := []file{
		{name: "usr/bin/lotse", mode: 0o755, body: []byte("program")},
		{name: "etc/lotse/gateway.toml", mode: 0o640, body: []byte("settings"), settings: true},
	}
	a, err := tarball(time.Unix(1, 0), files)
	if err != nil {
		t.Fatal(err)
	}
	b, err := tarball(time.Unix(1, 0), files)
	if err != nil || !bytes.Equal(a, b) {
		t.Errorf("differs: %v", err)
	}
}

func TestIconShape(t *testing.T) {
	if !inWheel(0, 0) || inWheel(0.35, 0.15) || !inWheel(0.9, 0) || inWheel(0.99, 0.99) {
		t.Error("this is no wheel")
	}
}
