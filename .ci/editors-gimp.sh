#!/bin/sh
# Makes a folder with a GIMP in it and prints its path, for tests/editors/gimp: 3.0 (Debian trixie,
# the usual one) or 3.2 (forky). Quick when the folder is there; where it cannot be had it says why
# and ends with 1. `editors-gimp.sh 3.2 --path` only tells where it would be.
set -eu
. "$(dirname "$0")/roots.sh"

version="3.0"
case "${1:-}" in [0-9]*) version="$1" && shift ;; esac
[ "${1:-}" = "--path" ] && { echo "$CACHE/gimp-$version"; exit 0; }
packages=gimp,python3-gi,gir1.2-gimp-3.0,xvfb,xdotool,openbox,dbus
case "$version" in
  3.0) make_root gimp-3.0 /usr/bin/gimp-console trixie "$packages" ;;
  3.2) make_root gimp-3.2 /usr/bin/gimp-console forky "$packages,mount" ;;
  *) echo "There is no GIMP $version here; there are 3.0 and 3.2." >&2; exit 1 ;;
esac
