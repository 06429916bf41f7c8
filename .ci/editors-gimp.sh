#!/bin/sh
# Makes a folder with Debian trixie's GIMP 3.0 in it and prints its path, for tests/editors/gimp.
# The package mirror is the one this machine already uses. Quick when the folder is there;
# `--path` only tells where it would be. Needs root (chroot) and Debian's archive keyring.
set -eu

ROOT="${XDG_CACHE_HOME:-$HOME/.cache}/mahlstick-ci/gimp-3.0"
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
PACKAGES=gimp,python3-gi,gir1.2-gimp-3.0,xvfb,xdotool,openbox,dbus

[ "${1:-}" = "--path" ] && { echo "$ROOT"; exit 0; }
[ -x "$ROOT/usr/bin/gimp-console" ] && [ -e "$ROOT/.complete" ] && { echo "$ROOT"; exit 0; }
[ "$(id -u)" = 0 ] || { echo "The GIMP scenarios need root, to make and enter a chroot." >&2; exit 1; }

mkdir -p "$(dirname "$ROOT")"
exec 9>"$ROOT.lock"
flock 9  # a second caller waits for the first one's folder
[ -e "$ROOT/.complete" ] && { echo "$ROOT"; exit 0; }

mirror() {
  for list in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list.d/*.sources; do
    [ -e "$list" ] && awk '/^URIs:/ { print $2; exit }' "$list" && return
  done
  awk '$1 == "deb" && $2 ~ /^https?:/ { print $2; exit }' /etc/apt/sources.list
}

command -v mmdebstrap >/dev/null || {
  apt-get update -q >&2
  apt-get install -q -y -o DPkg::Lock::Timeout=600 --no-install-recommends mmdebstrap >&2
}

# An interrupted build must not look like a finished one: it grows beside its final place.
rm -rf "$ROOT" "$ROOT.partial"
nice -n 10 mmdebstrap --quiet --mode=root --variant=apt --keyring="$KEYRING" \
  --aptopt='APT::Install-Recommends "false"' \
  --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Check-Date "false"' \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/share/doc/*' \
  --include="$PACKAGES" trixie "$ROOT.partial" "$(mirror)" >&2
touch "$ROOT.partial/.complete"
mv "$ROOT.partial" "$ROOT"
echo "$ROOT"
