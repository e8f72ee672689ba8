#!/usr/bin/env bash
# Runs the job on Spark.
#
#   ./spark-submit.sh [SPARK-SUBMIT OPTIONS --] [JOB OPTIONS]
#
#   ./spark-submit.sh --help
#   ./spark-submit.sh --inspect posts.tsv accounts.tsv
#   ./spark-submit.sh --posts posts.tsv --accounts accounts.tsv --output out
#   ./spark-submit.sh --driver-memory 4g -- --config conf/job.yaml
#   ./spark-submit.sh --master yarn --deploy-mode cluster -- --posts ... --accounts ... --output ...
#   ./spark-submit.sh --remote sc://host -- --posts ... --accounts ... --output ...
#
# On a cluster the tasks run in the Python that `make environment` has packed; see docs/how-to/run-on-a-cluster.md.
#
# This starts Python, and PySpark starts spark-submit with the options given here. If spark-submit came first,
# it would start Python with stdout and stderr joined in one pipe: the progress line would have no terminal,
# errors would be part of the output, and a typing error would be reported only after two seconds of Java.
# Only with --deploy-mode cluster, where the driver runs elsewhere, does this start spark-submit itself.
set -euo pipefail

script="${BASH_SOURCE[0]}"
while [[ -L $script ]]; do
  target="$(readlink "$script")"
  if [[ $target == /* ]]; then script="$target"; else script="$(dirname "$script")/$target"; fi
done
root="$(cd "$(dirname "$script")" && pwd -P)"
main="$root/jobs/similar_accounts.py"

fail() {
  echo "error: $1" >&2
  exit 1
}

# --- the two halves of the command line -------------------------------------------------------------
user=(--) # the options before a lone "--"; the first element keeps the array from being empty
for argument in "$@"; do
  if [[ $argument == -- ]]; then
    while [[ $1 != -- ]]; do
      user+=("$1")
      shift
    done
    shift
    break
  fi
done

# Sets `value` to what the user gave spark-submit as an option (--master) or as a setting (spark.master).
# The last one wins, and an option wins over a setting, as in spark-submit.
look_up() {
  local option="$1" setting="$2" previous="" from_option="" from_setting="" argument
  for argument in "${user[@]}"; do
    case "$previous" in
      "$option") from_option="$argument" ;;
      --conf | -c) [[ $argument != "$setting="* ]] || from_setting="${argument#*=}" ;;
    esac
    case "$argument" in
      "$option="*) from_option="${argument#*=}" ;;
      "--conf=$setting="*) from_setting="${argument#*=*=}" ;;
    esac
    previous="$argument"
  done
  value="${from_option:-$from_setting}"
}

# What the tasks of a cluster get: the Python with the job that `make environment` has packed, or a zip of the job.
archive="$root/.cache/environment.tar.gz"
zip="$root/.cache/jobs.zip"
check_archive() {
  "$python" "$root/scripts/package_environment.py" --check "$archive" ||
    fail "no Python to send to the cluster, or one older than the job: type 'make environment' (or name the \
cluster's own in PYSPARK_PYTHON)"
}
make_zip() {
  "$python" "$root/scripts/package_jobs.py" "$zip"
}

# Adds the options that give the tasks of a cluster a Python with the job: the archive, or, if the user names another
# Python, that one and the zip.
ship_python() {
  local archives
  look_up --archives spark.archives
  archives="$value"
  look_up none spark.pyspark.python # which PySpark itself takes from the environment only
  if [[ -n $value ]]; then export PYSPARK_PYTHON="$value"; fi
  if [[ $master == local-cluster* ]]; then export PYSPARK_PYTHON="${PYSPARK_PYTHON:-$python}"; fi
  if [[ $deploy_mode != cluster ]]; then export PYSPARK_DRIVER_PYTHON="${PYSPARK_DRIVER_PYTHON:-$python}"; fi

  if [[ -n ${PYSPARK_PYTHON:-} || -n $archives ]]; then
    look_up --py-files spark.submit.pyFiles # of several only the last is used
    make_zip
    options+=(--py-files "$zip${value:+,$value}")
    return
  fi
  check_archive
  export PYSPARK_PYTHON=./environment/bin/python
  options+=(--archives "$archive#environment" --conf "spark.pyspark.python=$PYSPARK_PYTHON")
  options+=(--conf spark.python.daemon.module=jobs.spark.daemon) # a Python without the job would not find it
}

look_up --remote spark.remote
remote="${value:-${SPARK_REMOTE:-}}"
look_up --master spark.master
[[ -z $value ]] || remote=""
master="${value:-local[*]}"
look_up --deploy-mode spark.submit.deployMode
deploy_mode="${value:-client}"

# --- the Python and the Spark to use ----------------------------------------------------------------
if [[ -x $root/.venv/bin/python ]]; then
  python="$root/.venv/bin/python"
  submit="$(echo "$root"/.venv/lib/python3.*/site-packages/pyspark/bin/spark-submit)"
  [[ -x $submit ]] || fail "PySpark is not installed in .venv: type 'make setup'"
else
  submit="$(command -v spark-submit)" || fail "no .venv here and no spark-submit on the PATH: type 'make setup'"
  python="$(dirname "$submit")/python3"
  [[ -x $python ]] || python="$(command -v python3)" || fail "no python3 on the PATH"
  home="${SPARK_HOME:-$(cd "$(dirname "$submit")/.." && pwd)}"
  if [[ -d $home/python/pyspark ]]; then # a Spark that pip did not install
    export SPARK_HOME="$home"
    PYTHONPATH="$(echo "$home"/python/lib/py4j-*-src.zip):$home/python${PYTHONPATH:+:$PYTHONPATH}"
    export PYTHONPATH
  fi
fi

for argument in "$@"; do
  case "$argument" in
    --help | -h | --version | --inspect | --inspect=*) # without Java
      export PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}" NUMBA_CACHE_DIR="${NUMBA_CACHE_DIR:-$root/.cache/numba}"
      export PYDANTIC_DISABLE_PLUGINS=__all__ # to look for them takes time
      exec "$python" "$main" "$@"
      ;;
  esac
done

# --- Spark Connect: a server has Spark, and here is no Java -------------------------------------------
if [[ -n $remote ]]; then
  for ((i = 1; i < ${#user[@]}; i++)); do
    case "${user[i]}" in
      --remote) ((++i)) ;;
      --remote=*) ;;
      *) fail "${user[i]}: with Spark Connect the server has Spark's options, and only --remote can be given before --" ;;
    esac
  done
  export SPARK_REMOTE="$remote" PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}"
  export NUMBA_CACHE_DIR="${NUMBA_CACHE_DIR:-$root/.cache/numba}"
  # shellcheck source=scripts/scratch.sh
  source "$root/scripts/scratch.sh"
  if [[ -n ${PYSPARK_PYTHON:-} ]]; then # the server's own
    make_zip
    export LOOKALIKE_ARTIFACT="$zip"
  else
    check_archive
    export LOOKALIKE_ARTIFACT="$archive"
  fi
  exec "$python" "$main" "$@"
fi
unset SPARK_REMOTE # PySpark refuses it beside a master

# --- Spark's options: ours first, so that the user's win ---------------------------------------------
export LOG4J_CONFIGURATION_FILE="${LOG4J_CONFIGURATION_FILE:-$root/conf/log4j2.properties}"
options=(--master "$master")
case "$master" in
  local | local\[*)
    # shellcheck source=scripts/local_env.sh
    source "$root/scripts/local_env.sh"
    options+=(--properties-file "$root/conf/spark-defaults.conf")
    options+=(--conf spark.python.daemon.module=jobs.spark.daemon)
    options+=("${user[@]:1}")
    look_up none spark.local.dir
    [[ -z $value ]] || unset SPARK_LOCAL_DIRS # this variable would win
    ;;
  *)
    JAVA_HOME="$("$root/scripts/find_java.sh")" || exit 1
    export JAVA_HOME PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}"
    export NUMBA_CACHE_DIR="${NUMBA_CACHE_DIR:-$root/.cache/numba}"
    # shellcheck source=scripts/scratch.sh
    source "$root/scripts/scratch.sh" # the driver unpacks archives, too
    # The cluster's own settings apply where ours say nothing. If the job's folder is read-only, numba keeps its
    # files in the folder of this variable, or else in the home folder, which on a cluster is often read-only, too.
    options+=(--properties-file "$root/conf/spark-defaults.conf" --load-spark-defaults)
    options+=(--conf spark.executorEnv.XDG_CACHE_HOME=.numba)
    if [[ -n ${LOOKALIKE_WEBHDFS:-} ]]; then # for the driver of --deploy-mode cluster, too
      for place in spark.executorEnv spark.yarn.appMasterEnv spark.kubernetes.driverEnv; do
        options+=(--conf "$place.LOOKALIKE_WEBHDFS=$LOOKALIKE_WEBHDFS")
      done
    fi
    options+=("${user[@]:1}")
    ship_python
    ;;
esac

if [[ $deploy_mode == cluster ]]; then
  exec "$submit" "${options[@]}" "$main" "$@"
fi

# PySpark splits this variable as a shell would.
PYSPARK_SUBMIT_ARGS=""
for argument in "${options[@]}"; do
  PYSPARK_SUBMIT_ARGS+="'${argument//\'/\'\\\'\'}' "
done
export PYSPARK_SUBMIT_ARGS+="pyspark-shell"
exec "$python" "$main" "$@"
