package seal

import (
	"net"
	"testing"
)

// BenchmarkHandshake is one whole exchange, both ends in this process.
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
