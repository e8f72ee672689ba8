"""conf/job.yaml says of every option what the job's configuration says of it."""

import re
from itertools import pairwise
from pathlib import Path

from jobs.options.config import JobConfig, load_config

JOB_YAML = Path(__file__).resolve().parents[2] / "conf" / "job.yaml"
REQUIRED = {"posts": ["p.tsv"], "accounts": ["a.tsv"], "output": "out"}


def test_its_values_are_the_defaults() -> None:
    assert load_config(JOB_YAML, REQUIRED) == load_config(None, REQUIRED)


def test_every_option_has_a_key_below_a_comment() -> None:
    lines = JOB_YAML.read_text(encoding="utf-8").splitlines()
    below_comments = [line for above, line in pairwise(lines) if above.startswith("#")]
    keys = [match[1] for line in below_comments if (match := re.match(r"(?:# )?([a-z_]+): \S", line))]
    assert [key for key in keys if key in JobConfig.model_fields] == list(JobConfig.model_fields)
