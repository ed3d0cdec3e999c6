# Two commands do everything on a fresh machine with Go, a C compiler, Node and
# npm: `make demo` and `make test`. What they need besides they install where
# they may, else they name it.

VERSION ?= $(shell git describe --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
# The agent needs no HTTP/2 of its own: 0.5 MB less.
AGENT_TAGS := nethttpomithttp2
GO_FILES := $(shell find . -name '*.go' -not -path './novnc-web/node_modules/*' -not -path './.*') go.mod go.sum
WEB_FILES := $(shell find novnc-web/src novnc-web/scripts -type f 2>/dev/null) $(wildcard i18n/*.json) novnc-web/package.json novnc-web/package-lock.json
# Vector instructions for JPEG on amd64: a quarter of the time. The code behind
# it has an equal in plain Go for every other processor and build.
export GOEXPERIMENT ?= simd
# The programs need no cgo. Tests and lint are compiled with the same settings, so that
# each package is compiled once for all of them, and once for all checkouts.
export CGO_ENABLED := 0
export GOFLAGS := $(GOFLAGS) -trimpath
BENCHSTAT := golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME ?= 60s

.PHONY: help watch web-gallery build build-tests flood table test test-bench test-go test-native test-race test-web test-pages test-advisor-page test-wine test-e2e test-e2e-viewers test-e2e-panels test-e2e-desktops test-e2e-windows test-dist \
	dist demo demo-film bench lint fuzz i18n protocol settings manual clean needs-test needs-dist needs-demo

# The first target is what `make` alone does.
build: bin/lotse bin/lotse-agent

help:
	@echo 'make demo     build, start a gateway and a shared desktop, print the links'
	@echo 'make demo-film  film a session between both sides, into docs/demo.webm'
	@echo 'make build    the programs, into bin/'
	@echo 'make watch    build pages and programs again whenever a file changes'
	@echo 'make test     all tests; each part alone:'
	@echo '              test-go test-race test-web test-pages test-advisor-page test-native test-wine test-bench test-dist lint'
	@echo '              test-e2e-viewers test-e2e-panels test-e2e-desktops test-e2e-windows'
	@echo 'make lint     formatting, vet, staticcheck, types'
	@echo 'make web-gallery  the controls of the pages, on a page'
	@echo 'make i18n     write texts again, from i18n/*.json'
	@echo 'make protocol write the pages'"'"' types and limits again, from the programs'"'"''
	@echo 'make settings write the example file and the list of settings again'
	@echo 'make manual   the manual pages and shell completions, into bin/manual'
	@echo 'make fuzz     every fuzz test for FUZZTIME=60s'
	@echo 'make bench    measure, and compare with bench/results'
	@echo 'make flood    a flood at every entrance of a gateway (as root)'
	@echo 'make table    measure the pages: words, presses, movement, share of the picture, times'
	@echo 'make dist     a release, into dist/'
	@echo 'make clean    remove what was built'

watch:
	@ci/watch.sh

# Every control of the pages on one page, until Ctrl-C.
web-gallery: novnc-web/node_modules/.stamp
	@cd novnc-web && node scripts/gallery.mjs

novnc-web/node_modules/.stamp: novnc-web/package.json novnc-web/package-lock.json
	cd novnc-web && npm ci --no-audit --no-fund --ignore-scripts
	touch $@

novnc-web/dist/.stamp: novnc-web/node_modules/.stamp $(WEB_FILES)
	cd novnc-web && npm run build
	touch $@

bin/lotse: novnc-web/dist/.stamp $(GO_FILES)
	go build -ldflags "$(LDFLAGS)" -o $@ ./cmd/lotse

bin/lotse-agent: novnc-web/dist/.stamp $(GO_FILES)
	go build -tags $(AGENT_TAGS) -ldflags "$(LDFLAGS) -X 'main.pinnedGateways=$(LOTSE_GATEWAYS)'" -o $@ ./cmd/lotse-agent

# The Windows agent as a release has it, and the tests' programs with windows.
bin/windows/lotse-agent-windows-amd64.exe: novnc-web/dist/.stamp $(GO_FILES)
	ci/dist.sh $(VERSION) bin/windows windows/amd64

bin/puppets.exe: $(GO_FILES)
	GOOS=windows go test -c -o $@ ./screen/windows

# The tests of whole programs, which four parts run.
bin/e2e.test: novnc-web/dist/.stamp $(GO_FILES)
	go test -vet=off -c -o $@ ./e2e

# Five parts beside each other, as most tests wait more than they compute; those that
# wait longest first.
test: needs-test needs-dist
	@ci/parts.sh 1 build-tests
	@ci/parts.sh 5 test-pages test-race test-e2e-windows test-native test-e2e-panels test-wine \
		test-e2e-viewers test-e2e-desktops test-advisor-page test-bench test-go test-web test-dist lint

# Everything that more than one part needs.
build-tests: build bin/windows/lotse-agent-windows-amd64.exe bin/puppets.exe bin/e2e.test bin/staticcheck

# Packages whose goroutines share state; -race needs cgo, the programs themselves do not.
RACE_PACKAGES := agent|agent/files|agent/panel|agent/pointing|agent/recorder|gateway|gateway/audit|rfb|screen|seal|tunnel
# Tests of these packages that compute much and share nothing new: ten times slower with
# -race, so they run without.
NOT_RACED := TestNumberThatFailedInAnEarlierRun TestFailureIsRememberedFirst \
	TestTransferShare TestLedgerOverflow TestManyNames TestAuditFold TestDeviceBudget TestJoinAllocations \
	TestGuesserLocksNobodyOut TestForwardedLinks TestRememberedDevice TestGuessTimes TestNameIsNeverLocked \
	TestDamagedHash TestCheapHash \
	TestWindowsOverEachOther TestEncodings TestEncodingsInTurn TestPictureAfterAnything TestViewTakenAway \
	TestSecondDecoder TestWholeAnswer TestClipboardTextsAreBounded TestPhotosAreShared FuzzWindows TestTextOnSlowLines TestTightJPEG \
	TestRegionRandom TestNoMoveWhereNothingMoved TestScrollIsFound TestDragIsFound TestScrollThatChangesItsStep \
	TestMutatedExchange TestMutatedRecords TestGrind TestGrindByHangingUp TestGrindFirstOrder
empty :=
NOT_RACED := ^($(subst $(empty) ,|,$(strip $(NOT_RACED))))$$

test-go: novnc-web/dist/.stamp
	go test -vet=off -timeout 20m $$(go list ./... | grep -Ev '^lotse/(e2e|bench|screen/x11|$(RACE_PACKAGES))$$')
	go test -vet=off -timeout 20m ./agent ./gateway ./gateway/audit ./rfb ./screen ./seal -run '$(NOT_RACED)'

test-native: needs-test
	go test -vet=off -timeout 20m ./screen/x11
	CGO_ENABLED=1 go test -vet=off -timeout 20m -race -tags "portable x11" ./screen/portable

test-race: export CGO_ENABLED := 1
test-race: novnc-web/dist/.stamp
	go test -vet=off -timeout 20m -race $(addprefix ./,$(subst |, ,$(RACE_PACKAGES))) -skip '$(NOT_RACED)'
	go test -vet=off -timeout 20m -race ./screen/x11 -run 'Share|Hotkey|Clipboard|ServerStops'

# The Windows backend, and whose a connection is, for real, on wine.
test-wine: needs-test
	env -u DISPLAY GOOS=windows go test -vet=off -timeout 15m -exec "$(CURDIR)/ci/wine-exec.sh" ./peer ./screen/windows

test-web: novnc-web/dist/.stamp
	cd novnc-web && npm test && npm run chromium

# Every state of the customer's and of the advisor's pages in Chromium.
test-pages: novnc-web/dist/.stamp
	cd novnc-web && npm run pages

test-advisor-page: novnc-web/dist/.stamp
	cd novnc-web && npm run advisorpage

# The tests that write rows of the table of viewers are one part, so that it can
# tell whether each row was seen.
E2E_WINDOWS := Windows
E2E_VIEWERS := ^Test(Browser|Chat|BrowserCustomer|BrowserCustomerByDoor|Doors|ForeignServer|ForeignServerPage|Libvncclient|ListeningViewer|RepeaterID|Show|Vncsnapshot|Viewers|Websockify|ZViewerTable)$$
E2E_PANELS := ^Test(SendFile|LargeFile|ChatPages|TermsAndQuestion|BrowserCustomerAfterARestart|Demo|HostileAdvisor|SecondStart|Icons|Neighbour|Choice|BadgeAndRecord|PanelTurn|Turn|StoppedServer|ViewerThatDoesNotRead)$$
E2E_NEEDS := needs-test needs-demo build bin/demopages bin/windows/lotse-agent-windows-amd64.exe bin/puppets.exe bin/e2e.test
E2E := cd e2e && ../bin/e2e.test -test.timeout 20m

test-e2e: test-e2e-viewers test-e2e-panels test-e2e-desktops test-e2e-windows

test-e2e-viewers: $(E2E_NEEDS)
	$(E2E) -test.run '$(E2E_VIEWERS)' -rows

test-e2e-desktops: $(E2E_NEEDS)
	$(E2E) -test.skip '$(E2E_WINDOWS)|$(E2E_VIEWERS)|$(E2E_PANELS)'

test-e2e-panels: $(E2E_NEEDS)
	$(E2E) -test.run '$(E2E_PANELS)'

test-bench: needs-test build
	go test -vet=off -timeout 20m ./bench

test-e2e-windows: $(E2E_NEEDS)
	$(E2E) -test.run '$(E2E_WINDOWS)'

# Signing, stamping, packages, and that a build can be repeated.
test-dist: needs-dist novnc-web/dist/.stamp
	ci/test-dist.sh

# A release in dist/: ci/dist.sh says what it takes from the environment.
dist: novnc-web/dist/.stamp
	ci/dist.sh $(VERSION) dist

bin/staticcheck: Makefile
	GOBIN="$(CURDIR)/bin" go install $(STATICCHECK)
	touch $@

lint: novnc-web/dist/.stamp bin/staticcheck
	go vet ./...
	bin/staticcheck ./...
	GOOS=windows go vet $$(go list ./... | grep -Ev '^lotse/(e2e|bench)$$')
	GOOS=windows GOARCH=arm64 go vet ./screen/... ./agent ./cmd/...
	GOOS=windows bin/staticcheck ./screen/... ./agent ./cmd/lotse-agent ./whereto
	GOOS=darwin go vet ./cmd/lotse-agent ./whereto
	cd novnc-web && npm run check

# Checks the texts of all languages, i18n/*.json, and writes what programs and pages take from
# them. The results are committed: a build does not need this.
i18n:
	go run ./i18n/compile

# Writes what the pages know of the protocols, from the programs' own types and constants.
protocol:
	go run ./ci/protocol

# Writes config/gateway.example.toml and docs/settings.md from config/gatewaysettings.go. The
# results are committed; a test fails where they are old.
settings:
	go generate ./config

# Manual pages and shell completions, from the definitions of the flags. Packages have them.
manual: novnc-web/dist/.stamp
	ci/manual.sh bin/manual

fuzz: novnc-web/dist/.stamp
	ci/fuzz.sh $(FUZZTIME)

bench: needs-test build
	go test -run xxx -bench . -benchmem -benchtime 200ms -count 6 ./rfb ./screen/... ./seal ./tunnel ./gateway | tee bin/bench-go.txt
	go run $(BENCHSTAT) bench/results/go.txt bin/bench-go.txt # what changed since the results that are committed
	cp bin/bench-go.txt bench/results/go.txt
	go test -run xxx -bench . -benchtime 10x ./e2e
	go run ./bench -rounds 3 -seconds 5
	cd novnc-web && npm run chromium -- --bench

# A stranger's flood at every entrance; needs root or user namespaces, and a quiet machine.
flood: build
	go run ./bench/flood -seconds 60 -phases all
	go run ./bench/flood -seconds 20

# How the pages treat people, and how long a whole session takes to its first picture.
table: $(E2E_NEEDS)
	cd novnc-web && npm run table
	$(E2E) -test.run 'TestBrowser$$' -test.v | grep -o 'from the number to.*'

demo: needs-demo build bin/demopages
	@ci/demo.sh

# The film that README shows, and its poster: a scripted session, filmed from both screens. The
# session itself is a test, TestDemoFilm.
demo-film: $(E2E_NEEDS)
	$(E2E) -test.run 'TestDemoFilm$$' -test.v -demofilm "$(CURDIR)/docs/demo.webm"

# The pages of the demo: the gateway's without a certificate, and the customer's screen.
bin/demopages: $(GO_FILES) ci/demopages/desk.html
	go build -o $@ ./ci/demopages

needs-demo:
	@ci/apt.sh Xtigervnc=tigervnc-standalone-server openbox=openbox xterm=xterm xclock=x11-apps xsetroot=x11-xserver-utils

needs-test: GSTREAMER := /usr/lib/x86_64-linux-gnu/gstreamer-1.0
needs-test:
	@ci/apt.sh Xvfb=xvfb Xtigervnc=tigervnc-standalone-server xtigervncviewer=tigervnc-viewer \
		xtightvncviewer=xtightvncviewer ssvncviewer=ssvnc gvncviewer=gvncviewer remmina=remmina \
		/usr/lib/x86_64-linux-gnu/remmina/plugins/remmina-plugin-vnc.so=remmina-plugin-vnc dbus-run-session=dbus \
		openbox=openbox picom=picom xdotool=xdotool xterm=xterm setxkbmap=x11-xkb-utils xmodmap=x11-xserver-utils xclip=xclip ffmpeg=ffmpeg \
		xrandr=x11-xserver-utils xprop=x11-utils import=imagemagick Xephyr=xserver-xephyr chromium=chromium chromium-headless-shell=chromium-headless-shell \
		/usr/include/rfb/rfbclient.h=libvncserver-dev gcc=gcc vncsnapshot=vncsnapshot x11vnc=x11vnc X0tigervnc=tigervnc-scraping-server websockify=websockify pgrep=procps ipcs=util-linux \
		wine=wine /usr/lib/wine/wine64=wine64 gst-launch-1.0=gstreamer1.0-tools \
		$(GSTREAMER)/libgstvideoconvertscale.so=gstreamer1.0-plugins-base $(GSTREAMER)/libgstpng.so=gstreamer1.0-plugins-good \
		$(GSTREAMER)/libgstrfbsrc.so=gstreamer1.0-plugins-bad gvnccapture=gvncviewer xev=x11-utils \
		/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf=fonts-dejavu-core

needs-dist:
	@ci/apt.sh osslsigncode=osslsigncode openssl=openssl dpkg-deb=dpkg ssh-keygen=openssh-client

clean:
	rm -rf bin novnc-web/node_modules
	find novnc-web/dist -mindepth 1 ! -name .keep -delete
	touch novnc-web/dist/gateway/.keep novnc-web/dist/panel/.keep
