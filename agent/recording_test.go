package agent

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"image"
	"image/color"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lotse/agent/badge"
	"lotse/agent/files"
	"lotse/consent"
	"lotse/fbs"
	"lotse/rfb/rfbtest"
	"lotse/screen"
	"lotse/tunnel"
)

// recordingEnd is an advisor's end that takes a recording.
type recordingEnd struct {
	end
	d       *desk
	public  ed25519.PublicKey
	private ed25519.PrivateKey

	mu       sync.Mutex
	receiver *tunnel.RecordReceiver
	file     bytes.Buffer // Guarded by mu.
	signed   bool         // Guarded by mu.
}

// recordDesk returns a desk whose screen is shown to an advisor, and his end with a key.
func recordDesk(t *testing.T, cfg Config) *recordingEnd {
	t.Helper()
	d := newDesk(t, cfg)
	e := &recordingEnd{end: connects(d.Session), d: d}
	e.public, e.private, _ = ed25519.GenerateKey(nil)
	e.receiver = &tunnel.RecordReceiver{
		Header: tunnel.RecordHeader{Recording: fileID('r'), Key: tunnel.AppendKey(e.public)},
		Write: func(b []byte) error {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.file.Write(b)
			return nil
		},
		Sign: e.sign,
	}
	d.send(helloCame{tunnel.AdvisorHello{Key: tunnel.AppendKey(e.public)}, e.control})
	d.ask(consent.View)
	d.allow(t)
	return e
}

// sign checks the agent's signature against its announced key.
func (e *recordingEnd) sign(theirs []byte) ([]byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	sum, err := fbs.Measure(bytes.NewReader(e.file.Bytes()))
	if err != nil {
		return nil, err
	}
	p := fbs.Proof{Sum: sum, Advisor: e.public, AgentSignature: theirs}
	var ok bool
	if p.Agent, ok = tunnel.ParseKey(helloKey(e.d.Session)); !ok || !ed25519.Verify(p.Agent, p.Message(), theirs) {
		return nil, errors.New("the agent's signature is wrong")
	}
	e.signed = true
	return ed25519.Sign(e.private, p.Message()), nil
}

// helloKey returns the key that the agent announces.
func helloKey(s *Session) string {
	e := &helloAsked{}
	s.send(e)
	return e.key
}

type helloAsked struct{ key string }

func (e *helloAsked) in(st *state) { e.key = st.hello(st.controls.parties.Lead).Key }

// stream opens a stream of kind record.
func (e *recordingEnd) stream() net.Conn {
	here, there := net.Pipe()
	e.d.streams.Go(func() { serveRecord(context.Background(), e.d.Session, here) })
	return there
}

// take takes the recording over a new stream until it ends.
func (e *recordingEnd) take() <-chan error {
	done := make(chan error, 1)
	conn := e.stream()
	go func() {
		defer conn.Close()
		done <- e.receiver.Receive(conn)
	}()
	return done
}

// begin asks for a recording, allows it, and takes it.
func (e *recordingEnd) begin(t *testing.T) <-chan error {
	t.Helper()
	e.d.ask(consent.Record)
	e.d.allow(t)
	done := e.take()
	e.settle()
	return done
}

// settle lets the recorder take what is on the screen.
func (e *recordingEnd) settle() {
	time.Sleep(3 * time.Second)
	synctest.Wait()
}

func (e *recordingEnd) bytes() []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	return bytes.Clone(e.file.Bytes())
}

// refused fails the test if a stream brings anything.
func (e *recordingEnd) refused(t *testing.T, when string) {
	t.Helper()
	conn := e.stream()
	defer conn.Close()
	_, _ = conn.Write(e.receiver.Header.Append(nil))
	_, _ = conn.Write(make([]byte, 8))
	if n, err := conn.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("%s: the stream was served", when)
	}
	synctest.Wait()
}

// tape is a connection that plays a recording and accepts anything sent.
type tape struct {
	net.Conn
	io.Reader
}

func (t tape) Read(b []byte) (int, error)  { return t.Reader.Read(b) }
func (t tape) Write(b []byte) (int, error) { return len(b), nil }
func (t tape) Close() error                { return nil }

// played decodes a recording with the viewer of the tests. It returns the colours that were ever in
// it, of those that a desk uses, and the last picture.
func played(t *testing.T, file []byte) (colours string, last *image.RGBA) {
	t.Helper()
	var wire bytes.Buffer
	in := fbs.NewReader(bytes.NewReader(file))
	for {
		block, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		wire.Write(block.Data)
	}
	v, err := rfbtest.New(tape{Reader: &wire}, rfbtest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := v.SetEncodings(rfbtest.ZRLE, rfbtest.CopyRect, rfbtest.DesktopSize); err != nil {
		t.Fatal(err)
	}
	seen := map[color.RGBA]bool{}
	for {
		for i := 0; i < len(v.Canvas().Pix); i += 4 {
			seen[color.RGBA{v.Canvas().Pix[i], v.Canvas().Pix[i+1], v.Canvas().Pix[i+2], 255}] = true
		}
		m, err := v.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v after %v", err, m)
		}
	}
	for name, c := range map[string]color.RGBA{"r": {255, 0, 0, 255}, "g": {0, 255, 0, 255}, "b": {0, 0, 255, 255}, "y": {255, 255, 0, 255}} {
		if seen[c] {
			colours += name
		}
	}
	return colours, v.Canvas()
}

func hasColours(got, want string) bool {
	return len(got) == len(want) && strings.Trim(got, want) == ""
}

func (e *recordingEnd) wantColours(t *testing.T, when, want string) {
	t.Helper()
	if got, _ := played(t, e.bytes()); !hasColours(got, want) {
		t.Errorf("%s: the recording has the colours %q, want %q", when, got, want)
	}
}

// paint paints over the whole display.
func (e *recordingEnd) paint(r, g, b byte) {
	e.d.display.Fill(image.Rect(0, 0, 100, 100), r, g, b)
	e.settle()
}

func TestRecording(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := recordDesk(t, Config{})
		e.refused(t, "before the question")
		e.d.ask(consent.Record)
		e.refused(t, "before the answer")
		q := e.d.answer(t, screen.Answer{Allow: true})
		if !strings.Contains(q.Who, "Anna Berg") || !strings.Contains(q.Wish, "RECORD") || !strings.Contains(q.Hint, "save") {
			t.Errorf("the question is %+v", q)
		}
		if snap, _ := e.d.Snapshot(); snap.Recording == nil || !snap.Recording.Running || !snap.Rights.Record {
			t.Errorf("panels see %+v", snap.Recording)
		}
		done := e.take()
		e.settle()
		e.wantColours(t, "at the begin", "rgb")
		e.refused(t, "a second stream")
		e.paint(255, 255, 0)
		e.wantColours(t, "after a change", "rgby")
		var copied bytes.Buffer
		saved := make(chan error, 1)
		snap, _ := e.d.Snapshot()
		go func() {
			saved <- e.d.SaveFile(t.Context(), snap.Recording.Key, func(f files.OfferedFile) io.Writer {
				if !strings.HasSuffix(f.Name, ".fbs") || f.Size != -1 {
					t.Errorf("saved as %+v", f)
				}
				return &copied
			}, func() {})
		}()
		e.paint(0, 0, 255)
		if err := e.d.SaveFile(t.Context(), snap.Recording.Key, nil, nil); !errors.Is(err, ErrNoFile) {
			t.Errorf("saved twice: %v", err)
		}
		_ = e.d.Do(Take{consent.Record})
		synctest.Wait()
		if err := <-done; err != nil || !e.signed {
			t.Fatalf("%v, signed: %v", err, e.signed)
		}
		if err := <-saved; err != nil || !bytes.Equal(copied.Bytes(), e.bytes()) {
			t.Errorf("the customer's copy has %d bytes, the advisor's %d; %v", copied.Len(), len(e.bytes()), err)
		}
		e.paint(255, 0, 0)
		e.refused(t, "after it was taken")
		if snap, _ := e.d.Snapshot(); snap.Recording.Running || snap.Rights.Record || snap.Rights.View == false {
			t.Errorf("panels see %+v, %+v", snap.Recording, snap.Rights)
		}
		_ = e.d.Do(End{})
		e.d.send(finished{})
		last, _ := e.d.Snapshot()
		proofs, err := fbs.Proofs(strings.NewReader(last.RecordJSON))
		sum, _ := fbs.Measure(bytes.NewReader(e.bytes()))
		if err != nil || len(proofs) != 1 || proofs[0].Check(sum) != nil {
			t.Errorf("the record proves nothing: %v, %+v\n%s", err, proofs, last.Record)
		}
	})
}

// TestRecordingHeld checks that nothing goes into a recording while it is held, while the session
// is paused, or while it is away, and that it goes on with what is shown then.
func TestRecordingHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, step := range map[string]struct{ hold, goOn func(*recordingEnd) }{
			"held":   {func(e *recordingEnd) { _ = e.d.Do(Hold{On: true}) }, func(e *recordingEnd) { _ = e.d.Do(Hold{}) }},
			"paused": {func(e *recordingEnd) { _ = e.d.Do(Pause{}) }, func(e *recordingEnd) { e.d.send(resumedByHand{}) }},
			"by the badge": {
				func(e *recordingEnd) { e.d.badge.Click(e.d.badgeButton(t, badge.Hold)) },
				func(e *recordingEnd) { e.d.badge.Click(e.d.badgeButton(t, badge.Continue)) },
			},
			"away": {func(e *recordingEnd) { e.d.send(lost{}) }, func(e *recordingEnd) { e.d.send(joined{}) }},
		} {
			e := recordDesk(t, Config{})
			done := e.begin(t)
			before := e.bytes()
			e.wantColours(t, name+": before", "rgb")
			step.hold(e)
			synctest.Wait()
			e.paint(255, 255, 0)
			if name == "held" {
				e.refused(t, "another recording while held")
			}
			if got := e.bytes(); !bytes.Equal(got, before) {
				t.Errorf("%s: %d bytes went into the recording", name, len(got)-len(before))
			}
			// It is shown until the last moment, so that the agent's newest frame has it.
			all := image.Rect(0, 0, 100, 100)
			e.d.display.Fill(all, 255, 0, 0)
			synctest.Wait()
			e.d.display.Fill(all, 255, 255, 0)
			synctest.Wait()
			e.d.display.Fill(all, 0, 0, 255)
			step.goOn(e)
			e.settle()
			e.wantColours(t, name+": after", "rgb")
			if _, last := played(t, e.bytes()); last.RGBAAt(50, 5) != (color.RGBA{0, 0, 255, 255}) {
				t.Errorf("%s: the recording does not show what is shown now: %v", name, last.RGBAAt(50, 5))
			}
			_ = e.d.Do(Take{consent.View})
			synctest.Wait()
			if err := <-done; err != nil || !e.signed {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// TestRecordingWhileControlled checks that the advisor cannot let a held recording go on with the
// customer's mouse.
func TestRecordingWhileControlled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := recordDesk(t, Config{})
		done := e.begin(t)
		e.d.ask(consent.Control)
		e.d.allow(t)
		_ = e.d.Do(Hold{On: true})
		before := e.bytes()
		_ = e.d.Do(Hold{})
		e.d.badge.Inject(e.d.badgeButton(t, badge.Continue))
		e.paint(255, 255, 0)
		if !e.d.state1().Held || !bytes.Equal(e.bytes(), before) {
			t.Error("the advisor let the recording go on")
		}
		e.d.badge.Click(e.d.badgeButton(t, badge.Continue))
		e.settle()
		e.wantColours(t, "after the customer's click", "rgby")
		e.d.badge.Click(e.d.badgeButton(t, badge.StopRecording))
		synctest.Wait()
		if err := <-done; err != nil || e.d.rights().Record {
			t.Errorf("the badge does not stop it: %v", err)
		}
	})
}

// TestRecordingOfShare checks that a recording has what viewers may see and nothing else.
func TestRecordingOfShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := recordDesk(t, Config{})
		e.d.ask(consent.Share)
		e.d.allow(t, appChoice+"1")
		done := e.begin(t)
		e.wantColours(t, "one program", "g")
		e.d.ask(consent.Share)
		e.d.allow(t, appChoice+"2")
		e.settle()
		e.wantColours(t, "another one", "gb")
		_ = e.d.Do(End{})
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestRecordingGoesOn checks that a recording continues over another stream after its stream was
// lost, without losing or repeating a byte, and that it ends if none comes.
func TestRecordingGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := recordDesk(t, Config{})
		e.d.ask(consent.Record)
		e.d.allow(t)
		for i := range 5 {
			conn := e.stream()
			lost := make(chan error, 1)
			go func() { lost <- e.receiver.Receive(&cutConn{Conn: conn, left: 20 + 31*i}) }()
			<-lost
			conn.Close()
			synctest.Wait()
		}
		done := e.take()
		e.settle()
		e.paint(255, 255, 0)
		_ = e.d.Do(Take{consent.Record})
		if err := <-done; err != nil || !e.signed {
			t.Fatal(err)
		}
		e.wantColours(t, "at the end", "rgby")

		e.d.ask(consent.Record)
		e.d.allow(t)
		time.Sleep(tunnel.RecordClaim + time.Second)
		synctest.Wait()
		if e.d.rights().Record {
			t.Error("the right stays although nobody takes the recording")
		}
	})
}

// cutConn breaks off after some bytes were read.
type cutConn struct {
	net.Conn
	left int
}

func (c *cutConn) Read(b []byte) (int, error) {
	if c.left == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := c.Conn.Read(b[:min(len(b), c.left)])
	c.left -= n
	return n, err
}

// TestRecordingSlowEnd checks that an advisor's end that takes nothing can neither delay the
// customer nor fill the agent's memory.
func TestRecordingSlowEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := recordDesk(t, Config{})
		e.d.ask(consent.Record)
		e.d.allow(t)
		conn := e.stream()
		_, _ = conn.Write(e.receiver.Header.Append(nil))
		_, _ = conn.Write(make([]byte, 8))
		for i := range byte(20) {
			e.paint(i, 255-i, 0)
		}
		_ = e.d.Do(Take{consent.Record})
		if e.d.rights().Record {
			t.Error("the right is still given")
		}
		time.Sleep(2 * tunnel.RecordEnd)
		synctest.Wait()
		if _, err := io.Copy(io.Discard, conn); err != nil && !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("the stream is not closed: %v", err)
		}
		if done := e.begin(t); e.signed {
			t.Error(<-done)
		}
		e.wantColours(t, "the next recording", "")
		_ = e.d.Do(End{})
	})
}

// TestRecordingHostile checks what an advisor's end may not send.
func TestRecordingHostile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := recordDesk(t, Config{})
		e.d.ask(consent.Record)
		e.d.allow(t)
		other, _, _ := ed25519.GenerateKey(nil)
		for name, header := range map[string]string{
			"a key that was not announced": string(tunnel.RecordHeader{Recording: fileID('r'), Key: tunnel.AppendKey(other)}.Append(nil)),
			"no key":                       `{"recording":"` + fileID('r') + `"}` + "\n",
			"no ID":                        `{"key":"` + tunnel.AppendKey(e.public) + `"}` + "\n",
			"a long line":                  strings.Repeat("x", 300),
			"no JSON":                      "\n",
		} {
			conn := e.stream()
			go func() { _, _ = conn.Write(append([]byte(header), make([]byte, 8)...)) }()
			if n, err := conn.Read(make([]byte, 1)); n != 0 || err == nil {
				t.Errorf("%s: the stream was served", name)
			}
			conn.Close()
		}
		for name, sent := range map[string][]byte{
			"a count of what was not sent": {0, 0, 0, 1, 0, 0, 0, 0},
			"an end before the end":        append(bytes.Repeat([]byte{255}, 8), make([]byte, 64)...),
		} {
			conn := e.stream()
			go func() { _, _ = conn.Write(append(e.receiver.Header.Append(nil), append(make([]byte, 8), sent...)...)) }()
			if _, err := io.Copy(io.Discard, conn); err != nil && !errors.Is(err, io.ErrClosedPipe) {
				t.Errorf("%s: %v", name, err)
			}
			conn.Close()
			synctest.Wait()
		}
		done := e.take()
		e.settle()
		e.wantColours(t, "in spite of all this", "rgb")
		e.receiver.Sign = func([]byte) ([]byte, error) { return make([]byte, ed25519.SignatureSize), nil }
		_ = e.d.Do(Take{consent.Record})
		<-done
		synctest.Wait()
		_ = e.d.Do(End{})
		e.d.send(&recordingsOver{})
		synctest.Wait()
		e.d.send(finished{})
		last, _ := e.d.Snapshot()
		if proofs, err := fbs.Proofs(strings.NewReader(last.RecordJSON)); err != nil || len(proofs[0].AdvisorSignature) > 0 {
			t.Errorf("a wrong signature is in the record: %v %+v", err, proofs)
		}
	})
}

// TestRecordingResized checks that a change of the display's size is in the recording.
func TestRecordingResized(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := recordDesk(t, Config{})
		done := e.begin(t)
		e.d.display.Resize(image.Pt(160, 120))
		e.settle()
		e.d.display.Fill(image.Rect(0, 0, 160, 120), 255, 255, 0)
		e.settle()
		_ = e.d.Do(End{})
		if err := <-done; err != nil {
			t.Error(err)
		}
		if _, last := played(t, e.bytes()); last.Rect.Size() != image.Pt(160, 120) || last.RGBAAt(159, 119) != (color.RGBA{255, 255, 0, 255}) {
			t.Errorf("the last picture is %v", last.Rect)
		}
	})
}
