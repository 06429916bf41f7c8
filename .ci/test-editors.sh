#!/bin/sh
# Plays an editor's scenarios in each of these releases: test-editors.sh krita 5.2 5.3 6.0. One that
# cannot be had here, or not be entered (this user may not mount), is left out, and why is printed;
# the others must pass.
set -u
cd "$(dirname "$0")/.."

editor="$1"
shift
case "$editor" in
  krita) variable=MAHLSTICK_KRITA ;;
  gimp) variable=MAHLSTICK_GIMP ;;
  *) echo "There are scenarios for krita and gimp, not for $editor." >&2; exit 1 ;;
esac

failed=""
played=""
missing=""
for version in "$@"; do
  echo "--- $editor $version"
  if ! { root="$(".ci/editors-$editor.sh" "$version")" && .ci/enter.sh "$root" -- true; }; then
    missing="$missing $version"
  elif env "$variable=$version" MAHLSTICK_REQUIRE_EDITORS=1 \
    .venv/bin/python -m pytest "tests/editors/$editor"; then
    played="$played $version"
  else
    failed="$failed $version"
  fi
done
echo "--- $editor: passed:${played:- none}; failed:${failed:- none}; not to be had here:${missing:- none}"
[ -z "$failed" ]
