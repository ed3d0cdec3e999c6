#!/bin/sh
# Writes the manual pages of both programs and lotse's shell completions into a folder, from the
# definitions of the flags. Usage: manual.sh FOLDER; the pages must be built already (make).
set -eu
cd "$(dirname "$0")/.."
out=$1
mkdir -p "$out"
unset GOOS GOARCH
lotse() { go run ./cmd/lotse "$@"; }
lotse man >"$out/lotse.1"
go run ./ci/release agentpage cmd/lotse-agent "$out/lotse-agent.1"
for shell in bash zsh fish; do lotse completion $shell >"$out/lotse.$shell"; done
