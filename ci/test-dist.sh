#!/bin/sh
# Tests a release with a test certificate authority. It checks that a signed program verifies,
# that a changed one fails, that a stamped one passes, and that another folder gives the same
# program. It also checks signed sums, an agent for certain gateways only, and what dpkg and
# systemd report about the package. It needs openssl, osslsigncode, dpkg-deb and ssh-keygen.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "test-dist: FAIL: $*" >&2; exit 1; }
ok() { echo "test-dist: ok: $*"; }
version=v1.2.3-4-g0123abc
export SOURCE_DATE_EPOCH=1764000000

# This makes an authority, and a publisher's certificate for signing programs.
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=Test Authority" -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
openssl req -newkey rsa:2048 -nodes -subj "/O=Example Publisher/CN=Example Publisher" -keyout "$work/key.pem" -out "$work/csr.pem" 2>/dev/null
printf 'extendedKeyUsage=codeSigning\nkeyUsage=digitalSignature\n' >"$work/ext"
openssl x509 -req -in "$work/csr.pem" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 2 -extfile "$work/ext" -out "$work/cert.pem" 2>/dev/null
cat "$work/ca.pem" >>"$work/cert.pem"
export LOTSE_SIGN_KEY="$work/key.pem" LOTSE_SIGN_CERTS="$work/cert.pem" LOTSE_SIGN_CA="$work/ca.pem"
# The copies keep this test out of the folder where others build and test.
copy() { # FOLDER
	mkdir "$1"
	git ls-files -z | xargs -0 tar -c --ignore-failed-read 2>/dev/null | tar -x -C "$1"
	cp -R novnc-web/dist "$1/novnc-web/"
	ln -s "$PWD/novnc-web/node_modules" "$1/novnc-web/" # their licences are read
	(cd "$1" && git init -q)
}
copy "$work/source"
copy "$work/elsewhere"
cd "$work/source"
LOTSE_STAMP_KEY=$(go run ./cmd/lotse stamp --new-key "$work/stamp.pem")
export LOTSE_STAMP_KEY

# Build twice, from different folders. A comment at the end of each file forces a new
# compilation without changing the program.
ci/dist.sh $version "$work/one" windows/amd64 linux/amd64
(cd "$work/elsewhere" && git ls-files -o '*.go' | while read -r f; do echo "// again" >>"$f"; done && ci/dist.sh $version "$work/two" windows/amd64)
cmp "$work/one/lotse-agent-windows-amd64.exe" "$work/two/lotse-agent-windows-amd64.exe" || fail "the program differs when it is built elsewhere"
ok "the same from another folder: $(sha256sum "$work/one/lotse-agent-windows-amd64.exe" | cut -c1-16)…"

exe=$work/one/lotse-agent-windows-amd64.exe
if ci/verify.sh "$exe" 2>/dev/null; then fail "an unsigned program is taken as signed"; fi
ci/sign.sh "$exe"
ci/verify.sh "$exe" || fail "the signed program"
ok "signed and verified"

cp "$exe" "$work/tampered.exe"
printf X | dd of="$work/tampered.exe" bs=1 seek=100000 conv=notrunc 2>/dev/null
if ci/verify.sh "$work/tampered.exe" 2>/dev/null; then fail "a program that was changed is taken as signed"; fi
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=Another" -keyout "$work/other.key" -out "$work/other.pem" 2>/dev/null
if LOTSE_SIGN_CA="$work/other.pem" ci/verify.sh "$exe" 2>/dev/null; then fail "another authority is believed"; fi
ok "tampered with: refused"

go run ./cmd/lotse stamp --key "$work/stamp.pem" --gateway support.example.com "$exe" "$work/stamped.exe"
ci/verify.sh "$work/stamped.exe" || fail "the stamped program's signature"
cmp -s "$exe" "$work/stamped.exe" && fail "the stamp changed nothing"
osslsigncode verify -CAfile "$work/ca.pem" -in "$work/stamped.exe" 2>&1 | grep -q "Calculated PE checksum" || true
LOTSE_STAMPED="$work/stamped.exe" LOTSE_SIGNED="$exe" go test -count=1 -run TestRealStamp ./whereto
LOTSE_SIGNED="$exe" LOTSE_TAMPERED="$work/tampered.exe" go test -count=1 -run TestRealSigner ./gateway
ok "stamped: valid, and the program reads it"

# Verify the sums as SECURITY.md tells users.
ssh-keygen -q -t ed25519 -N "" -C "" -f "$work/sums"
ssh-keygen -q -t ed25519 -N "" -C "" -f "$work/stranger"
echo "lotse-release namespaces=\"lotse-release\" $(cat "$work/sums.pub")" >"$work/allowed_signers"
verify() { # FOLDER
	(cd "$1" && ssh-keygen -Y verify -f "$work/allowed_signers" -I lotse-release -n lotse-release -s SHA256SUMS.sig <SHA256SUMS && sha256sum --quiet -c SHA256SUMS) >/dev/null 2>&1
}
LOTSE_SUMS_KEY="$work/sums" ci/sums.sh "$work/one"
verify "$work/one" || fail "the signed sums"
grep -q lotse-agent-windows-amd64.exe "$work/one/SHA256SUMS" || fail "a program has no sum"
cp -R "$work/one" "$work/changed"
printf X >>"$work/changed/lotse-agent-linux-amd64"
if verify "$work/changed"; then fail "a changed program is taken as released"; fi
LOTSE_SUMS_KEY= ci/sums.sh "$work/changed" 2>/dev/null
cp "$work/one/SHA256SUMS.sig" "$work/changed/"
if verify "$work/changed"; then fail "changed sums are taken as signed"; fi
LOTSE_SUMS_KEY="$work/stranger" ci/sums.sh "$work/changed"
if verify "$work/changed"; then fail "a stranger's signature is believed"; fi
ok "sums signed, verified, and refused when they are changed or a stranger's"

# An agent that is built for certain gateways connects to no other.
LOTSE_CA="$work/ca.pem" LOTSE_GATEWAYS=support.example.com,help.example.org ci/dist.sh $version "$work/pinned" linux/amd64
pinned() { "$work/pinned/lotse-agent-linux-amd64" --panel terminal --answer deny --display :4711 "$@" 2>&1 </dev/null || true; }
pinned --gateway https://elsewhere.example.net --number 482193057 | grep -q "connects to nothing but" || fail "another gateway on the command line: $(pinned --gateway https://elsewhere.example.net --number 482193057)"
pinned lotse:elsewhere.example.net/4821 | grep -q "connects to nothing but" || fail "a link to another gateway: $(pinned lotse:elsewhere.example.net/4821)"
pinned --gateway https://help.example.org --number 482193057 | grep -q 4711 || fail "its own gateway: $(pinned --gateway https://help.example.org --number 482193057)"
ok "pinned to its gateways"
grep -aq "$(base64 <"$work/ca.pem" | tr -d '\n')" "$work/pinned/lotse-agent-linux-amd64" || fail "the authority is not in the program"
ok "trusts the authority it was built for"

go build -o "$work/lotse" ./cmd/lotse
for i in 1 2; do
	ci/manual.sh "$work/manual$i"
	go run ./ci/release deb $version amd64 "$work/lotse" "$work/manual$i" "$work/lotse$i.deb"
done
cmp "$work/lotse1.deb" "$work/lotse2.deb" || fail "the package differs when it is built again"
dpkg-deb -I "$work/lotse1.deb" | grep -q "Package: lotse" || fail "dpkg cannot read the package"
dpkg-deb -c "$work/lotse1.deb" >"$work/list"
for f in ./usr/bin/lotse ./usr/lib/systemd/system/lotse.service ./etc/lotse/gateway.toml; do
	grep -q " $f\$" "$work/list" || fail "$f is not in the package"
done
dpkg-deb -x "$work/lotse1.deb" "$work/root"
cmp "$work/lotse" "$work/root/usr/bin/lotse"
for page in lotse lotse-agent; do
	zcat "$work/root/usr/share/man/man1/$page.1.gz" | grep -q '^.SH NAME' || fail "the manual page of $page"
done
for file in bash-completion/completions/lotse zsh/vendor-completions/_lotse fish/vendor_completions.d/lotse.fish \
	doc/lotse/grafana/lotse.json doc/lotse/grafana/alerts.yaml; do
	test -s "$work/root/usr/share/$file" || fail "$file is not in the package"
done
if command -v systemd-analyze >/dev/null; then
	# This folder lacks the programs and units of a whole system, so only complaints about the
	# file itself count.
	systemd-analyze verify --root="$work/root" --man=no lotse.service 2>&1 |
		grep -E "lotse.service:[0-9]+:|Unknown|Invalid|parse" && fail "systemd complains of the unit"
	echo "test-dist: exposure by systemd-analyze: $(systemd-analyze security --offline=yes --root="$work/root" lotse.service 2>/dev/null | tail -1)"
fi
ok "Debian package"

go run ./ci/release sbom $version "$work/sbom.json" "$exe" "$work/lotse"
go run ./ci/release notices "$work/notices.txt" "$exe" "$work/lotse"
for part in github.com/gorilla/websocket @novnc/novnc; do
	grep -q "\"$part\"" "$work/sbom.json" || fail "$part is not in the SBOM"
	grep -q "^$part " "$work/notices.txt" || fail "$part has no licence in the notices"
done
ok "SBOM of $(grep -c '"purl"' "$work/sbom.json") parts, their licences in $(wc -c <"$work/notices.txt") bytes"
ls -l "$exe" "$work/one/lotse-agent-linux-amd64" | awk '{print "test-dist: size:", $5, $9}' | sed "s|$work/one/||"
