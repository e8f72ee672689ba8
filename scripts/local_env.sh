# shellcheck shell=bash
# Sourced: sets what a Spark in this machine's own processes needs, for the job and for the tests alike.
# Honours a `python` set before; otherwise .venv's. Everything written on the way lands in .cache.
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
cache="$root/.cache"
python="${python:-$root/.venv/bin/python}"

JAVA_HOME="$("$root/scripts/find_java.sh")" || exit 1
export JAVA_HOME
export PYSPARK_PYTHON="$python" PYSPARK_DRIVER_PYTHON="$python"
if [[ $python == "$root/.venv/bin/python" ]]; then
  for SPARK_HOME in "$root"/.venv/lib/python3.*/site-packages/pyspark; do :; done
  export SPARK_HOME # another Spark's, if set, would not fit this PySpark
fi

# Nothing listens on the network, and no name has to be resolved.
export SPARK_LOCAL_IP="${SPARK_LOCAL_IP:-127.0.0.1}"

# Workers import jobs/ and lookalike/ from this folder, with compiled functions kept. From a zip each would compile every
# module again, and numba every function: it finds the cache of a zipped function by the path of the zip,
# which Spark copies to a new folder in each run.
export PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}"
export NUMBA_CACHE_DIR="${NUMBA_CACHE_DIR:-$cache/numba}"

# In the C locale Java cannot open a path with a letter outside ASCII.
if [[ -z ${LC_ALL:-}${LC_CTYPE:-}${LANG:-} ]]; then export LANG=C.UTF-8; fi

# Spark looks for settings in a folder that is never made, and is given conf/'s by name: the folder is
# on Java's class path, where an archive of classes (scripts/share_classes.py) allows no folder with files.
export SPARK_CONF_DIR="$cache/spark/no-conf"
export LOG4J_CONFIGURATION_FILE="${LOG4J_CONFIGURATION_FILE:-$root/conf/log4j2.properties}"

# shellcheck source=scripts/scratch.sh
source "$root/scripts/scratch.sh"
export SPARK_LOCAL_DIRS="${SPARK_LOCAL_DIRS:-$scratch}"
