"""A run in a process of its own: python dying_run.py JOB-OPTIONS... Its tasks need no Spark."""

import sys
from concurrent.futures import Future
from typing import Any

from jobs import similar_accounts
from tests.job import localspark

if __name__ == "__main__":

    def start_spark(_: str) -> Future[Any]:
        spark: Future[Any] = Future()
        spark.set_result(localspark.engine(2))
        return spark

    import jobs.spark.session

    jobs.spark.session.start_spark = start_spark  # type: ignore[assignment]  # a stand-in
    sys.exit(similar_accounts.main(sys.argv[1:]))
