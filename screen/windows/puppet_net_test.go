//go:build windows

package windows

import (
	"bufio"
	"fmt"
	"image"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
)

// proxyProgram is an HTTP proxy. With it, requests of a browser outside of wine come from a program
// of this Windows. It prints its port. It keeps its connections open, because wine reads all of the
// computer's open files when the agent asks for the owner of one.
func proxyProgram() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("ready", l.Addr().(*net.TCPAddr).Port)
	requests := &httputil.ReverseProxy{
		Rewrite:       func(*httputil.ProxyRequest) {}, // a proxy's request already contains the host
		Transport:     &http.Transport{DisableCompression: true},
		FlushInterval: -1, // at once
		ErrorLog:      log.New(io.Discard, "", 0),
	}
	return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodConnect {
			tunnelTo(w, r.Host)
		} else {
			requests.ServeHTTP(w, r)
		}
	}))
}

// tunnelTo relays data until one side has ended.
func tunnelTo(w http.ResponseWriter, host string) {
	there, err := net.Dial("tcp", host)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer there.Close()
	conn, in, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	fmt.Fprint(conn, "HTTP/1.1 200 OK\r\n\r\n")
	done := make(chan struct{}, 2)
	go func() { _, _ = io.Copy(there, in); done <- struct{}{} }()
	go func() { _, _ = io.Copy(conn, there); done <- struct{}{} }()
	<-done
}

// clickerProgram clicks at the points read from standard input, as a program does.
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
