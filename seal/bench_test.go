package seal

import (
	"io"
	"net"
	"testing"

	"lotse/tunnel"
	"lotse/tunnel/tunneltest"
)

// BenchmarkHandshake runs one whole exchange with both ends in this process.
func BenchmarkHandshake(b *testing.B) {
	for b.Loop() {
		x, y := net.Pipe()
		ra, rb := handshake(b, x, y, params("482193057", nil), params("482193057", nil))
		if ra.err != nil || rb.err != nil {
			b.Fatal(ra.err, rb.err)
		}
		x.Close()
		y.Close()
	}
}

// counted is a line that counts its messages.
type counted struct {
	net.Conn
	messages int
}

func (c *counted) Write(p []byte) (int, error) {
	c.messages += (len(p) + tunnel.MaxStreamMessage - 1) / tunnel.MaxStreamMessage
	return c.Conn.Write(p)
}

// BenchmarkStream sends frames of several sizes over a sealed WebSocket, with the agent's write
// sizes.
func BenchmarkStream(b *testing.B) {
	for _, size := range []struct {
		name  string
		bytes int
	}{{"2KiB", 2 << 10}, {"64KiB", 64 << 10}, {"step", 2 * (32<<10 - frameHeader - tagSize)}, {"1MiB", 1 << 20}} {
		b.Run(size.name, func(b *testing.B) {
			far, near := tunneltest.Pair(b) // an agent is the client
			line := &counted{Conn: near}
			ra, rb := handshake(b, line, far, params("482193057", nil), params("482193057", nil))
			if ra.err != nil || rb.err != nil {
				b.Fatal(ra.err, rb.err)
			}
			read := make(chan error, 1)
			go func() {
				_, err := io.Copy(io.Discard, rb.conn)
				read <- err
			}()
			data := make([]byte, size.bytes)
			line.messages = 0
			b.SetBytes(int64(size.bytes))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ra.conn.Write(data); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(line.messages)/float64(b.N), "messages/op")
			ra.conn.Close()
			if err := <-read; err != nil {
				b.Fatal(err)
			}
		})
	}
}
