"""The process that Spark's Python workers are forked from."""

import json
import subprocess
import sys

from .command import ROOT
from .known import tiny
from .running import Job

LOADING = """
import json
from jobs.spark import daemon
daemon.load()
from jobs.inputs.text import rawrows
from jobs.stages.group import evidence
from jobs.stages.scan import explode
functions = [rawrows.scan_raw, explode._split, explode._distinct, evidence._aggregate]
found = [[len(f.signatures), sum(f.stats.cache_hits.values()), len(f.stats.cache_misses)] for f in functions]
print(json.dumps(found))
"""


def test_it_loads_what_earlier_runs_have_compiled_and_compiles_nothing(quick_job: Job) -> None:
    known = tiny()
    quick_job(known.posts, known.accounts, max_reject_fraction=0.1)
    done = subprocess.run([sys.executable, "-c", LOADING], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for signatures, hits, misses in json.loads(done.stdout):
        assert signatures > 0
        assert (hits, misses) == (signatures, 0)
