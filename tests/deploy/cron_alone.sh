#!/usr/bin/env bash
# Runs Debian's cron in the foreground, with one crontab and a stand-in for sendmail. To be run in mounts of its own:
# it meets neither the crontabs of this machine nor another cron, and nothing of it is left when it ends.
#
#   unshare --mount cron_alone.sh UNPACKED_CRON CRONTAB FOLDER_OF_SENDMAIL
set -euo pipefail
mount --make-rprivate /
mount -t tmpfs none /run       # its process number
mount -t tmpfs none /var/spool # the crontabs of users
mkdir -p -m 1730 /var/spool/cron/crontabs
if [[ -d /etc/cron.d ]]; then mount -t tmpfs none /etc/cron.d; fi
if [[ -e /etc/crontab ]]; then mount --bind /dev/null /etc/crontab; fi
mount -t overlay none -o "lowerdir=$3:/usr/sbin" /usr/sbin
"$1/usr/bin/crontab" "$2"
exec "$1/usr/sbin/cron" -f
