package rfb

import (
	"bytes"
	"encoding/binary"
	"image"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"lotse/screen"
	"lotse/screen/keysym"
)

// inputLog records the events that reach the display.
type inputLog struct {
	mu     sync.Mutex
	events []any
}

func (l *inputLog) Key(k screen.Key) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, k)
	return nil
}

func (l *inputLog) Pointer(p image.Point, b screen.Buttons) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, pointerEvent{at: p, buttons: b})
	return nil
}

func (l *inputLog) ReleaseAll() error { return nil }
func (l *inputLog) Suspend(bool)      {}

func (l *inputLog) take() []any {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := l.events
	l.events = nil
	return out
}

var _ screen.Input = (*inputLog)(nil)

func keyMessage(down byte, sym uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{msgKeyEvent, down, 0, 0}, sym)
}

func TestRightsAreCheckedAtTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := &inputLog{}
		var texts []string
		c, p := serve(t, Config{Rights: RightView, Input: in, Copied: func(c Copied) { texts = append(texts, c.Text) }})
		p.login()
		everything := bytes.Join([][]byte{
			keyMessage(1, 'a'), keyMessage(0, 'a'), {msgPointerEvent, 1, 0, 3, 0, 2}, {msgPointerEvent, 0, 0, 3, 0, 2},
			{msgQEMU, 0, 0, 1, 0, 0, 0, 'b', 0, 0, 0, 30}, {msgClientCutText, 0, 0, 0, 0, 0, 0, 2, 'h', 0xfc},
		}, nil)
		p.send(everything...)
		synctest.Wait()
		if got := in.take(); len(got) != 0 || len(texts) != 0 {
			t.Fatalf("view-only, and yet %v %q", got, texts)
		}
		c.SetRights(RightView | RightControl | RightClipboard)
		p.send(everything...)
		synctest.Wait()
		want := []any{screen.Key{Sym: 'a', Down: true}, screen.Key{Sym: 'a'},
			pointerEvent{at: image.Pt(3, 2), buttons: 1}, pointerEvent{at: image.Pt(3, 2)}, screen.Key{Sym: 'b', Code: 30, Down: true}}
		if got := in.take(); !slices.Equal(got, want) || !slices.Equal(texts, []string{"hü"}) {
			t.Fatalf("got %v %q, want %v", got, texts, want)
		}
		// Held buttons are released when the right is taken.
		p.send(msgPointerEvent, 1, 0, 3, 0, 2)
		synctest.Wait()
		in.take()
		c.SetRights(RightView)
		synctest.Wait()
		want = []any{screen.Key{Sym: 'b', Code: 30}, pointerEvent{at: image.Pt(3, 2)}}
		if got := in.take(); !slices.Equal(got, want) {
			t.Fatalf("released %v, want %v", got, want)
		}
		p.send(everything...)
		synctest.Wait()
		if got := in.take(); len(got) != 0 {
			t.Fatalf("after control was taken: %v", got)
		}
		p.Close()
		<-p.served
	})
}

// stuckInput is a display that does not respond.
type stuckInput struct {
	inputLog
	stuck chan struct{} // closed when it responds again
}

func (s *stuckInput) Key(k screen.Key) error {
	<-s.stuck
	return s.inputLog.Key(k)
}

// TestRightsDoNotWaitForTheDisplay: SetRights returns while the display blocks on an event. That
// event may still take effect, but no other is passed to the display.
func TestRightsDoNotWaitForTheDisplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := &stuckInput{stuck: make(chan struct{})}
		c, p := serve(t, Config{Rights: RightView | RightControl, Input: in})
		p.login()
		p.send(append(keyMessage(1, 'a'), keyMessage(1, 'b')...)...)
		synctest.Wait()
		c.SetRights(RightView)
		close(in.stuck)
		synctest.Wait()
		want := []any{screen.Key{Sym: 'a', Down: true}, screen.Key{Sym: 'a'}}
		if got := in.take(); !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
		p.Close()
		<-p.served
	})
}

func TestHeldKeysAreReleasedWhenTheViewerLeaves(t *testing.T) {
	in := &inputLog{}
	_, p := serve(t, Config{Rights: RightView | RightControl, Input: in})
	p.login()
	p.send(keyMessage(1, keysym.ControlL)...)
	p.Close()
	<-p.served
	if got := in.take(); !slices.Equal(got, []any{screen.Key{Sym: keysym.ControlL, Down: true}, screen.Key{Sym: keysym.ControlL}}) {
		t.Fatalf("%v", got)
	}
}

// rawUpdate requests an update and returns the first pixel of its Raw rectangle.
func (p *peer) rawUpdate(incremental byte) (red, green, blue byte) {
	p.t.Helper()
	p.send(msgFramebufferUpdateRequest, incremental, 0, 0, 0, 0, 0, 8, 0, 4)
	head := p.read(4)
	if head[0] != msgFramebufferUpdate {
		p.t.Fatalf("message %d", head[0])
	}
	for i := range binary.BigEndian.Uint16(head[2:]) {
		r := p.read(12)
		pixels := p.read(4 * int(binary.BigEndian.Uint16(r[4:])) * int(binary.BigEndian.Uint16(r[6:])))
		if i == 0 {
			blue, green, red = pixels[0], pixels[1], pixels[2]
		}
	}
	return red, green, blue
}

func coloured(red, green, blue byte) *screen.Framebuffer {
	b := screen.NewFramebuffer(image.Pt(8, 4))
	f := screen.NewFrame(image.Pt(8, 4))
	f.Fill(f.Bounds(), red, green, blue)
	b.Apply(screen.Update{Frame: f, Damage: screen.RegionOf(f.Bounds()), Monitors: []screen.Monitor{{ID: 1, Rect: f.Bounds()}}})
	return b
}

func TestWaitingPictureWithoutTheView(t *testing.T) {
	c, p := serve(t, Config{Desktop: coloured(255, 0, 0), Waiting: coloured(0, 0, 255)})
	p.login()
	if r, g, b := p.rawUpdate(0); r != 0 || g != 0 || b != 255 {
		t.Fatalf("without the view: %d %d %d", r, g, b)
	}
	c.SetRights(RightView)
	if r, g, b := p.rawUpdate(1); r != 255 || g != 0 || b != 0 {
		t.Fatalf("with the view: %d %d %d", r, g, b)
	}
	c.SetRights(0)
	if r, g, b := p.rawUpdate(1); r != 0 || g != 0 || b != 255 {
		t.Fatalf("after it was taken: %d %d %d", r, g, b)
	}
}

func TestNothingNewNothingSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		desk := coloured(1, 2, 3)
		c, p := serve(t, Config{Desktop: desk, Rights: RightView})
		p.login()
		p.rawUpdate(0)
		synctest.Wait()
		before := c.Updates()
		p.send(msgFramebufferUpdateRequest, 1, 0, 0, 0, 0, 0, 8, 0, 4)
		synctest.Wait()
		if c.Updates() != before {
			t.Fatal("an update without a change")
		}
		// The open request is answered as soon as something changes.
		f := screen.NewFrame(image.Pt(8, 4))
		f.Fill(f.Bounds(), 9, 9, 9)
		c.Invalidate(desk.Apply(screen.Update{Frame: f, Damage: screen.RegionOf(f.Bounds()), Monitors: []screen.Monitor{{ID: 1, Rect: f.Bounds()}}}))
		p.expect(msgFramebufferUpdate, 0, 0, 1)
		p.read(12 + 8*4*4)
		p.Close()
		<-p.served
	})
}

// A viewer that sends requests and never reads costs limited memory and is disconnected.
func TestViewerThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := serve(t, Config{Rights: RightView})
		p.login()
		fence := []byte{msgClientFence, 0, 0, 0, 0x80, 0, 0, 0, 0}
		for range 2 * maxPendingFences {
			if _, err := p.Write(fence); err != nil {
				break
			}
		}
		if err := <-p.served; err == nil {
			t.Fatal("served a viewer that lets fences pile up")
		}
	})
}

// messagesOf parses a stream until an error.
func messagesOf(r io.Reader) (list []clientMessage, err error) {
	in := messageReader{r: r, extendedMouse: true, extendedClipboard: true, longClipboard: true}
	for {
		m, err := in.next()
		if err != nil {
			return list, err
		}
		list = append(list, m)
	}
}

var exampleMessages = bytes.Join([][]byte{
	append([]byte{msgSetPixelFormat, 0, 0, 0}, nativeFormat.append(nil)...),
	{msgSetEncodings, 0, 0, 2, 0, 0, 0, 16, 0xff, 0xff, 0xff, 0x11},
	{msgFramebufferUpdateRequest, 1, 0, 1, 0, 2, 0, 3, 0, 4},
	keyMessage(1, 0x20ac),
	{msgPointerEvent, 5, 0, 7, 0, 8},
	{msgPointerEvent, 0x81, 0, 7, 0, 8, 3},
	{msgClientCutText, 0, 0, 0, 0, 0, 0, 1, 0xe4},
	{msgClientCutText, 0, 0, 0, 0xff, 0xff, 0xff, 0xfc, 1, 0, 0, 1},
	{msgEnableContinuousUpdates, 1, 0, 0, 0, 0, 0, 8, 0, 8},
	{msgClientFence, 0, 0, 0, 0, 0, 0, 1, 2, 'o', 'k'},
	{msgSetDesktopSize, 0, 3, 0, 2, 0, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
	{msgQEMU, 0, 0, 1, 0, 0, 0, 'b', 0, 0, 0, 30},
	{msgTextChat, 0, 0, 0, 0, 0, 0, 2, 'o', 'k'},
	{msgTextChat, 0, 0, 0, 0xff, 0xff, 0xff, 0xff},
}, nil)

func TestClientMessages(t *testing.T) {
	for name, r := range map[string]io.Reader{
		"whole": bytes.NewReader(exampleMessages), "byte by byte": iotest.OneByteReader(bytes.NewReader(exampleMessages)),
	} {
		list, err := messagesOf(r)
		if err != io.EOF || len(list) != 14 {
			t.Fatalf("%s: %d messages, %v", name, len(list), err)
		}
		if m := list[1].(setEncodings); !slices.Equal(m.encodings, []int32{encZRLE, pseudoCursor}) {
			t.Errorf("%s: %v", name, m)
		}
		if m := list[2].(updateRequest); m != (updateRequest{true, image.Rect(1, 2, 4, 6)}) {
			t.Errorf("%s: %v", name, m)
		}
		if m := list[4].(pointerEvent); m != (pointerEvent{at: image.Pt(7, 8), buttons: screen.ButtonLeft | screen.ButtonRight}) {
			t.Errorf("%s: %v", name, m)
		}
		if m := list[5].(pointerEvent); m != (pointerEvent{at: image.Pt(7, 8), buttons: screen.ButtonLeft | screen.ButtonBack | screen.ButtonForward, ext: true}) {
			t.Errorf("%s: %v", name, m)
		}
		if m := list[6].(cutText); m.text != "ä" {
			t.Errorf("%s: %v", name, m)
		}
		if text, open := list[12].(textChat), list[13].(textChat); string(text.text) != "ok" || text.action != 0 || open.action != textChatOpen {
			t.Errorf("%s: %v, %v", name, text, open)
		}
	}
	// A stream cut anywhere is an error.
	for n := 1; n < len(exampleMessages); n++ {
		if _, err := messagesOf(bytes.NewReader(exampleMessages[:n])); err == nil {
			t.Fatalf("cut at %d: no error", n)
		}
	}
}

func TestOversizedMessages(t *testing.T) {
	for name, wire := range map[string][]byte{
		"cut text of 4 GB":  {msgClientCutText, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff},
		"extended, 2 GB":    {msgClientCutText, 0, 0, 0, 0x80, 0, 0, 0},
		"fence of 65 bytes": append([]byte{msgClientFence, 0, 0, 0, 0, 0, 0, 0, 65}, make([]byte, 65)...),
		"chat of 4097":      {msgTextChat, 0, 0, 0, 0, 0, 0x10, 1},
		"chat of 4 GB":      {msgTextChat, 0, 0, 0, 0xff, 0xff, 0xff, 0xfc},
		"unknown message":   {99},
		"unknown QEMU":      {msgQEMU, 1},
		"24 bit pixels":     {msgSetPixelFormat, 0, 0, 0, 24, 24, 0, 1, 0, 255, 0, 255, 0, 255, 0, 8, 16, 0, 0, 0},
		"colours too wide":  {msgSetPixelFormat, 0, 0, 0, 16, 16, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0},
	} {
		if _, err := messagesOf(bytes.NewReader(wire)); err == nil || err == io.EOF || err == io.ErrUnexpectedEOF {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzClientMessages(f *testing.F) {
	f.Add(exampleMessages)
	f.Fuzz(func(t *testing.T, wire []byte) {
		whole, err := messagesOf(bytes.NewReader(wire))
		bytewise, err2 := messagesOf(iotest.OneByteReader(bytes.NewReader(wire)))
		if len(whole) != len(bytewise) || (err == nil) != (err2 == nil) {
			t.Fatalf("%d messages at once, %d byte by byte", len(whole), len(bytewise))
		}
	})
}

func FuzzClipboardProvide(f *testing.F) {
	picture, err := screen.NewPicture(image.NewNRGBA(image.Rect(0, 0, 3, 2)))
	if err != nil {
		f.Fatal(err)
	}
	clip := screen.Clip{Text: "Grüße €\n", HTML: "<b>", Picture: picture}
	for _, formats := range []uint32{clipboardText, clipboardText | clipboardHTML | clipboardDIB, clipboardPNG, 0xffff} {
		b, _ := appendClipboardProvide(nil, formats&(clipboardText|clipboardHTML|clipboardPictures), clip)
		f.Add(formats, formats, b[12:])
	}
	f.Fuzz(func(t *testing.T, formats, wanted uint32, data []byte) {
		wanted &= clipboardText | clipboardHTML | clipboardPictures
		copied, err := parseClipboardProvide(formats&clipboardFormats, wanted, data)
		if err != nil {
			return
		}
		if len(copied.Text) > maxCutText || len(copied.HTML) > screen.MaxClipText {
			t.Fatal("over the bound")
		}
		if clip, err := copied.Clip(); err == nil && clip.Picture != nil {
			size := clip.Picture.Size()
			if wanted&clipboardPictures == 0 || size.X*size.Y > screen.MaxPicturePixels || 3*size.X*size.Y > copied.pixels {
				t.Errorf("a picture of %v counted as %d bytes", size, copied.pixels)
			}
		}
	})
}

// FuzzConn plays whole connections: Serve returns whatever a viewer sends.
func FuzzConn(f *testing.F) {
	hello := append([]byte("RFB 003.008\n"), 1, 1)
	f.Add(append(bytes.Clone(hello), exampleMessages...))
	f.Fuzz(func(t *testing.T, wire []byte) {
		in := &inputLog{}
		_, p := serve(t, Config{Rights: RightView | RightControl | RightClipboard, Input: in, Desktop: coloured(1, 2, 3)})
		drained := make(chan struct{})
		go func() {
			defer close(drained)
			io.Copy(io.Discard, p)
		}()
		p.Write(wire)
		p.Close()
		<-p.served
		<-drained
	})
}
