#!/bin/sh
# Builds a release into a folder. The same commit gives the same files, wherever and whenever it
# is built. Usage: dist.sh VERSION FOLDER [TARGET…]; the pages must be built already (make).
# With TARGETs (windows/amd64 …), for tests, it builds only these agents and no gateway.
#
# Environment variables:
#   SOURCE_DATE_EPOCH        date of the packed files; default: the commit's date
#   LOTSE_SIGN_KEY, LOTSE_SIGN_CERTS   sign the Windows programs: PEM files of the
#                            key and of the certificate with its chain
#   LOTSE_SIGN_TIMESTAMP_URL RFC 3161 service; signatures then stay valid after the
#                            certificate expires (and differ from run to run)
#   LOTSE_SIGN_NAME, LOTSE_SIGN_URL    name and address that Windows shows
#   LOTSE_SIGN_CA            authority for verification; default: the system's
#   LOTSE_STAMP_KEY          public key of stamps (lotse stamp --new-key)
#   LOTSE_SUMS_KEY           SSH key that signs SHA256SUMS; see ci/sums.sh
#   LOTSE_GATEWAYS           the only gateways that the agents connect to, separated
#                            by commas: support.example.com,help.example.org
#   LOTSE_CA                 PEM file of the only certificate authority that the agents trust
#                            for gateways; default: those of the customer's system
set -eu
cd "$(dirname "$0")/.."
version=$1 out=$2
shift 2
: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct)}"
export SOURCE_DATE_EPOCH CGO_ENABLED=0 GOFLAGS="-buildvcs=false -trimpath" GOAMD64=v1 GOARM64=v8.0 GOEXPERIMENT=simd
rm -rf "$out"
mkdir -p "$out"
out=$(cd "$out" && pwd)

# Code that waits for people or the network is built small (without inlining). Code that works
# on pictures and ciphers is built fast. This saves 4 % of the customer's download.
small=
for part in net/... crypto/x509/... crypto/tls/... encoding/... math/big fmt flag reflect log/... mime/... os/... \
	vendor/golang.org/x/net/... vendor/golang.org/x/text/... github.com/BurntSushi/...; do
	small="$small -gcflags=$part=-l"
done

authority=
if [ -n "${LOTSE_CA-}" ]; then authority=$(base64 <"$LOTSE_CA" | tr -d '\n'); fi

say() { echo "dist: $*" >&2; }

agent() { # SYSTEM ARCH
	name=lotse-agent-$1-$2 flags=
	if [ "$1" = windows ]; then name=$name.exe flags=-H=windowsgui; fi
	say "$name"
	GOOS=$1 GOARCH=$2 go build -tags nethttpomithttp2 $small \
		-ldflags "-s -w -buildid= $flags -X main.version=$version -X main.stampKey=${LOTSE_STAMP_KEY-} -X 'main.pinnedGateways=${LOTSE_GATEWAYS-}' -X main.builtInCA=$authority" \
		-o "$out/$name" ./cmd/lotse-agent
}

gateway() { # ARCH
	say "lotse-linux-$1"
	GOOS=linux GOARCH=$1 go build -tags withprograms \
		-ldflags "-s -w -buildid= -X main.version=$version" -o "$out/lotse-linux-$1" ./cmd/lotse
}

ci/winres.sh "$version"
if [ $# -gt 0 ]; then
	for target in "$@"; do agent "${target%/*}" "${target#*/}"; done
	exit 0
fi
for target in windows/amd64 windows/arm64 linux/amd64 linux/arm64 darwin/amd64 darwin/arm64; do
	agent "${target%/*}" "${target#*/}"
done
(cd "$out" && sha256sum lotse-agent-*) >"$out/SHA256SUMS.unsigned"
if [ -n "${LOTSE_SIGN_KEY-}" ]; then
	for exe in "$out"/*.exe; do ci/sign.sh "$exe"; done
else
	say "the Windows programs are NOT signed: LOTSE_SIGN_KEY is not set"
fi

rm -rf cmd/lotse/programs
mkdir cmd/lotse/programs
trap 'rm -rf cmd/lotse/programs' EXIT
# Agents for macOS are left out: they cannot read the screen yet, and customers there share from
# the browser.
cp "$out"/lotse-agent-linux-* "$out"/lotse-agent-windows-* cmd/lotse/programs
ci/manual.sh "$out/manual"
for arch in amd64 arm64; do
	gateway $arch
	go run ./ci/release deb "$version" $arch "$out/lotse-linux-$arch" "$out/manual" "$out/lotse_$arch.deb"
done
mkdir -p "$out/data"
touch "$out/data/.keep" # the container's data folder, owned by its user
cp ci/container/Containerfile "$out"
cp LICENSE "$out/LICENSE.txt"
go run ./ci/release sbom "$version" "$out/sbom.cdx.json" "$out"/lotse-agent-* "$out"/lotse-linux-*
go run ./ci/release notices "$out/THIRD-PARTY.txt" "$out"/lotse-agent-* "$out"/lotse-linux-*
ci/sums.sh "$out"
say "done: $out"
ls -l "$out" >&2
