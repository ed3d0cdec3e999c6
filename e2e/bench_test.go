package e2e

import (
	"net"
	"strconv"
	"testing"

	"lotse/rfb/rfbtest"
)

// BenchmarkAgentToAccepted is from the start of the customer's program to the
// moment at which the advisor's side knows that the number was right. Half a
// second of it is the gateway's: it answers no earlier, so that wrong and
// unknown numbers look alike.
func BenchmarkAgentToAccepted(b *testing.B) {
	s := newStack(b)
	customer := customerDisplay(b, "1280x800")
	for b.Loop() {
		b.StopTimer()
		ses := s.newSession()
		b.StartTimer()
		agent := s.agent(customer, ses.number, "--answer", "view")
		ses.line(`"event":"compare"`)
		b.StopTimer()
		ses.write("end")
		agent.exit()
		ses.exit()
		b.StartTimer()
	}
}

// BenchmarkFirstPicture is from a viewer's connection, answered by the program
// itself, to the first whole picture, decoded; through `lotse view`, sealed.
func BenchmarkFirstPicture(b *testing.B) {
	s := newStack(b)
	customer := customerDisplay(b, "1920x1080")
	customer.paint()
	ses := s.newSession()
	s.agent(customer, ses.number, "--answer", "view")
	ses.line(`"state":"joined"`)
	_, port := s.view(ses.number)
	for name, encoding := range map[string]int32{"Tight": rfbtest.Tight, "ZRLE": rfbtest.ZRLE} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				firstPicture(b, port, encoding)
			}
		})
	}
}

func firstPicture(b *testing.B, port int, encodings ...int32) {
	b.Helper()
	v, err := rfbtest.Dial(net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), rfbtest.Config{})
	if err != nil {
		b.Fatal(err)
	}
	defer v.Close()
	if err := v.SetEncodings(encodings...); err != nil {
		b.Fatal(err)
	}
	if err := v.Request(false, v.Bounds()); err != nil {
		b.Fatal(err)
	}
	u, err := v.NextUpdate()
	if err != nil {
		b.Fatal(err)
	}
	if u == nil || v.Bounds().Dx() != 1920 {
		b.Fatal("not the whole picture")
	}
}

// BenchmarkF12 is from a physical key press at the customer's keyboard to the
// line at the advisor's side that says that control is gone.
func BenchmarkF12(b *testing.B) {
	s := newStack(b)
	customer := customerDisplay(b, "1280x800")
	ses := s.newSession()
	s.agent(customer, ses.number, "--answer", "control")
	ses.line(`"state":"joined"`)
	_, port := s.view(ses.number)
	v, err := rfbtest.Dial(net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), rfbtest.Config{})
	if err != nil {
		b.Fatal(err)
	}
	defer v.Close()
	for b.Loop() {
		b.StopTimer()
		mark := ses.mark()
		ses.write("control")
		ses.lineAfter(mark, `"given","right":"control"`)
		mark = ses.mark()
		b.StartTimer()
		customer.physicalKey(keyF12)
		ses.lineAfter(mark, `"taken"`)
	}
}
