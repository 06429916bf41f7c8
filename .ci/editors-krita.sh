#!/bin/sh
# Gets a Krita for tests/editors/krita. Without a version: installs this machine's own (5.1 in
# Debian 12) and a screen in memory; idempotent, needs root or sudo only when something is missing.
# With 5.2 (trixie), 5.3 (forky) or 6.0 (experimental): makes a folder with it and prints its path;
# where it cannot be had it says why and ends with 1. `editors-krita.sh 6.0 --path` only tells where
# it would be.
set -eu
. "$(dirname "$0")/roots.sh"

version="${1:-}"
[ "${2:-}" = "--path" ] && { echo "$CACHE/krita-$version"; exit 0; }
qt5="krita,python3-pyqt5,python3-pyqt5.sip,xdotool,mount"
qt6="krita krita-data python3-pyqt6 python3-pyqt6.sip qt6-svg-plugins"
case "$version" in
  "") ;;
  5.2) make_root krita-5.2 /usr/bin/krita trixie "$qt5" && exit 0 || exit 1 ;;
  5.3) make_root krita-5.3 /usr/bin/krita forky "$qt5" && exit 0 || exit 1 ;;
  6.0) make_root krita-6.0 /usr/bin/krita forky xdotool,mount "sid experimental" "$qt6" && exit 0 || exit 1 ;;
  *) echo "There is no Krita $version here; there are 5.2, 5.3 and 6.0." >&2; exit 1 ;;
esac

packages="krita xvfb xauth xdotool x11-apps imagemagick python3-pyqt5 python3-pyqt5.sip"
missing=""
for package in $packages; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "install ok installed" ||
        missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=""
[ "$(id -u)" = 0 ] || as_root="sudo"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -q
# shellcheck disable=SC2086  # a list of names
$as_root apt-get install -q -y --no-install-recommends $missing
