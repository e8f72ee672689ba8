"""Run in Airflow's environment: imports a folder with one DAG, runs its first task, and says in JSON what came.

under_airflow.py FOLDER EXIT_CODE...

The task runs once for each exit code, which it asks its launcher for (test_airflow.py).
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from airflow.dag_processing.dagbag import DagBag


def main(folder: Path, codes: list[str]) -> dict[str, Any]:
    """What the DAG is, and for each exit code `success` or the exception that the task raised."""
    bag = DagBag(folder)
    assert not bag.import_errors, bag.import_errors
    (dag,) = bag.dags.values()
    (task,) = dag.roots
    task.render_template_fields({})
    ends = {}
    for code in codes:
        os.environ["LAUNCHER_EXIT"] = code
        try:
            task.execute({})
            ends[code] = "success"
        except Exception as error:
            ends[code] = type(error).__name__
    return {
        "dag": dag.dag_id,
        "schedule": dag.schedule,
        "runs": {"max_active": dag.max_active_runs, "catchup": dag.catchup},
        "retries": task.retries,
        "then": [follower.task_id for follower in task.downstream_list],
        "tasks": sorted(dag.task_ids),
        "ends": ends,
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), sys.argv[2:])))
