# shellcheck shell=bash
# Sourced, with `root` set: a folder for temporary files under the number of this process, which Java and Python
# use from then on. What killed runs left behind is removed, unless a process of such a run still uses it: Java that
# has lost its Python while it started needs it to get as far as to notice.
host="$(uname -n)"
scratch="$root/.cache/spark/$host.$$"
mkdir -p "$scratch"
for old in "$root/.cache/spark/$host".*; do
  kill -0 "${old##*.}" 2>/dev/null || grep -qszx "TMPDIR=$old" /proc/[0-9]*/environ ||
    rm -rf "$old" 2>/dev/null || true
done
export TMPDIR="$scratch"
