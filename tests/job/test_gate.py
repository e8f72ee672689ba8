from pathlib import Path
from typing import Any

import pytest

from jobs.config import JobConfig
from jobs.errors import QualityGateError
from jobs.gate import check_rejects


def config(fraction: float) -> JobConfig:
    options: dict[str, Any] = {"posts": ["p"], "accounts": ["a"], "output": Path("o")}
    return JobConfig(max_reject_fraction=fraction, **options)


@pytest.mark.parametrize(
    ("fraction", "rows", "damaged"),
    [(0.01, 100, 1), (0.0, 100, 0), (0.0, 0, 0), (1.0, 5, 5), (0.1, 1000, 100), (0.29, 100, 29)],
)
def test_a_share_of_rejects_up_to_the_limit_passes(fraction: float, rows: int, damaged: int) -> None:
    check_rejects(config(fraction), "posts", rows, damaged, {})


@pytest.mark.parametrize(("fraction", "rows", "damaged"), [(0.01, 100, 2), (0.0, 10**9, 1), (0.99, 5, 5)])
def test_a_larger_share_stops_the_run(fraction: float, rows: int, damaged: int) -> None:
    with pytest.raises(QualityGateError) as caught:
        check_rejects(config(fraction), "posts", rows, damaged, {})
    assert caught.value.exit_code == 3
    assert str(caught.value).startswith(f"{damaged:,} of {rows:,} rows of posts cannot be used: ")


def test_the_examples_of_each_reason_are_shown_and_harmless() -> None:
    rows = {"wrong number of fields": ["one\ttwo", "\x1b[2Jred", "x" * 1000], "empty id": ["\ta"]}
    with pytest.raises(QualityGateError) as caught:
        check_rejects(config(0.01), "accounts", 1234, 567, rows)
    first, *examples = str(caught.value).split("\n")
    assert "567 of 1,234 rows of accounts" in first
    assert "45.95%" in first
    assert "1.00% of --max-reject-fraction" in first
    assert examples == [
        "  empty id:",
        "    \\ta",
        "  wrong number of fields:",
        "    one\\ttwo",
        "    \\x1b[2Jred",
        "    " + "x" * 200 + "...",
    ]
