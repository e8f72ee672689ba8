"""How many random examples a test tries: enough to find a mistake soon. `make test-random` tries 20 times as many."""

import os
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings

TIMES = int(os.environ.get("LOOKALIKE_TEST_EXAMPLES", "1"))

Test = TypeVar("Test", bound=Callable[..., None])


def examples(count: int, **options: Any) -> Callable[[Test], Test]:
    """For a test of Hypothesis's `given`: so many examples. options: settings of Hypothesis."""
    # Other processes may keep the cores busy.
    options["suppress_health_check"] = [HealthCheck.too_slow, *options.get("suppress_health_check", ())]

    def decorate(test: Test) -> Test:
        return pytest.mark.random(settings(max_examples=count * TIMES, **options)(test))

    return decorate


def whole_runs(count: int) -> Callable[[Test], Test]:
    """The same for a test whose examples are whole runs of the job, always the same ones.

    It empties its folder itself, and its patched job is the same for every example.
    """
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]
    return examples(count, deadline=None, derandomize=True, database=None, suppress_health_check=checks)


def seeds(count: int) -> pytest.MarkDecorator:
    """For a test with an argument `seed`: each of so many seeds is a test."""
    return pytest.mark.parametrize(
        "seed", [pytest.param(seed, marks=pytest.mark.random) for seed in range(count * TIMES)]
    )
