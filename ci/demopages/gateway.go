package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"time"
)

// gateway passes a browser's requests on to the demo's gateway, so that the browser sees plain
// HTTP on this computer and no unknown certificate. It signs the advisor in by a link.
type gateway struct {
	target *url.URL
	tls    *tls.Config
	origin string // of this program's own pages
	link   string // the path that signs in; only who started the demo knows it
	panel  *panelLink
}

// maxAnswer is the maximum length, in bytes, of the gateway's answer to a sign-in.
const maxAnswer = 64 << 10

// newGateway returns the gateway at an address. file has the certificate of its authority.
func newGateway(address, file, origin string) (*gateway, error) {
	target, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: no certificate", file)
	}
	return &gateway{target: target, tls: &tls.Config{RootCAs: roots}, origin: origin, link: "/sign-in/" + rand.Text()}, nil
}

// The prefix that makes browsers accept a cookie from HTTPS only, and what replaces it here.
const securePrefix, plainPrefix = "__Host-", "demo-"

// handler passes requests on. Requests of other origins are refused, like the gateway does.
func (g *gateway) handler() http.Handler {
	proxy := &httputil.ReverseProxy{
		Transport: &http.Transport{TLSClientConfig: g.tls},
		ErrorLog:  log.New(io.Discard, "", 0), // the browser shows what is wrong
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(g.target)
			if r.In.Header.Get("Origin") != "" {
				r.Out.Header.Set("Origin", g.target.String())
			}
			for i, c := range r.Out.Header["Cookie"] {
				r.Out.Header["Cookie"][i] = strings.ReplaceAll(c, plainPrefix, securePrefix)
			}
		},
		ModifyResponse: func(r *http.Response) error {
			plainCookies(r.Header)
			return nil
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch origin := r.Header.Get("Origin"); {
		case origin != "" && origin != g.origin || "http://"+r.Host != g.origin:
			http.Error(w, "This request comes from another page.", http.StatusForbidden)
		case r.URL.Path == g.link && r.Method == http.MethodGet:
			g.signIn(w, r)
		case g.panel != nil && r.URL.Path == g.panel.path && r.Method == http.MethodGet:
			g.panel.ServeHTTP(w, r)
		default:
			proxy.ServeHTTP(w, r)
		}
	})
}

// plainCookies makes the gateway's cookies ones that browsers accept from plain HTTP.
func plainCookies(h http.Header) {
	for i, c := range h["Set-Cookie"] {
		h["Set-Cookie"][i] = strings.ReplaceAll(strings.Replace(c, securePrefix, plainPrefix, 1), "; Secure", "")
	}
}

// signIn signs the browser in and sends it to the advisor's page. The browser keeps the part of
// the address behind #.
func (g *gateway) signIn(w http.ResponseWriter, r *http.Request) {
	cookies, err := g.cookies(r.Context())
	if err != nil {
		http.Error(w, "The demo could not sign you in: "+err.Error(), http.StatusBadGateway)
		return
	}
	w.Header()["Set-Cookie"] = cookies
	plainCookies(w.Header())
	http.Redirect(w, r, "/advisor", http.StatusSeeOther)
}

// cookies signs in with the demo's password and returns the cookies that the gateway sets.
func (g *gateway) cookies(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	body, err := json.Marshal(map[string]string{"name": "advisor", "password": os.Getenv("LOTSE_PASSWORD")})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.target.JoinPath("/api/v1/signin").String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	transport := &http.Transport{TLSClientConfig: g.tls, DisableKeepAlives: true}
	answer, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if answer.StatusCode >= http.StatusMultipleChoices {
		return nil, errors.New(string(text))
	}
	return answer.Header["Set-Cookie"], nil
}
