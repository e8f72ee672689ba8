"""conf/job.yaml and the rows of the reference page say of every option what the job's configuration says of it."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from jobs.options.cli import parse_arguments
from jobs.options.config import JobConfig
from jobs.options.load import load_config
from jobs.options.option import described_options
from jobs.options.reference import job_yaml, option_rows

JOB_YAML = Path(__file__).resolve().parents[2] / "conf" / "job.yaml"
REQUIRED = {"posts": ["p.tsv"], "accounts": ["a.tsv"], "output": "out"}


def test_it_is_up_to_date() -> None:
    assert JOB_YAML.read_text(encoding="utf-8") == job_yaml(), "run python -m jobs.options.reference"


def test_its_values_are_the_defaults() -> None:
    assert load_config(JOB_YAML, REQUIRED) == load_config(None, REQUIRED)


def test_every_option_has_a_key_below_a_comment() -> None:
    lines = JOB_YAML.read_text(encoding="utf-8").splitlines()
    below_comments = [line for above, line in pairwise(lines) if above.startswith("#")]
    keys = [match[1] for line in below_comments if (match := re.match(r"(?:# )?([a-z_]+): \S", line))]
    assert [key for key in keys if key in JobConfig.model_fields] == list(JobConfig.model_fields)


def test_every_value_of_a_choice_has_a_meaning() -> None:
    for described in described_options(JobConfig):
        assert set(described.option.choices) == set(described.values), described.name


def test_the_reference_has_a_row_for_every_flag_of_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_arguments(["--help"])
    helped = re.findall(r"^  (--[a-z-]+)", capsys.readouterr().out, re.MULTILINE)
    assert sorted(row.flag.split(" ")[0].rstrip(",") for row in option_rows()) == sorted(
        {*helped} - {"--help", "--version"}
    )


def test_a_row_has_flag_default_meaning_and_bounds() -> None:
    rows = {row.flag: row for row in option_rows()}
    buckets = rows["--buckets N"]
    assert (buckets.default, buckets.allowed) == ("64", "a whole number from 1 to 4096")
    assert buckets.meaning.startswith("Split each table of the snapshot into this many buckets")
    assert rows["--posts PATH..."].default == ""
    assert rows["--plan, --no-plan"].default == "off"
    assert rows["--max-candidates N"].default == "no limit"
    assert rows["--fold none|case"].choices[1][0] == "case"
