#!/bin/sh
# Installs what the scenarios in the real Krita need: Debian's own Krita and a screen in memory.
# Idempotent, and quick when everything is there. Needs root (or sudo) only when something is missing.
set -eu

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
