"""The stress test: a round of the real job agrees; a difference stops it and says how to see it again."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from bench.jobrun import JobRun
from bench.processes import Measurement
from bench.stress import __main__ as stress_command
from bench.stress import comparison as stress
from bench.stress.data import recipe_of


@pytest.mark.thorough  # `make stress` begins with it
def test_job_and_hand_made_process_agree_on_a_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # All that a recipe can hold: strange, repeated, short and long names, several ranges of one hashtag.
    rich = replace(recipe_of(0, 2_000), accounts=2_000, hashtags=41, exponent=1.0, strange=0.2, repeated=0.05)
    rich = replace(rich, short=0.005, long=0.01, threshold="0.75", block_size=200, buckets=3)
    monkeypatch.setattr(stress, "SCRATCH", tmp_path)
    monkeypatch.setattr(stress, "recipe_of", lambda *_: rich)
    assert stress_command.main(["random", "--seeds", "1"]) == 0
    shown = capsys.readouterr().out
    assert "similarity 0.75, block size 200, 3 buckets" in shown
    assert "pairs agree" in shown
    assert " 0 pairs agree" not in shown


def test_a_difference_stops_with_examples_and_the_command_to_repeat_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rounds: list[list[str]] = [[], ["1 pairs in job only", "  job: ('vote', 'a', 'b', 1)"], []]
    done = Measurement(1.0, 0, "")
    monkeypatch.setattr(stress, "SCRATCH", tmp_path)
    monkeypatch.setattr(stress, "measure", lambda *_: done)
    monkeypatch.setattr(stress, "run_job", lambda *_, **__: JobRun(done, {"similar_pairs": 5}, {}))
    monkeypatch.setattr(stress, "differences", lambda *_: rounds.pop(0))
    monkeypatch.setattr(stress, "wrong_pairs", lambda *_: [])
    code = stress_command.main(
        ["random", "--first-seed", "5", "--seeds", "3", "--accounts", "20", "--", "--fold", "none"]
    )
    output = capsys.readouterr()
    assert (code, len(rounds)) == (1, 1)
    assert "5 pairs agree" in output.out
    assert "5 pairs DIFFERENT" in output.out
    assert output.err.splitlines() == [
        "1 pairs in job only",
        "  job: ('vote', 'a', 'b', 1)",
        f"files in {tmp_path}; again: python -m bench.stress random --first-seed 6 --seeds 1 --accounts 20"
        " -- --fold none",
    ]


def test_a_job_that_fails_is_a_round_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> Measurement:
        raise RuntimeError("bench/handmade.py ended with 1: out of memory")

    monkeypatch.setattr(stress, "SCRATCH", tmp_path)
    monkeypatch.setattr(stress, "measure", fails)
    assert stress_command.main(["random", "--seeds", "1", "--accounts", "20"]) == 1
    assert "ended with 1: out of memory" in capsys.readouterr().err


def test_no_round_begins_when_the_minutes_are_over(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(stress, "round_of", lambda *_: pytest.fail("began a round"))
    assert stress_command.main(["random", "--minutes", "-1"]) == 0
    assert "0 rounds" in capsys.readouterr().out


def test_a_seed_stands_for_one_recipe_and_seeds_for_many() -> None:
    recipes = [recipe_of(seed, 100_000) for seed in range(60)]
    assert recipes == [recipe_of(seed, 100_000) for seed in range(60)]
    for name in ("hashtags", "threshold", "block_size", "buckets", "strange", "repeated", "short", "long"):
        assert len({getattr(recipe, name) for recipe in recipes}) > 1
    assert {recipe.accounts for recipe in recipes} == {100_000, 10_000}


@pytest.mark.parametrize("failing", [None, "served"])
def test_without_a_name_all_trials_are_done_and_one_that_fails_is_told(
    monkeypatch: pytest.MonkeyPatch, failing: str | None
) -> None:
    begun: list[str] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        begun.append(command[-1])
        return subprocess.CompletedProcess(command, int(command[-1] == failing))

    monkeypatch.setattr(subprocess, "run", run)
    assert stress_command.main([]) == (failing is not None)
    assert begun == ["random", "flips", "served", "abuse"]
