#!/bin/sh
# What the editors' scripts share: folders with another Debian release in them, made once and kept
# outside the checkout. Sourced, never run. Needs root (chroot) and Debian's archive keyring; the
# package mirror is the one this machine already uses.

CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/mahlstick-ci"
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

mirror() {
  for list in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list.d/*.sources; do
    [ -e "$list" ] && awk '/^URIs:/ { print $2; exit }' "$list" && return
  done
  awk '$1 == "deb" && $2 ~ /^https?:/ { print $2; exit }' /etc/apt/sources.list
}

# make_root NAME PROGRAM BASE PACKAGES [LATER-SUITES LATER-PACKAGES]
# Prints the folder that holds PROGRAM, which comes from the release BASE; packages that BASE does
# not have are taken from the last of LATER-SUITES. Where it cannot be had: the reason, and 1.
make_root() {
  ROOT="$CACHE/$1"
  [ -x "$ROOT$2" ] && [ -e "$ROOT/.complete" ] && { echo "$ROOT"; return 0; }
  [ "$(id -u)" = 0 ] || { echo "$1 needs root, to make and enter a chroot." >&2; return 1; }
  mkdir -p "$CACHE"
  exec 9>"$ROOT.lock"
  flock 9  # a second caller waits for the first one's folder
  [ -e "$ROOT/.complete" ] && { echo "$ROOT"; return 0; }
  command -v mmdebstrap >/dev/null || {
    apt-get update -q >&2
    apt-get install -q -y -o DPkg::Lock::Timeout=600 --no-install-recommends mmdebstrap >&2
  }
  # An interrupted build must not look like a finished one: it grows beside its final place.
  rm -rf "$ROOT" "$ROOT.partial"
  if bootstrap "$3" "$4" "${5:-}" "${6:-}" >"$ROOT.log" 2>&1 && [ -x "$ROOT.partial$2" ]; then
    touch "$ROOT.partial/.complete"
    mv "$ROOT.partial" "$ROOT"
    echo "$ROOT"
    return 0
  fi
  rm -rf "$ROOT.partial"
  echo "$1 cannot be had here; the package manager said:" >&2
  grep -E '^E: |Unable|unmet' "$ROOT.log" | tail -n 3 >&2 || tail -n 3 "$ROOT.log" >&2
  return 1
}

# bootstrap BASE PACKAGES LATER-SUITES LATER-PACKAGES, into $ROOT.partial
bootstrap() {
  from="$(mirror)"
  sources="deb $from $1 main"
  last=true  # the hook: nothing more to do
  for suite in $3; do
    sources="$sources
deb $from $suite main"
    last="chroot \"\$1\" apt-get install -q -y -t $suite $4"
  done
  echo "$sources" | nice -n 10 mmdebstrap --mode=root --variant=apt --keyring="$KEYRING" \
    --aptopt='APT::Install-Recommends "false"' \
    --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Check-Date "false"' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --include="$2" --customize-hook="$last" "$1" "$ROOT.partial" -
}
