#!/usr/bin/env bash
# Runs a command that can write to some folders only and has no privilege, as the sandbox of lookalike.service has it.
# To be run in mounts of its own.
#
#   unshare --mount confined.sh FOLDER... -- COMMAND...
set -euo pipefail
mount --make-rprivate /
while [[ $1 != -- ]]; do
  mount --bind "$1" "$1"
  shift
done
shift
for place in / /home /opt /root /run /srv /tmp /usr /var /var/tmp; do
  if mountpoint -q "$place"; then mount -o remount,bind,ro "$place"; fi
done
exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
