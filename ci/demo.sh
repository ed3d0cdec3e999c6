#!/bin/sh
# Runs a demo of both sides on one machine: a gateway, a customer's desktop, a number. The desktop
# is one of its own, which a page shows; LOTSE_DEMO_DISPLAY=:0 shares that display instead. When a
# session ends, the next one starts by itself.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
pids= running=
# How many seconds a program may take to start or to end.
patience=${LOTSE_DEMO_PATIENCE:-30}
finish() {
	trap - EXIT INT TERM
	status=${1:-0} i=0
	for pid in $pids $running; do kill "$pid" 2>/dev/null || true; done
	while alive; do
		i=$((i + 1))
		if [ $i -gt $((10 * patience)) ]; then
			status=1
			echo "the demo could not end:" >&2
			tail -n 300 "$work"/*.log >&2 || true
			for pid in $pids $running; do kill -KILL "$pid" 2>/dev/null || true; done
			break
		elif [ $i = $((10 * patience - 20)) ]; then # a Go program then says what it is waiting for
			for pid in $pids $running; do kill -QUIT "$pid" 2>/dev/null || true; done
		fi
		sleep 0.1
	done
	rm -rf "$work"
	exit "$status"
}
alive() { # whether something that was started is still running
	for pid in $pids $running; do kill -0 "$pid" 2>/dev/null && return 0; done
	return 1
}
trap 'finish $?' EXIT
trap 'finish 0' INT TERM

started() { # started FILE TEXT WHAT: waits until the last program that was started has written TEXT
	i=0
	until grep -q "$2" "$1" 2>/dev/null; do
		i=$((i + 1))
		if [ $i -gt $((10 * patience)) ] || ! kill -0 $! 2>/dev/null; then
			echo "the $3 did not start:" >&2
			cat "$1" >&2
			exit 1
		fi
		sleep 0.1
	done
}

if [ -z "${LOTSE_DEMO_DISPLAY:-}" ]; then
	Xtigervnc -noreset -displayfd 3 -geometry 1280x800 -depth 24 -SecurityTypes None -rfbport -1 -rfbunixpath "$work/rfb" -rfbunixmode 0600 3>"$work/display" >"$work/x.log" 2>&1 &
	pids="$pids $!"
	started "$work/display" '[0-9]' "X server"
	DISPLAY=:$(cat "$work/display")
	export DISPLAY
	openbox >/dev/null 2>&1 &
	pids="$pids $!"
	xsetroot -solid '#3b5a78'
	xterm -fa Monospace -fs 12 -geometry 76x20+60+80 -T "Customer's text" -e env 'PS1=customer$ ' sh >/dev/null 2>&1 &
	pids="$pids $!"
	xclock -geometry 180x180+1040+60 >/dev/null 2>&1 &
	pids="$pids $!"
	xcalc -geometry 240x320+980+320 >/dev/null 2>&1 &
	pids="$pids $!"
	# Nobody sits in front of that desktop, so a web page shows its screen.
	socket=$work/rfb
	tabs=three
else
	DISPLAY=$LOTSE_DEMO_DISPLAY
	export DISPLAY
	socket=
	tabs=two
fi

LOTSE_DEV_PASSWORD=${LOTSE_DEV_PASSWORD:-$(od -An -N6 -tx1 /dev/urandom | tr -d ' \n')}
LOTSE_PASSWORD=$LOTSE_DEV_PASSWORD
LOTSE_CA_FILE=$work/data/ca.pem
LOTSE_NO_BROWSER=1
export LOTSE_DEV_PASSWORD LOTSE_PASSWORD LOTSE_CA_FILE LOTSE_NO_BROWSER

mkdir "$work/programs"
printf 'downloads = "%s"\nmetrics.listen = ""\n' "$work/programs" >"$work/gateway.toml"
gateway() { # gateway ADDRESS: starts the gateway; fails if it cannot listen there
	bin/lotse gateway --dev --config "$work/gateway.toml" --data "$work/data" --listen "$1" >"$work/gateway.log" 2>&1 &
	gateway=$!
	until grep -q 'listening on ' "$work/gateway.log"; do
		kill -0 $gateway 2>/dev/null || return 1
		sleep 0.1
	done
	pids="$pids $gateway"
}
if [ -n "${LOTSE_DEMO_LISTEN:-}" ]; then
	gateway "$LOTSE_DEMO_LISTEN" || { cat "$work/gateway.log" >&2; exit 1; }
else
	# Something else may use the usual port: any free one will do.
	gateway 127.0.0.1:8443 || gateway 127.0.0.1:0 || { cat "$work/gateway.log" >&2; exit 1; }
fi
url=$(sed -n 's/^listening on //p' "$work/gateway.log")

# The start page offers a program that knows this gateway and trusts its certificate.
go build -tags nethttpomithttp2 -o "$work/program" -ldflags "-s -w -X main.version=demo -X main.pinnedGateways=https://localhost:${url##*:} \
	-X main.builtInCA=$(base64 <"$LOTSE_CA_FILE" | tr -d '\n')" ./cmd/lotse-agent
mv "$work/program" "$work/programs/lotse-agent-$(go env GOOS)-$(go env GOARCH)"

bin/demopages "$url" "$LOTSE_CA_FILE" novnc-web/node_modules/@novnc/novnc bin/lotse-agent "$work/agent.log" ${socket:+"$socket"} >"$work/pages.log" 2>&1 &
pids="$pids $!"
started "$work/pages.log" '^start ' "demo's pages"
page() { sed -n "s/^$1 //p" "$work/pages.log"; } # page NAME: the address of a page
desk=$(page desk)

# Keeps the standard input of `lotse session` open.
mkfifo "$work/stdin"
sleep 2147483647 >"$work/stdin" &
pids="$pids $!"

session() { # starts a session and the customer's program, and prints the links
	# The session is opened here. The advisor's page takes it over when it is opened.
	rm -f "$work/session.log" "$work/agent.log"
	bin/lotse session new --gateway "$url" --user advisor --json <"$work/stdin" >"$work/session.log" 2>&1 &
	opened=$! running=$!
	started "$work/session.log" '"number"' session
	number=$(sed -n 's/.*"number":"\([0-9]*\)".*/\1/p' "$work/session.log")
	bin/lotse-agent --gateway "$url" --number "$number" --display "$DISPLAY" --panel browser >"$work/agent.log" 2>&1 &
	agent=$! running="$opened $agent"
	started "$work/agent.log" '^panel: ' agent
	# A page that takes the session over before that would disturb the customer's try.
	started "$work/session.log" '"state":"joined"' "customer's session"
	cat <<TEXT

  Lotse demo: you play both sides, in $tabs tabs of one browser.

  1. the advisor          $(page advisor)#n=$number
  2. the customer's panel $(page panel)
  3. their screen         ${desk:-this screen (display $DISPLAY)}
                          here the customer answers what the advisor asks

  session number          $(echo "$number" | sed 's/\(...\)\(...\)\(...\)/\1 \2 \3/')

  start page              $(page start)
                          for customers with a new number: the program, or sharing from the browser

  With a VNC viewer of your own:
    LOTSE_CA_FILE=$LOTSE_CA_FILE LOTSE_PASSWORD=$LOTSE_DEV_PASSWORD \\
      bin/lotse view $number --gateway $url --user advisor -- xtigervncviewer

  Ctrl-C ends the demo.

TEXT
}

while :; do
	session
	if ! wait "$agent"; then
		echo "the customer's program ended with an error:" >&2
		cat "$work/agent.log" >&2
		exit 1
	fi
	kill "$opened" 2>/dev/null || true
	wait "$opened" 2>/dev/null || true
	echo "The session is over. Here is the next one:"
done
