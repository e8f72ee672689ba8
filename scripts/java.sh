#!/usr/bin/env bash
# Starts the Java that scripts/find_java.sh found; .cache/java/bin/java is a link to this file.
set -euo pipefail
home="$(cd "$(dirname "$0")/.." && pwd)"
java="$(<"$home/found")"

# No counters in /tmp, and temporary files where TMPDIR says, as other programs keep theirs.
arguments=(-XX:-UsePerfData)
if [[ -n ${TMPDIR:-} ]]; then arguments+=("-Djava.io.tmpdir=$TMPDIR"); fi

# Spark's classes as an earlier Java had loaded and checked them (scripts/share_classes.py): saves half
# of the start. Java leaves them aside if they do not fit, and need not say so.
if [[ -f $home/spark.jsa && " $* " == *" org.apache.spark.deploy.SparkSubmit "* ]]; then
  arguments+=(-XX:SharedArchiveFile="$home/spark.jsa" -Xshare:auto -Xlog:cds=off -Xlog:cds+dynamic=off)
fi

# Spark 4 always adds this module: a runtime that lacks it would not start, any other prints a warning.
# The job does not use it.
for argument in "$@"; do
  if [[ $argument != --add-modules=jdk.incubator.vector ]]; then arguments+=("$argument"); fi
done
exec "$java" "${arguments[@]}"
