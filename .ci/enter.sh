#!/bin/sh
# Runs a command inside a folder that holds another system: enter.sh ROOT [FOLDER]... -- COMMAND...
# Each FOLDER is seen inside under its own name. The root is pivoted to, not only changed to: some
# libraries start helpers in containers of their own, which a mere chroot forbids. Needs root.
set -eu

if [ "${1:-}" != --unshared ]; then
  exec unshare --mount --propagation private "$0" --unshared "$@"
fi
shift
root="$1"
shift
mount --bind "$root" "$root"
while [ "$1" != -- ]; do
  mkdir -p "$root$1"
  mount --rbind "$1" "$root$1"
  shift
done
shift
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
cd "$root"
mkdir -p .outside
pivot_root . .outside
umount -l /.outside
cd /
exec "$@"
