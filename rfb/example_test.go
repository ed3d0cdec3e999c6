package rfb_test

import (
	"context"
	"fmt"
	"image"
	"net"

	"lotse/rfb"
	"lotse/rfb/rfbtest"
	"lotse/screen"
)

// A server shows a desktop to one viewer on a connection, after somebody has approved.
func ExampleConn() {
	desktop := screen.NewFramebuffer(image.Pt(320, 200))
	frame := screen.NewFrame(image.Pt(320, 200))
	frame.Fill(frame.Bounds(), 0x20, 0x40, 0x80)
	desktop.Apply(screen.Update{Frame: frame, Damage: screen.RegionOf(frame.Bounds())})

	here, there := net.Pipe()
	c := rfb.NewConn(there, rfb.Config{
		Desktop: desktop, Waiting: desktop, Name: "example", Rights: rfb.RightView,
		Approve: func(context.Context, rfb.Viewer) error {
			fmt.Println("a viewer asks")
			return nil
		},
	})
	served := make(chan error)
	go func() { served <- c.Serve(context.Background()) }()

	v, err := rfbtest.New(here, rfbtest.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("the viewer sees", v.Name(), "with", v.Bounds().Size())
	// A right that is taken is gone when SetRights returns.
	c.SetRights(0)
	here.Close()
	<-served
	// Output:
	// a viewer asks
	// the viewer sees example with (320,200)
}
