#!/bin/sh
# Installs from an unpacked bundle, without a network: digests first, then Debian's packages, then Python's, in place.
# A bundle whose files are not what they were is refused before anything is installed.
set -eu
cd "$(dirname "$0")/.."
[ -d wheels ] || { echo "没有 wheels/：这不是安装包，联网的机器上用 make setup" >&2; exit 2; }
sha256sum --quiet --check SHA256SUMS || { echo "安装包与其校验值不符：请重新复制" >&2; exit 4; }

if [ -f debs/Packages ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "系统软件包 …"
  state=$(mktemp -d)
  trap 'rm -rf "$state"' EXIT
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
  # Digests of every package were checked above; a repository of our own has no signature.
  echo "deb [trusted=yes] file:$PWD/debs ./" >"$state/sources.list"
  apt_() {
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o "Dir::Etc::sourcelist=$state/sources.list" -o Dir::Etc::sourceparts=- \
      -o "Dir::State::lists=$state/lists" -o "Dir::Cache=$state/cache" -o APT::Sandbox::User=root "$@"
  }
  apt_ update
  # shellcheck disable=SC2046 # one word a package
  apt_ install -y --no-install-recommends $(cat debs/WANTED) >/dev/null
elif [ -f debs/Packages ]; then
  echo "不是 root：系统软件包（debs/WANTED 所列）要由管理员安装" >&2
fi

echo "Python 软件包 …"
PIP_NO_INDEX=1 PIP_FIND_LINKS="$PWD/wheels" make setup
echo "装好了：.venv/bin/lantian --help；先看一遍：make demo"
