#!/bin/sh
# Builds pages and programs again whenever a source file changes. Ctrl+C ends it.
cd "$(dirname "$0")/.." || exit 1
mark=$(mktemp)
trap 'rm -f "$mark"' EXIT
build() {
	touch "$mark"
	if make -s build; then echo "watch: built at $(date +%T)"; else echo "watch: the build failed"; fi
}
build
while sleep 1; do
	changed=$(find . \( -name node_modules -o -name dist -o -name bin -o -name .git \) -prune -o \
		-type f \( -name '*.go' -o -name '*.ts' -o -name '*.css' -o -name '*.html' -o -name '*.json' \) \
		-newer "$mark" -print | head -1)
	[ -z "$changed" ] || { echo "watch: $changed changed"; build; }
done
