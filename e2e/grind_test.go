package e2e

import (
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/cryptotest"
	"time"

	"lotse/seal"
	"lotse/seal/sealtest"
)

// TestGrind puts the man in the middle of package sealtest between ends in Go and in
// TypeScript. The long form runs only on request. It makes a thousand exchanges, and may use
// two cores for twenty seconds in each:
//
//	LOTSE_GRIND=20s go test ./seal ./e2e -run Grind -v -timeout 12h
//
// An exchange ends sooner if the man in the middle finds what he searches for, usually within a
// tenth of a second.
const (
	grindEnv    = "LOTSE_GRIND"
	grindNumber = "482193057"
	grindStream = "AAAAAAAAAAAAAAAAAAAAAA"
	grindKind   = "control"
)

// grindEnd is one end of the seal. Each call of exchange starts one key exchange over line.
type grindEnd interface {
	exchange(t *testing.T) (line net.Conn, code func() string)
}

// goEnd is an end in this process.
type goEnd struct{ role seal.Role }

func (e goEnd) exchange(t *testing.T) (net.Conn, func() string) {
	ours, evil := net.Pipe()
	code := make(chan string, 1)
	go func() {
		c, err := seal.Handshake(t.Context(), ours, e.role, seal.Params{Number: grindNumber, Kind: grindKind, Stream: grindStream})
		if err != nil {
			code <- ""
			return
		}
		code <- c.Compare()
		ours.Close()
	}()
	return evil, func() string { return <-code }
}

// tsEnd is an end of novnc-web in Node.
type tsEnd struct {
	process *process
	address string
	mark    int
}

func newTSEnd(t *testing.T, role string) *tsEnd {
	program := filepath.Join(t.TempDir(), "peer.mjs")
	run(t, nil, "../novnc-web/node_modules/.bin/esbuild", "../novnc-web/test/sealpeer.ts", "--bundle", "--platform=node", "--format=esm",
		"--target=node20", "--log-level=warning", "--outfile="+program)
	p := start(t, nil, need(t, "node", "nodejs"), program, role, grindNumber, grindKind, grindStream, "1")
	return &tsEnd{process: p, address: "127.0.0.1:" + strings.TrimPrefix(p.Line("port "), "port "), mark: p.Mark()}
}

func (e *tsEnd) exchange(t *testing.T) (net.Conn, func() string) {
	conn, err := net.Dial("tcp", e.address)
	if err != nil {
		t.Fatal(err)
	}
	return conn, func() string {
		line := e.process.LineAfter(e.mark, "")
		e.mark++
		if len(line) != 4 {
			return "" // the line is an error's text
		}
		return line
	}
}

// TestGrind checks that a man in the middle gets equal comparison codes only by chance. The man
// and both ends draw from fixed seeds.
func TestGrind(t *testing.T) {
	runs, budget := 60, time.Duration(0)
	if d, err := time.ParseDuration(os.Getenv(grindEnv)); err == nil && d > 0 {
		runs, budget = 1000, d
	}
	for name, ends := range map[string]func(t *testing.T) (agent, advisor grindEnd){
		"Go and TypeScript": func(t *testing.T) (grindEnd, grindEnd) { return goEnd{seal.Agent}, newTSEnd(t, "advisor") },
		"TypeScript and Go": func(t *testing.T) (grindEnd, grindEnd) { return newTSEnd(t, "agent"), goEnd{seal.Advisor} },
		"TypeScript twice":  func(t *testing.T) (grindEnd, grindEnd) { return newTSEnd(t, "agent"), newTSEnd(t, "advisor") },
	} {
		t.Run(name, func(t *testing.T) {
			cryptotest.SetGlobalRandom(t, 1)
			agent, advisor := ends(t)
			random := rand.NewChaCha8([32]byte{7})
			equal, sealed := 0, 0
			for i := range runs {
				tries := int64(20)
				if i < 2 {
					tries = 60_000 // enough to find a share and to open his commitment to it
				}
				man := &sealtest.Man{Number: grindNumber, Kind: grindKind, Stream: grindStream, Random: random, More: func(n int64) bool { return n <= tries }}
				if budget > 0 {
					end := time.Now().Add(budget)
					man.Workers, man.More = 2, func(int64) bool { return time.Now().Before(end) }
				}
				a, codeA := agent.exchange(t)
				b, codeB := advisor.exchange(t)
				_, _ = man.Between(io.ReadWriter(a), io.ReadWriter(b))
				a.Close()
				b.Close()
				one, two := codeA(), codeB()
				if two != "" {
					sealed++
				}
				if one != "" && one == two {
					equal++
				}
			}
			if sealed != runs {
				t.Errorf("he sealed with the advisor's end %d times of %d: he does not know the number", sealed, runs)
			}
			if equal > 1 {
				t.Errorf("equal codes in %d of %d runs", equal, runs)
			}
		})
	}
}
