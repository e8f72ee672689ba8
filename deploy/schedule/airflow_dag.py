"""Runs the job every night from Airflow, then removes old snapshots: put this file into the folder of DAGs.

Needs apache-airflow-providers-apache-spark, the project on the worker, and a connection:

    airflow connections add lookalike_spark --conn-type spark --conn-host 'local[*]'
"""

import re
from datetime import datetime, timedelta
from typing import Any

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

ANOTHER_RUN = 4
NEEDS_A_PERSON = {2, 3, 5, 6}


class LookalikeOperator(SparkSubmitOperator):  # type: ignore[misc]  # Airflow is not in the project's environment
    """Tells exit codes apart. The operator that it extends retries after every failure."""

    def execute(self, context: Any) -> None:
        """Run the job. Raises AirflowFailException where the same input would end the same way."""
        try:
            super().execute(context)
        except AirflowException as error:
            found = re.search(r"Error code is: (-?\d+)", str(error))
            code = int(found[1]) if found else None
            if code == ANOTHER_RUN:
                raise AirflowSkipException("another run holds the output, and will publish") from error
            if code in NEEDS_A_PERSON:
                raise AirflowFailException(str(error)) from error
            raise


with DAG(
    dag_id="lookalike",
    description="Publish look-alike accounts",
    schedule="30 3 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,  # a run reads all there is: one makes up for any number that were missed
    max_active_runs=1,
):
    publish = LookalikeOperator(
        task_id="publish",
        conn_id="lookalike_spark",
        # The launcher knows the job's Python, Java and settings. It takes Spark's options, a lone --, and the job's:
        # so the -- is where spark-submit has the application.
        spark_binary="/opt/lookalike/spark-submit.sh",
        application="--",
        application_args=[
            "--posts",
            "/data/posts",
            "--accounts",
            "/data/accounts",
            "--output",
            "/data/out",
            "--metrics-file",
            "/data/metrics/lookalike.prom",
        ],
        retries=2,
        retry_delay=timedelta(minutes=10),
        execution_timeout=timedelta(hours=6),
    )
    prune = BashOperator(
        task_id="prune",
        cwd="/opt/lookalike",
        bash_command=".venv/bin/python -m jobs.snapshots prune /data/out --keep 7",
    )
    publish >> prune
