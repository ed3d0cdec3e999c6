package film_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"image"
	"io"
	"os"
	"testing"

	"lotse/fbs"
	"lotse/film"
	"lotse/screen"
)

var update = flag.Bool("update", false, "write testdata/vectors.json")

const vectorsFile = "testdata/vectors.json"

// vectors is a recording that the pages' player decodes too: novnc-web/test/fbs.test.ts.
type vectors struct {
	Recording []byte   `json:"recording"` // the whole file
	Frames    []string `json:"frames"`    // SHA-256 of the picture after each update that changes something
	Head      string   `json:"head"`      // of the chain
	Links     int      `json:"links"`
	AgentKey  []byte   `json:"agentKey"`
	Key       []byte   `json:"advisorKey"`
	Signature []byte   `json:"agentSignature"`
}

// pictureHash returns the SHA-256 of width and height (32 bits, big endian) and red, green and blue
// of each pixel.
func pictureHash(c *film.Canvas) string {
	size := c.Bounds().Size()
	b := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(size.X)), uint32(size.Y))
	for y := range size.Y {
		row := c.Row(y, 0, size.X)
		for x := 0; x < len(row); x += 4 {
			b = append(b, row[x+2], row[x+1], row[x])
		}
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// frameHashes decodes a recording.
func frameHashes(t *testing.T, file []byte) (hashes []string) {
	t.Helper()
	p, err := film.NewPlayer(bytes.NewReader(file))
	for err == nil {
		if _, err = p.Next(); err == nil {
			if changed, _ := p.Changed(); !changed.Empty() {
				hashes = append(hashes, pictureHash(p.Canvas()))
			}
		}
	}
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return hashes
}

func seeded(b byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, ed25519.SeedSize))
}

// TestVectors checks that the committed recording is decoded here as by the pages.
func TestVectors(t *testing.T) {
	agent, advisor := seeded(1), seeded(2)
	if *update {
		writeVectors(t, agent, advisor)
	}
	text, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	if got := frameHashes(t, v.Recording); len(got) != len(v.Frames) || !bytes.Equal(mustJSON(got), mustJSON(v.Frames)) {
		t.Errorf("the recording has other pictures; if that is meant: go test ./film -update")
	}
	sum, err := fbs.Measure(bytes.NewReader(v.Recording))
	if err != nil || hex.EncodeToString(sum.Head[:]) != v.Head || sum.Links != v.Links {
		t.Errorf("the recording has another chain: %+v, %v", sum, err)
	}
	p := fbs.Proof{Sum: sum, Agent: v.AgentKey, Advisor: v.Key, AgentSignature: v.Signature}
	p.AdvisorSignature = ed25519.Sign(advisor, p.Message())
	if err := p.Check(sum); err != nil {
		t.Error(err)
	}
}

func writeVectors(t *testing.T, agent, advisor ed25519.PrivateKey) {
	t.Helper()
	size := image.Pt(131, 71)
	steps := []func(*screen.Framebuffer) screen.Change{
		paint(page(size, 1, 0)), paint(page(size, 1, 30)), paint(noise(size)), paint(page(image.Pt(70, 90), 2, 0)), paint(page(size, 2, 0)),
	}
	for _, n := range []int{1, 2, 3, 4, 5, 16, 17, 127, 128, 255} {
		steps = append(steps, paint(colours(size, n)))
	}
	file, _ := recorded(t, size, steps...)
	sum, err := fbs.Measure(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	p := fbs.Proof{Sum: sum, Agent: agent.Public().(ed25519.PublicKey), Advisor: advisor.Public().(ed25519.PublicKey)}
	v := vectors{
		Recording: file, Frames: frameHashes(t, file), Head: hex.EncodeToString(sum.Head[:]), Links: sum.Links,
		AgentKey: p.Agent, Key: p.Advisor, Signature: ed25519.Sign(agent, p.Message()),
	}
	text, _ := json.MarshalIndent(v, "", " ") // bytes and strings cannot fail
	if err := os.WriteFile(vectorsFile, append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

func mustJSON(v any) []byte {
	b, _ := json.Marshal(v) // strings cannot fail
	return b
}
