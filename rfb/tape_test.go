package rfb_test

import (
	"io"
	"net"
)

// tape is a connection that plays a recording and accepts anything sent.
type tape struct {
	net.Conn
	in []byte
}

func (t *tape) Read(b []byte) (int, error) {
	if len(t.in) == 0 {
		return 0, io.EOF
	}
	n := copy(b, t.in)
	t.in = t.in[n:]
	return n, nil
}

func (t *tape) Write(b []byte) (int, error) { return len(b), nil }
func (t *tape) Close() error                { return nil }
