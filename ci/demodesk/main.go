// Demodesk shows the desktop of the demo's customer in a browser, for a machine without a
// screen. The person who tries Lotse answers the question window there. Only the demo
// (ci/demo.sh) uses this program. It serves only the user who started it.
//
//	demodesk RFB-SOCKET NOVNC-FOLDER
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
		fmt.Fprintln(os.Stderr, "demodesk:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 2 {
		return errors.New("usage: demodesk RFB-SOCKET NOVNC-FOLDER")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	origin := "http://" + listener.Addr().String()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(page)
	})
	mux.Handle("GET /novnc/", http.StripPrefix("/novnc/", http.FileServer(http.Dir(args[1]))))
	mux.HandleFunc("GET /rfb", func(w http.ResponseWriter, r *http.Request) {
		up := websocket.Upgrader{CheckOrigin: func(r *http.Request) bool { return r.Header.Get("Origin") == origin }}
		ws, err := up.Upgrade(w, r, nil)
		if err != nil {
			return // Upgrade has sent the error
		}
		defer ws.Close()
		if err := join(ctx, ws, args[0]); err != nil {
			fmt.Fprintln(os.Stderr, "demodesk:", err)
		}
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { server.Close() })
	fmt.Println(origin + "/")
	if err := server.Serve(peer.Listen(listener, nil)); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
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
