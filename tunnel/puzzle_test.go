package tunnel

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

var update = flag.Bool("update", false, "write testdata again")

const puzzleVectors = "testdata/puzzle.json"

type puzzleVector struct {
	Puzzle string `json:"puzzle"`
	Bits   int    `json:"bits"`
	Proof  string `json:"proof"` // made of the smallest counters
}

// TestPuzzleVectors checks the vectors that the TypeScript implementation solves, too.
func TestPuzzleVectors(t *testing.T) {
	if *update {
		var out []puzzleVector
		for i, bits := range []int{0, 1, 4, 7, 10, 13} {
			p := Puzzle{Bits: bits, Expires: time.Unix(1_800_000_000+int64(i), 0)}
			for j := range p.Nonce {
				p.Nonce[j] = byte(i*31 + j)
			}
			for j := range p.MAC {
				p.MAC[j] = byte(255 - i - j)
			}
			proof, err := SolvePuzzle(t.Context(), p.String())
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, puzzleVector{p.String(), bits, proof})
		}
		b, err := json.MarshalIndent(out, "", "  ")
		if err == nil {
			err = os.WriteFile(puzzleVectors, append(b, '\n'), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(puzzleVectors)
	if err != nil {
		t.Fatal(err)
	}
	var vectors []puzzleVector
	if err := json.Unmarshal(b, &vectors); err != nil || len(vectors) == 0 {
		t.Fatal(err)
	}
	for _, v := range vectors {
		if proof, err := SolvePuzzle(t.Context(), v.Puzzle); err != nil || proof != v.Proof {
			t.Errorf("%s: %s, %v", v.Puzzle, proof, err)
		}
		p, s, err := ParseProof(v.Proof)
		if err != nil || p.Bits != v.Bits || p.String() != v.Puzzle || !s.Solves(&p) {
			t.Errorf("%s: %+v, %v", v.Proof, p, err)
		}
		s[3]++
		if v.Bits > 6 && s.Solves(&p) {
			t.Errorf("%s: another counter is a solution", v.Puzzle)
		}
	}
}

func TestPuzzleRefusals(t *testing.T) {
	p := Puzzle{Bits: MaxPuzzleBits + 1}
	if _, err := SolvePuzzle(t.Context(), p.String()); !errors.Is(err, ErrPuzzle) {
		t.Errorf("too much work: %v", err)
	}
	p.Bits = MaxPuzzleBits
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	cancel(cause)
	if _, err := SolvePuzzle(ctx, p.String()); !errors.Is(err, cause) {
		t.Errorf("the context: %v", err)
	}
	// A second text for the same puzzle would allow a second proof for the same work.
	text := []byte((&Puzzle{}).String())
	text[len(text)-1]++
	if _, err := ParsePuzzle(string(text)); err == nil {
		t.Error("bits behind the last byte are read over")
	}
}

func FuzzParseProof(f *testing.F) {
	f.Add("")
	f.Add((&Puzzle{}).String() + "." + base64.RawURLEncoding.EncodeToString(make([]byte, solutionSize)))
	f.Fuzz(func(t *testing.T, text string) {
		p, s, err := ParseProof(text)
		if err != nil {
			return
		}
		if p.String() != text[:puzzleText] {
			t.Error("a puzzle does not write as it was read")
		}
		if s.Solves(&p) != (p.Bits == 0) && p.Bits == 0 {
			t.Error("no work is too much")
		}
	})
}

func BenchmarkSolvePuzzle(b *testing.B) {
	for i := range b.N {
		p := Puzzle{Bits: 13, Expires: time.Unix(int64(i), 0)}
		if _, err := SolvePuzzle(b.Context(), p.String()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyProof(b *testing.B) {
	proof, err := SolvePuzzle(b.Context(), (&Puzzle{Bits: 13}).String())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		p, s, err := ParseProof(proof)
		if err != nil || !s.Solves(&p) {
			b.Fatal(err)
		}
	}
}

// puzzling is a gateway that demands work the given number of times, at sign-in and on the link,
// and then sends the proofs it received to the channel.
func puzzling(t *testing.T, times, bits int) (*Client, <-chan string) {
	t.Helper()
	proofs := make(chan string, 2*MaxPuzzles)
	n := 0 // there is one connection at a time
	ask := func(proof string) string {
		if proof != "" {
			proofs <- proof
		}
		if n++; n > times {
			return ""
		}
		return (&Puzzle{Bits: bits, Expires: time.Unix(int64(n), 0)}).String()
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/signin", func(w http.ResponseWriter, r *http.Request) {
		var req SignInRequest
		if err := json.NewDecoder(r.Body).Decode(&req); err != nil || req.Name != "anna" || req.Password != "secret" {
			t.Errorf("%+v, %v", req, err)
		}
		if puzzle := ask(req.Proof); puzzle != "" {
			var body ErrorBody
			body.Error.Code, body.Error.Puzzle = CodePuzzle, puzzle
			w.WriteHeader(http.StatusTooManyRequests)
			_ = json.NewEncoder(w).Encode(body)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: CookieName, Value: "x", Path: "/", Secure: true})
		_ = json.NewEncoder(w).Encode(Me{CSRF: "y"})
	})
	mux.HandleFunc("GET /agent/v1", func(w http.ResponseWriter, r *http.Request) {
		ws, err := new(websocket.Upgrader).Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		link := NewLink(ws, 0)
		defer link.Close()
		for {
			b, err := link.Receive()
			if err != nil {
				return
			}
			m, err := ParseAgentRequest(b)
			if err != nil || m.Type != TypeEnter || m.Place != "4821" {
				t.Errorf("%+v, %v", m, err)
			}
			if puzzle := ask(m.Proof); puzzle != "" {
				_ = link.Send(GatewayMessage{Type: TypePuzzle, Puzzle: puzzle})
			} else {
				_ = link.Send(GatewayMessage{Type: TypeRefused, Code: RefusedNumber})
			}
		}
	})
	s := httptest.NewTLSServer(mux)
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	c := &Client{Gateway: s.URL, RootCAs: roots}
	t.Cleanup(c.CloseIdle)
	return c, proofs
}

// TestPuzzlesOnTheWay: SignIn and Enter solve the puzzles that they receive, but not any number.
func TestPuzzlesOnTheWay(t *testing.T) {
	enter := func(c *Client) error {
		link, err := c.DialAgent(t.Context())
		if err != nil {
			return err
		}
		defer link.Close()
		if err := link.Enter("4821", "", ""); err != nil {
			return err
		}
		m, err := link.Recv()
		if err == nil && m.Code != RefusedNumber {
			t.Errorf("%+v", m)
		}
		return err
	}
	signIn := func(c *Client) error {
		_, err := c.SignIn(t.Context(), "anna", "secret")
		return err
	}
	for name, f := range map[string]func(*Client) error{"link": enter, "sign-in": signIn} {
		for _, times := range []int{0, 1, MaxPuzzles, MaxPuzzles + 1} {
			c, proofs := puzzling(t, times, 2)
			err := f(c)
			if want := times <= MaxPuzzles; (err == nil) != want {
				t.Errorf("%s, %d puzzles: %v", name, times, err)
			}
			if len(proofs) != min(times, MaxPuzzles) {
				t.Errorf("%s, %d puzzles: %d proofs", name, times, len(proofs))
			}
			for range len(proofs) {
				if p, s, err := ParseProof(<-proofs); err != nil || !s.Solves(&p) {
					t.Errorf("%s: a wrong proof: %v", name, err)
				}
			}
		}
	}
}

// TestCloseStopsWork: Close stops the work on a puzzle.
func TestCloseStopsWork(t *testing.T) {
	c, _ := puzzling(t, 1, MaxPuzzleBits)
	link, err := c.DialAgent(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := link.Enter("4821", "", ""); err != nil {
		t.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { _, err := link.Recv(); over <- err }()
	link.Close()
	if err := <-over; err == nil {
		t.Error("a closed link goes on")
	}
}
