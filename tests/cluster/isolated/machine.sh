#!/bin/bash
# Becomes a process on a machine of its own: it sees this machine's system, and of everything else only its own folder.
#
#   machine.sh OWN SPARK JAVA TOOLS HIDDEN... -- COMMAND...
#
# In namespaces of its own for mounts and users, the four folders are /srv/own, /srv/spark, /srv/java and /srv/bin, and
# every HIDDEN folder is empty; /tmp is a folder of its own, too.
set -euo pipefail
if [[ $1 != inside ]]; then
  exec unshare --mount --user --map-root-user "$BASH" "$0" inside "$@"
fi
shift
mount -t tmpfs none /srv
for name in own spark java bin; do
  mkdir "/srv/$name"
  mount --bind "$1" "/srv/$name"
  shift
done
mount --bind /srv/own/tmp /tmp
while [[ $1 != -- ]]; do
  mount -t tmpfs -o ro,size=4k none "$1"
  shift
done
shift
cd /srv/own
export PATH=/srv/bin
exec "$@"
