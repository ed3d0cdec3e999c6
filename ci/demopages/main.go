// Demopages serves the pages of the demo (ci/demo.sh) on this computer, to the user who started
// it. One address has the gateway's pages, by plain HTTP, a link that signs the advisor in, and one
// that opens the customer's panel: AGENT-LOG is the output of the program AGENT. Another address
// shows the desktop of the demo's customer, for a machine without a screen: there the person who
// tries Lotse answers the question window. Without RFB-SOCKET there is only the first.
//
//	demopages GATEWAY CA-FILE NOVNC-FOLDER AGENT AGENT-LOG [RFB-SOCKET]
package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/gorilla/websocket"

	"lotse/peer"
)

//go:embed desk.html
var page []byte

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "demopages:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 5 && len(args) != 6 {
		return errors.New("usage: demopages GATEWAY CA-FILE NOVNC-FOLDER AGENT AGENT-LOG [RFB-SOCKET]")
	}
	failed := make(chan error, 2)
	front, err := listen()
	if err != nil {
		return err
	}
	g, err := newGateway(args[0], args[1], originOf(front))
	if err != nil {
		return err
	}
	g.panel = newPanelLink(args[4], args[3], "--gateway", args[0])
	go serve(ctx, front, g.handler(), failed)
	serving := 1
	if len(args) == 6 {
		desk, err := listen()
		if err != nil {
			return err
		}
		go serve(ctx, desk, deskPages(ctx, args[2], args[5], originOf(desk)), failed)
		serving++
		fmt.Println("desk " + originOf(desk) + "/")
	}
	fmt.Println("advisor " + g.origin + g.link)
	fmt.Println("panel " + g.origin + g.panel.path)
	fmt.Println("start " + g.origin + "/")
	for range serving {
		err = errors.Join(err, <-failed)
	}
	return err
}

func listen() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }

func originOf(l net.Listener) string { return "http://" + l.Addr().String() }

// serve serves pages until ctx ends.
func serve(ctx context.Context, l net.Listener, pages http.Handler, done chan<- error) {
	server := &http.Server{Handler: pages, ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { server.Close() })()
	err := server.Serve(peer.Listen(l, nil))
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	done <- err
}

// deskPages serves the page that shows the desktop. novnc is the folder of noVNC, and socket
// that of the X server's VNC server.
func deskPages(ctx context.Context, novnc, socket, origin string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(page)
	})
	mux.Handle("GET /novnc/", http.StripPrefix("/novnc/", http.FileServer(http.Dir(novnc))))
	mux.HandleFunc("GET /rfb", func(w http.ResponseWriter, r *http.Request) {
		up := websocket.Upgrader{CheckOrigin: func(r *http.Request) bool { return r.Header.Get("Origin") == origin }}
		ws, err := up.Upgrade(w, r, nil)
		if err != nil {
			return // Upgrade has sent the error
		}
		defer ws.Close()
		if err := join(ctx, ws, socket); err != nil {
			fmt.Fprintln(os.Stderr, "demopages:", err)
		}
	})
	return mux
}

// join forwards bytes between a page and the X server until either side ends.
func join(ctx context.Context, ws *websocket.Conn, socket string) error {
	var d net.Dialer
	x, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return err
	}
	defer x.Close()
	defer context.AfterFunc(ctx, func() { x.Close(); ws.Close() })()
	go func() {
		defer x.Close()
		for {
			_, r, err := ws.NextReader()
			if err != nil {
				return
			}
			if _, err := io.Copy(x, r); err != nil {
				return
			}
		}
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := x.Read(buf)
		if n > 0 {
			if err := ws.WriteMessage(websocket.BinaryMessage, buf[:n]); err != nil {
				return nil
			}
		}
		if err != nil {
			return nil
		}
	}
}
