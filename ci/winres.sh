#!/bin/sh
# Makes the Windows resources of lotse-agent (icon, manifest, version), which go build links in:
# cmd/lotse-agent/rsrc_windows_*.syso. Usage: winres.sh VERSION
set -eu
cd "$(dirname "$0")/.."
GOWINRES=github.com/tc-hib/go-winres@v0.3.3
version=$(go run ./ci/release version "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp ci/winres/winres.json ci/winres/app.manifest "$work"
for size in 256 48 32 16; do go run ./ci/release icon $size "$work/icon$size.png"; done
rm -f cmd/lotse-agent/rsrc_windows_*.syso
go run "$GOWINRES" make --in "$work/winres.json" --arch amd64,arm64 --out cmd/lotse-agent/rsrc \
	--product-version "$version" --file-version "$version"
