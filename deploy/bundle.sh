#!/usr/bin/env bash
# All that an installation without a network needs, in one file: the committed source, every Python package of the lock
# files and, on Debian, every system package with all that it depends on. Made on the same kind of machine it is for.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
python=$root/.venv/bin/python
version=$($python -c 'from crawler.config import VERSION; print(VERSION)')
kind=$($python -c 'import sys, platform; print(f"{platform.machine()}-py{sys.version_info.major}.{sys.version_info.minor}")')
name=lantian-$version-$kind
out=${1:-$root/dist}
mkdir -p "$out"
if [ -e "$out/$name.tar" ]; then echo "$out/$name.tar is there already: move it away first" >&2; exit 2; fi
[ -z "$(git status --porcelain)" ] || echo "Not committed, so not in the bundle: $(git status --porcelain | wc -l) files" >&2
work=$(mktemp -d "$out/.bundle.XXXXXX")
trap 'rm -rf "$work"' EXIT

echo "source"
mkdir "$work/$name"
git archive --format=tar HEAD | tar -x -C "$work/$name"

echo "Python packages"
# The digests of the lock files hold here and again when they are installed.
$python -m pip download -q --require-hashes --no-build-isolation --no-deps \
  -r requirements-build.lock -r requirements.lock -d "$work/$name/wheels"

packages=(make python3 python3-venv chromium fonts-noto-cjk libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0)
if command -v apt-get >/dev/null && [ -z "${WITHOUT_DEBS:-}" ]; then
  echo "Debian packages"
  # Resolved as for a machine on which nothing is installed: the other one may lack anything.
  mkdir -p "$work/apt/archives/partial" "$work/$name/debs"
  : >"$work/apt/status"
  apt=(apt-get -qq -y --no-install-recommends -o "Dir::State::status=$work/apt/status"
    -o "Dir::Cache::archives=$work/apt/archives" -o Debug::NoLocking=1 -o APT::Sandbox::User=root)
  "${apt[@]}" install --download-only "${packages[@]}" >/dev/null
  mv "$work"/apt/archives/*.deb "$work/$name/debs/"
  # An index of them, so that apt chooses what is missing and in which order.
  (cd "$work/$name/debs" && for deb in *.deb; do
    dpkg-deb --field "$deb"
    printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$deb" "$(stat -c %s "$deb")" "$(sha256sum "$deb" | cut -d' ' -f1)"
  done >Packages)
  printf '%s\n' "${packages[@]}" >"$work/$name/debs/WANTED"
fi

echo "digests"
(cd "$work/$name" && find . -type f ! -name SHA256SUMS -print0 | sort -z | xargs -0 sha256sum >SHA256SUMS)
stamp=$(git log -1 --format=%cI)
tar --sort=name --mtime="$stamp" --owner=0 --group=0 --numeric-owner -C "$work" -cf "$work/$name.tar" "$name"
sync "$work/$name.tar"
mv -n "$work/$name.tar" "$out/$name.tar"
(cd "$out" && sha256sum "$name.tar" >"$name.tar.sha256")
echo "$out/$name.tar  $(du -h "$out/$name.tar" | cut -f1)"
echo "There: sha256sum -c $name.tar.sha256 && tar -xf $name.tar && sh $name/deploy/install.sh"
