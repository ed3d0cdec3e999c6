# Two commands do everything on a fresh machine with Go, a C compiler, Node and
# npm: `make demo` and `make test`. What they need besides they install where
# they may, else they name it.

VERSION ?= $(shell git describe --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
# The agent needs no HTTP/2 of its own: 0.5 MB less.
AGENT_TAGS := nethttpomithttp2
GO_FILES := $(shell find . -name '*.go' -not -path './novnc-web/node_modules/*' -not -path './.*') go.mod go.sum
WEB_FILES := $(shell find novnc-web/src novnc-web/scripts -type f 2>/dev/null) novnc-web/package.json novnc-web/package-lock.json
# Vector instructions for JPEG on amd64: a quarter of the time. The code behind
# it has an equal in plain Go for every other processor and build.
export GOEXPERIMENT ?= simd
BENCHSTAT := golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME ?= 60s

.PHONY: build test test-go test-race test-web test-wine test-e2e test-dist dist demo bench lint fuzz clean needs-test needs-demo

build: bin/lotse bin/lotse-agent

novnc-web/node_modules/.stamp: novnc-web/package.json novnc-web/package-lock.json
	cd novnc-web && npm ci --no-audit --no-fund --ignore-scripts
	touch $@

novnc-web/dist/.stamp: novnc-web/node_modules/.stamp $(WEB_FILES)
	cd novnc-web && npm run build
	touch $@

bin/lotse: novnc-web/dist/.stamp $(GO_FILES)
	CGO_ENABLED=0 go build -trimpath -ldflags "$(LDFLAGS)" -o $@ ./cmd/lotse

bin/lotse-agent: novnc-web/dist/.stamp $(GO_FILES)
	CGO_ENABLED=0 go build -tags $(AGENT_TAGS) -trimpath -ldflags "$(LDFLAGS) -X 'main.pinnedGateways=$(LOTSE_GATEWAYS)'" -o $@ ./cmd/lotse-agent

# The Windows agent as a release has it, and the tests' programs with windows.
bin/windows/lotse-agent-windows-amd64.exe: novnc-web/dist/.stamp $(GO_FILES)
	ci/dist.sh $(VERSION) bin/windows windows/amd64

bin/puppets.exe: $(GO_FILES)
	GOOS=windows CGO_ENABLED=0 go test -c -o $@ ./screen/native

test: needs-test build lint test-web test-go test-wine test-e2e test-dist

# -race needs cgo; the programs themselves do not.
test-go: novnc-web/dist/.stamp
	go test -race $$(go list ./... | grep -Ev '^lotse/(e2e|bench)$$')
	go test ./gateway -run TestJoinAllocations # the race detector allocates
	go test ./screen/native -run TestShareLeaks # so many pictures take too long with it
	go test -tags "portable x11" ./screen/native -run TestBackends/portable

# The Windows backend, for real, on wine.
test-wine: needs-test
	env -u DISPLAY GOOS=windows CGO_ENABLED=0 go test -timeout 5m -exec "$(CURDIR)/ci/wine-exec.sh" ./screen/native

test-web: novnc-web/dist/.stamp
	cd novnc-web && npm test && npm run chromium

test-e2e: needs-test build bin/windows/lotse-agent-windows-amd64.exe bin/puppets.exe
	go test -timeout 20m ./e2e
	go test -timeout 20m ./bench

# Signing, stamping, packages, and that a build can be repeated.
test-dist: novnc-web/dist/.stamp
	@ci/apt.sh osslsigncode=osslsigncode openssl=openssl dpkg-deb=dpkg
	ci/test-dist.sh

# A release in dist/: ci/dist.sh says what it takes from the environment.
dist: novnc-web/dist/.stamp
	ci/dist.sh $(VERSION) dist

lint: novnc-web/dist/.stamp
	go vet ./...
	go run $(STATICCHECK) ./...
	GOOS=windows go vet $$(go list ./... | grep -Ev '^lotse/(e2e|bench)$$')
	GOOS=windows GOARCH=arm64 go vet ./screen/... ./agent ./cmd/...
	GOBIN="$(CURDIR)/bin" go install $(STATICCHECK)
	GOOS=windows bin/staticcheck ./screen/... ./agent ./cmd/lotse-agent ./whereto
	GOOS=darwin go vet ./cmd/lotse-agent ./whereto
	cd novnc-web && npm run check

fuzz: novnc-web/dist/.stamp
	ci/fuzz.sh $(FUZZTIME)

bench: needs-test build
	go test -run xxx -bench . -benchmem -benchtime 200ms -count 6 ./rfb ./screen/... ./seal ./tunnel ./gateway | tee bin/bench-go.txt
	go run $(BENCHSTAT) bench/results/go.txt bin/bench-go.txt # what changed since the figures that are committed
	cp bin/bench-go.txt bench/results/go.txt
	go test -run xxx -bench . -benchtime 10x ./e2e
	go run ./bench -rounds 3 -seconds 5
	cd novnc-web && npm run chromium -- --bench

demo: needs-demo build bin/demodesk
	@ci/demo.sh

# The customer's screen of the demo, where there is none.
bin/demodesk: $(GO_FILES) ci/demodesk/desk.html
	CGO_ENABLED=0 go build -trimpath -o $@ ./ci/demodesk

needs-demo:
	@ci/apt.sh Xtigervnc=tigervnc-standalone-server openbox=openbox xterm=xterm xclock=x11-apps xsetroot=x11-xserver-utils

needs-test:
	@ci/apt.sh Xvfb=xvfb Xtigervnc=tigervnc-standalone-server xtigervncviewer=tigervnc-viewer \
		xtightvncviewer=xtightvncviewer ssvncviewer=ssvnc gvncviewer=gvncviewer remmina=remmina \
		/usr/lib/x86_64-linux-gnu/remmina/plugins/remmina-plugin-vnc.so=remmina-plugin-vnc dbus-run-session=dbus \
		openbox=openbox picom=picom xdotool=xdotool xterm=xterm setxkbmap=x11-xkb-utils xmodmap=x11-xserver-utils xclip=xclip \
		xrandr=x11-xserver-utils xprop=x11-utils import=imagemagick Xephyr=xserver-xephyr chromium=chromium \
		/usr/include/rfb/rfbclient.h=libvncserver-dev gcc=gcc vncsnapshot=vncsnapshot x11vnc=x11vnc X0tigervnc=tigervnc-scraping-server websockify=websockify pgrep=procps ipcs=util-linux \
		wine=wine /usr/lib/wine/wine64=wine64 \
		/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf=fonts-dejavu-core

clean:
	rm -rf bin novnc-web/node_modules
	find novnc-web/dist -mindepth 1 ! -name .keep -delete
	touch novnc-web/dist/gateway/.keep novnc-web/dist/panel/.keep
