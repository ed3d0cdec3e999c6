#!/bin/sh
# Runs every fuzz target of the repository for a given time. Usage: fuzz.sh 60s
set -eu
cd "$(dirname "$0")/.."
time=${1:-60s}
grep -rlE '^func Fuzz' --include='*_test.go' . | grep -v node_modules | while read -r file; do
	package=$(dirname "$file")
	sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$file" | while read -r target; do
		echo "--- $package $target $time"
		go test "$package" -run '^$' -fuzz "^$target\$" -fuzztime "$time" </dev/null
	done
done
