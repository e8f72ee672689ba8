# shellcheck shell=bash
# Sourced, with `root` set: a folder for temporary files under the number of this process, which Java and Python
# use from then on. What killed runs left behind is removed.
host="$(uname -n)"
scratch="$root/.cache/spark/$host.$$"
mkdir -p "$scratch"
for old in "$root/.cache/spark/$host".*; do
  kill -0 "${old##*.}" 2>/dev/null || rm -rf "$old" 2>/dev/null || true
done
export TMPDIR="$scratch"
