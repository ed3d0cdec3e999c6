//go:build linux

package x11

import (
	"testing"
	"time"

	"github.com/jezek/xgb/xproto"

	"lotse/screen"
	"lotse/screen/screentest"
	"lotse/screen/x11/x11test"
)

// TestClaim checks that a later program finds the first one with its wishes, that it can ask for
// the panel, and that the place is free again when the first one has ended.
func TestClaim(t *testing.T) {
	x := x11test.Xvfb(t, "300x200x24")
	o := screen.Options{Display: x.Display, Logger: screentest.Log(t)}
	raise, release, first := Claim(o, []string{"a", "b"})
	if first != nil || raise == nil {
		t.Fatalf("the first program found %v", first)
	}
	for range 2 {
		_, _, found := Claim(o, []string{"a"})
		if found == nil {
			t.Fatal("the second program did not find the first")
		}
		for wish, want := range map[string]bool{"a": true, "b": true, "c": false, "": false} {
			if got := found.Has(wish); got != want {
				t.Errorf("it has the wish %q: %v", wish, got)
			}
		}
		found.(*claim).patience = screentest.Patience
		if !found.Show() {
			t.Error("the first program does not answer")
		}
		<-raise
		found.Close()
	}
	_, _, ended := Claim(o, nil)
	release()
	// The server notices the end a moment later.
	screentest.Eventually(t, "its place is free", func() bool {
		if raise, release, first = Claim(o, nil); first != nil {
			first.Close()
		}
		return first == nil && raise != nil
	})
	release()
	ended.(*claim).patience = screentest.Patience
	if ended.Show() {
		t.Error("a program that has ended answers")
	}
	ended.Close()
}

// TestClaimHung checks that nobody waits for ever for a first program that does not answer.
func TestClaimHung(t *testing.T) {
	x := x11test.Xvfb(t, "300x200x24")
	o := screen.Options{Display: x.Display, Logger: screentest.Log(t)}.WithDefaults()
	hung, err := openClaim(o)
	if err != nil {
		t.Fatal(err)
	}
	defer hung.Close()
	if err := hung.take([]string{"a"}); err != nil { // but nothing serves it
		t.Fatal(err)
	}
	_, _, found := Claim(o, []string{"a"})
	if found == nil {
		t.Fatal("not found")
	}
	defer found.Close()
	found.(*claim).patience = 10 * time.Millisecond
	if found.Show() {
		t.Error("somebody has answered")
	}
}

// TestClaimHostile checks that what another program on the display sends, sets or leaves has no
// effect but what it asks for.
func TestClaimHostile(t *testing.T) {
	x := x11test.Xvfb(t, "300x200x24")
	o := screen.Options{Display: x.Display, Logger: screentest.Log(t)}.WithDefaults()
	raise, release, _ := Claim(o, []string{"a"})
	defer release()
	other, err := openClaim(o)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	first, err := other.findOwner()
	if err != nil || first == nil {
		t.Fatal(first, err)
	}
	// Other messages, bytes instead of words, an answer to a window that does not exist.
	for _, ev := range []xproto.ClientMessageEvent{
		{Format: 32, Type: other.wishes, Data: xproto.ClientMessageDataUnionData32New(make([]uint32, 5))},
		{Format: 8, Type: other.show, Data: xproto.ClientMessageDataUnionData8New(make([]byte, 20))},
	} {
		ev.Window = other.owner
		xproto.SendEvent(other.l.Conn, false, other.owner, 0, string(ev.Bytes()))
	}
	no := xproto.SelectionRequestEvent{Owner: other.owner, Requestor: 0x7ffffff, Selection: other.selection, Target: other.wishes}
	xproto.SendEvent(other.l.Conn, false, other.owner, 0, string(no.Bytes()))
	if err := other.l.sync(); err != nil {
		t.Fatal(err)
	}
	other.patience = screentest.Patience
	if !first.Show() {
		t.Error("it does not answer any more")
	}
	<-raise
	select {
	case <-raise:
		t.Error("it was asked for the panel once, and it was raised twice")
	default:
	}
	// A property that is too long is cut.
	long := make([]byte, 3*maxWishes)
	xproto.ChangeProperty(other.l.Conn, xproto.PropModeReplace, other.owner, other.wishes, xproto.AtomString, 8, uint32(len(long)), long)
	if err := other.l.sync(); err != nil {
		t.Fatal(err)
	}
	_, _, found := Claim(o, nil)
	if found == nil {
		t.Fatal("not found")
	}
	defer found.Close()
	if n := len(found.(*claim).has[0]); n != maxWishes {
		t.Errorf("%d bytes of wishes", n)
	}
}
