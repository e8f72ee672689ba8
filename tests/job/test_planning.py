"""--plan and --max-candidates: what a run would take is told beforehand, and nothing is left behind by it."""

import re
from pathlib import Path
from typing import Any

import pytest

from jobs.pipeline import make
from lookalike.errors import QualityGateError, TooManyCandidatesError, UsageError
from lookalike.outputs.folder import FolderOutput
from lookalike.outputs.lock import OutputLock

from .command import submit, submit_alone
from .known import Known, medium, tiny
from .running import Job


def numbers(printed: str) -> dict[str, int]:
    """The number behind each name of the funnel; of the rows of posts, not of accounts."""
    found = re.findall(r"^ *(\S.*?) {2,}([\d,]+)(?: {2,}.*)?$", printed, re.MULTILINE)
    return {name: int(number.replace(",", "")) for name, number in found}


def files(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def test_a_plan_counts_what_a_run_counts_and_estimates_the_rest(quick_job: Job, tmp_path: Path) -> None:
    known = medium()
    counts = quick_job(known.posts, known.accounts).manifest.counts
    printed = quick_job.plan(known.posts, known.accounts, tmp_path / "out")
    told = numbers(printed)
    assert told["rows of accounts"] == counts.accounts.rows
    assert told["rows of posts"] == counts.posts.rows
    assert told["used"] == counts.posts.used
    assert told["hashtags"] == counts.hashtags
    assert told["memberships"] == counts.memberships
    assert told["pairs that share a hashtag"] == counts.pairs_sharing
    assert counts.candidates / 1.5 < told["candidates"] < counts.candidates * 1.5
    assert counts.similar_pairs / 1.5 < told["similar pairs"] < counts.similar_pairs * 1.5
    assert printed.splitlines()[0] == f"Plan for {tmp_path / 'out'}: nothing was written"


def test_a_plan_shows_the_largest_hashtags_and_the_time(quick_job: Job, tmp_path: Path) -> None:
    known = medium()
    result = quick_job(known.posts, known.accounts)
    printed = quick_job.plan(known.posts, known.accounts, tmp_path / "out").splitlines()
    (start,) = [place for place, line in enumerate(printed) if line.startswith("Hashtags with most candidates")]
    shown = {line.split()[0]: line.split()[1:3] for line in printed[start + 3 : start + 13]}
    largest = sorted(result.rows("hashtags"), key=lambda row: -row["members"])[:3]
    for row in largest:
        sharing = row["members"] * (row["members"] - 1) // 2
        assert shown[f"#{row['display']}"] == [f"{row['members']:,}", f"{sharing:,}"]
    stages = [re.split(r" {2,}", line.strip()) for line in printed[-3:]]
    assert [one.split()[0] for one in stages[0][1:]] == ["start", "accounts", "scan", "group"]
    assert [one.split()[0] for one in stages[1]] == ["compare", "write", "publish", "estimated"]
    assert printed[-1].endswith("in all, estimated")


def test_two_plans_of_one_input_tell_the_same(quick_job: Job, tmp_path: Path) -> None:
    known = medium()
    one, other = (quick_job.plan(known.posts, known.accounts, tmp_path / "out", cores=c) for c in (1, 3))
    assert one.splitlines()[:-3] == other.splitlines()[:-3]  # but for the seconds


@pytest.mark.parametrize("options", [{"blocking": "prefix"}, {"fold": "case"}, {"min_similarity": "0.3"}])
def test_a_plan_is_of_the_comparison_that_is_asked_for(
    quick_job: Job, tmp_path: Path, options: dict[str, Any]
) -> None:
    known = tiny()
    counts = quick_job(known.posts, known.accounts, max_reject_fraction=0.1, **options).manifest.counts
    told = numbers(quick_job.plan(known.posts, known.accounts, tmp_path / "out", max_reject_fraction=0.1, **options))
    # The sample may be all of so little.
    assert (told["candidates"], told["similar pairs"]) == (counts.candidates, counts.similar_pairs)


class UnexpectedError(Exception):
    pass


def plan_of(job: Job, known: Known, output: Path) -> None:
    job.plan(known.posts, known.accounts, output, max_reject_fraction=0.1)


def test_a_plan_leaves_nothing_behind_however_it_ends(
    quick_job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = tiny()
    folder = tmp_path / "some"
    folder.mkdir()
    for output in (folder / "out", folder / "not/there/yet"):
        plan_of(quick_job, known, output)
        assert files(folder) == set()
        with pytest.raises(QualityGateError):
            quick_job.plan(known.posts, known.accounts, output, max_reject_fraction=0)
        assert files(folder) == set()

    for kind in (KeyboardInterrupt, UnexpectedError):

        def end(*_: object, kind: type[BaseException] = kind, **__: object) -> None:
            assert files(folder)  # the work folder
            raise kind

        monkeypatch.setattr(make, "forecast", end)
        with pytest.raises(kind):
            plan_of(quick_job, known, folder / "out")
        assert files(folder) == set()


def test_a_plan_changes_nothing_in_an_output_and_waits_for_no_other_run(quick_job: Job, tmp_path: Path) -> None:
    known, output = tiny(), tmp_path / "out"
    quick_job(known.posts, known.accounts, output=output, max_reject_fraction=0.1)
    before = {path: path.stat().st_mtime_ns for path in files(tmp_path)}
    with OutputLock(output):
        lock = (output / ".lock").stat().st_mtime_ns
        plan_of(quick_job, known, output)
        after = {path: path.stat().st_mtime_ns for path in files(tmp_path)}
    assert after == before | {output / ".lock": lock}


def test_a_plan_needs_a_place_for_its_work(quick_job: Job, tmp_path: Path) -> None:
    known = tiny()
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="file: no temporary folder can be made in it: Not a directory"):
        plan_of(quick_job, known, tmp_path / "file/out")


def test_more_candidates_than_allowed_publish_nothing_and_show_the_plan(quick_job: Job, tmp_path: Path) -> None:
    known, output = tiny(), tmp_path / "out"
    first = quick_job(known.posts, known.accounts, output=output, max_reject_fraction=0.1)
    met = first.manifest.counts.candidates
    with pytest.raises(TooManyCandidatesError) as caught:
        quick_job(
            known.posts, known.accounts, output=output, max_reject_fraction=0.1, max_candidates=met - 1, mode="full"
        )
    assert caught.value.exit_code == 5
    told, *table = str(caught.value).splitlines()
    assert told == (
        f"the comparison would meet more candidates than the {met - 1:,} of --max-candidates, by the estimate below. "
        "Nothing was published."
    )
    plan = quick_job.plan(known.posts, known.accounts, output, max_reject_fraction=0.1).splitlines()
    lines = [line for line in plan[2:-3] if line]
    assert [line for line in table if line in lines] == lines
    assert FolderOutput(output).live() == first.manifest.id
    assert [path.name for path in (output / "snapshots").iterdir()] == [first.manifest.id]
    with pytest.raises(TooManyCandidatesError):
        quick_job.plan(known.posts, known.accounts, output, max_reject_fraction=0.1, max_candidates=met - 1)


def test_as_many_candidates_as_allowed_are_compared(quick_job: Job) -> None:
    known = tiny()
    free = quick_job(known.posts, known.accounts, max_reject_fraction=0.1)
    assert "estimate" not in free.manifest.seconds
    allowed = quick_job(
        known.posts, known.accounts, max_reject_fraction=0.1, max_candidates=free.manifest.counts.candidates
    )
    assert allowed.contents() == free.contents()
    assert "estimate" in allowed.manifest.seconds


def test_the_command_plans_with_0_and_refuses_with_5(tmp_path: Path) -> None:
    known, folder = tiny(), tmp_path / "there"
    folder.mkdir()
    arguments: list[str | Path] = ["--posts", known.posts, "--accounts", known.accounts, "--output", folder / "out"]
    arguments += ["--max-reject-fraction", "0.1"]
    done = submit_alone(*arguments, "--plan")
    assert (done.returncode, done.stderr) == (0, "")
    assert numbers(done.stdout)["candidates"] > 0
    assert files(folder) == set()
    done = submit("--master", "local[1]", "--", *arguments, "--max-candidates", "3")
    assert (done.returncode, done.stdout) == (5, "")
    assert done.stderr.startswith("error: the comparison would meet more candidates than the 3 of --max-candidates")
    assert "Hashtags with most candidates, estimated" in done.stderr
    assert sorted(path.name for path in files(folder / "out")) == [".lock", "runs.jsonl", "snapshots"]
