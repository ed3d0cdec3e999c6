//go:build windows

package native

import (
	"bufio"
	"fmt"
	"image"
	"io"
	"net"
	"net/http"
	"os"
)

// proxyProgram is an HTTP proxy: what a browser outside of wine asks through it comes
// from a program of this Windows. It says its port.
func proxyProgram() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("ready", l.Addr().(*net.TCPAddr).Port)
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go passOn(conn)
	}
}

// passOn serves one connection of a proxy: a tunnel, or one request.
func passOn(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	r, err := http.ReadRequest(in)
	if err != nil {
		return
	}
	there, err := net.Dial("tcp", r.Host)
	if err != nil {
		fmt.Fprint(conn, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
		return
	}
	defer there.Close()
	if r.Method == http.MethodConnect {
		fmt.Fprint(conn, "HTTP/1.1 200 OK\r\n\r\n")
	} else {
		r.Close = true
		r.Header.Del("Proxy-Connection")
		if r.Write(there) != nil {
			return
		}
	}
	done := make(chan struct{}, 2)
	go func() { _, _ = io.Copy(there, in); done <- struct{}{} }()
	go func() { _, _ = io.Copy(conn, there); done <- struct{}{} }()
	<-done
}

// clickerProgram clicks wherever a line of standard input says, as a program does.
func clickerProgram() error {
	fmt.Println("ready")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var at image.Point
		if _, err := fmt.Sscan(lines.Text(), &at.X, &at.Y); err != nil {
			return err
		}
		if err := injectClick(at); err != nil {
			return err
		}
		fmt.Println("clicked")
	}
	return nil
}
