"""--max-pairs and the free disk: what would find too many pairs is refused, and leaves nothing behind."""

import re
import shutil
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jobs.exchange.workfolder import WorkFolder
from jobs.pipeline import make
from jobs.planning.pairs import PairsEstimate
from jobs.stages.compare.tally import PairTally
from lookalike.errors import TooManyPairsError
from lookalike.outputs.folder import FolderOutput

from .command import submit, submit_alone
from .running import Job
from .story import Story, mode_of

IDENTICAL = ["maga_eagle"] * 60
NEARLY = [f"maga_eagle_{number:03}" for number in range(60)]
IDENTICAL_PAIRS = 60 * 59 // 2
IDS = [f"u{number}" for number in range(60)]
PAIR_BYTES = 68 + 4 * sum(map(len, IDS)) / 60 + 2 * len("maga_eagle")
NEAR_PAIRS = sum(sum(map(str.__ne__, one, other)) <= 2 for one, other in combinations(NEARLY, 2))

Write = Callable[..., tuple[Path, Path]]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes posts that all have one hashtag, each by an account of these names, and the accounts."""

    def written(latest: list[str], earlier: list[str] | None = None) -> tuple[Path, Path]:
        posts, accounts = tmp_path / "posts.tsv", tmp_path / "accounts.tsv"
        lines = [f"p{i}\t2023-01-01\tu{i}\tfalse\thi\tmaga" for i in range(len(latest))]
        posts.write_text("\n".join(["id\tcreated_at\tauthor_id\tis_repost\ttext\thashtags", *lines, ""]))
        rows = [f"u{i}\t2020-01-01\t{name}" for names in (earlier or [], latest) for i, name in enumerate(names)]
        accounts.write_text("\n".join(["id\tcreated_at\tscreen_name", *rows, ""]))
        return posts, accounts

    return written


def left(output: Path) -> Iterator[str]:
    """What an output holds, but for what runs leave on purpose."""
    return (str(path.relative_to(output)) for path in output.rglob("*") if path.name not in (".lock", "runs.jsonl"))


@pytest.mark.parametrize(
    ("names", "allowed", "found"),
    [
        (IDENTICAL, IDENTICAL_PAIRS - 1, f"at least {IDENTICAL_PAIRS:,}"),
        (NEARLY, NEAR_PAIRS // 2, "at least about 1,"),
    ],
)
@pytest.mark.parametrize("options", [{}, {"blocking": "prefix"}, {"plan": True}])
def test_too_many_pairs_publish_nothing_and_show_the_plan(
    quick_job: Job, tmp_path: Path, write: Write, names: list[str], allowed: int, found: str, options: dict[str, Any]
) -> None:
    output = tmp_path / "out"
    first = quick_job(*write(names[:2]), output=output).manifest.id
    before = set(left(output))
    posts, accounts = write(names)
    with pytest.raises(TooManyPairsError) as caught:
        quick_job(posts, accounts, output=output, max_pairs=allowed, mode="full", **options)
    assert caught.value.exit_code == 5
    told, *table = str(caught.value).splitlines()
    assert told.startswith(f"the comparison would find {found}")
    assert told.endswith(f" similar pairs, more than the {allowed:,} of --max-pairs. Nothing was published.")
    options = {key: value for key, value in options.items() if key != "plan"}
    plan = quick_job.plan(posts, accounts, output, **options).splitlines()
    lines = [line for line in plan[2:-3] if line]
    assert [line for line in table if line in lines] == lines
    assert FolderOutput(output).live() == first
    assert set(left(output)) == before


@pytest.mark.parametrize(("names", "allowed"), [(IDENTICAL, IDENTICAL_PAIRS), (NEARLY, NEAR_PAIRS)])
def test_as_many_pairs_as_allowed_are_found(quick_job: Job, write: Write, names: list[str], allowed: int) -> None:
    posts, accounts = write(names)
    free = quick_job(posts, accounts)
    assert "estimate" not in free.manifest.seconds  # there are no more members than may all be pairs
    assert free.manifest.counts.similar_pairs == allowed
    limited = quick_job(posts, accounts, max_pairs=allowed)
    assert limited.contents() == free.contents()
    assert quick_job(posts, accounts, max_pairs=0).contents() == free.contents()


def with_free_disk(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=size))


def test_pairs_that_the_disk_has_no_room_for_are_refused(
    quick_job: Job, tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts, accounts = write(IDENTICAL)
    output = tmp_path / "out"
    with_free_disk(monkeypatch, int(PAIR_BYTES * 1000 / 0.7) + 1)
    for allowed in (0, 10_000):
        with pytest.raises(
            TooManyPairsError, match=r"more than the 1,000 that 70% of the free disk has room for, 0\.0 GB in "
        ):
            quick_job(posts, accounts, output=output, max_pairs=allowed)
        assert set(left(output)) == {"snapshots"}
    with pytest.raises(TooManyPairsError, match="more than the 500 of --max-pairs"):
        quick_job(posts, accounts, output=output, max_pairs=500)
    with_free_disk(monkeypatch, int(PAIR_BYTES * (IDENTICAL_PAIRS + 1) / 0.7))
    assert quick_job(posts, accounts, output=output).manifest.counts.similar_pairs == IDENTICAL_PAIRS


@pytest.mark.parametrize("names_once", [False, True])
def test_tables_that_the_disk_has_no_room_for_are_not_begun(
    quick_job: Job, tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch, names_once: bool
) -> None:
    """The accounts that are similar have longer ids than most, which no estimate from averages can know."""
    posts, accounts = write(IDENTICAL)
    for table in (posts, accounts):
        table.write_text(re.sub(r"\bu(\d+)\b", lambda one: "u" * 500 + one[1], table.read_text()))
    with accounts.open("a") as rows:
        rows.writelines(f"v{number}\t2020-01-01\tx\n" for number in range(5000))
    quick_job.compare(names_once=names_once)
    texts = sum(len(one) + len(other) + 998 for one, other in combinations(IDS, 2))
    needed = 2 * texts + 2 * 10 * IDENTICAL_PAIRS + 3 * 8 * IDENTICAL_PAIRS
    with_free_disk(monkeypatch, needed - 1)
    with pytest.raises(
        TooManyPairsError, match=r"^the 1,770 similar pairs would take 0\.0 GB, more than the 0\.0 GB"
    ):
        quick_job(posts, accounts, output=tmp_path / "out")
    assert set(left(tmp_path / "out")) == {"snapshots"}
    with_free_disk(monkeypatch, needed)
    assert quick_job(posts, accounts, output=tmp_path / "out").manifest.counts.similar_pairs == IDENTICAL_PAIRS


@pytest.mark.parametrize("names_once", [False, True])
@pytest.mark.parametrize("block_size", [7, 100_000])
def test_a_comparison_that_finds_twice_as_many_stops(
    quick_job: Job,
    tmp_path: Path,
    write: Write,
    monkeypatch: pytest.MonkeyPatch,
    names_once: bool,
    block_size: int,
) -> None:
    monkeypatch.setattr(make, "forecast_pairs", lambda *_, **__: PairsEstimate(0))
    quick_job.compare(names_once=names_once)
    posts, accounts = write(IDENTICAL)
    options: dict[str, Any] = {"output": tmp_path / "out", "block_size": block_size}
    with pytest.raises(TooManyPairsError) as caught:
        quick_job(posts, accounts, max_pairs=IDENTICAL_PAIRS // 2 - 1, **options)
    assert str(caught.value) == (
        f"the comparison has found more than 2 times as many similar pairs as the {IDENTICAL_PAIRS // 2 - 1:,} of "
        "--max-pairs. Nothing was published."
    )
    assert set(left(tmp_path / "out")) == {"snapshots"}
    found = quick_job(posts, accounts, max_pairs=IDENTICAL_PAIRS // 2, **options)  # the estimate let it begin
    assert found.manifest.counts.similar_pairs == IDENTICAL_PAIRS


def test_tasks_count_together_and_large_numbers_in_steps(tmp_path: Path) -> None:
    tally = PairTally.start(WorkFolder(tmp_path), 10**9, "the 1,000,000,000 of --max-pairs")
    for _ in range(2):  # a count begins anew
        tally = PairTally.start(WorkFolder(tmp_path), 10**9, tally.meaning)
        with tally.task() as one, tally.task() as other:
            for _ in range(999):
                one.add(10**6)
                other.add(10**6)
            assert tally.file.local().stat().st_size < 20_000
            with pytest.raises(TooManyPairsError):
                other.add(3 * 10**6)


def test_the_command_refuses_with_5_before_and_while_it_compares(tmp_path: Path, write: Write) -> None:
    posts, accounts = write(IDENTICAL)
    arguments: list[str | Path] = ["--posts", posts, "--accounts", accounts, "--output", tmp_path / "out"]
    done = submit_alone(*arguments, "--max-pairs", "1000")
    assert (done.returncode, done.stdout) == (5, "")
    assert "error: the comparison would find at least 1,770 similar pairs" in done.stderr
    assert "Hashtags with most candidates, estimated" in done.stderr
    # The estimate knows the latest names alone, of which none are similar.
    write([chr(ord("a") + number) * 12 for number in range(20)], [f"maga_eagle_{number}" for number in range(20)])
    done = submit("--master", "local[1]", "--", *arguments, "--all-names", "--max-pairs", "90")
    assert (done.returncode, done.stdout) == (5, "")
    assert done.stderr.splitlines()[-1] == (
        "error: the comparison has found more than 2 times as many similar pairs as the 90 of --max-pairs. "
        "Nothing was published."
    )
    assert set(left(tmp_path / "out")) == {"snapshots"}


def test_an_incremental_run_counts_the_pairs_that_it_adds(story: Story) -> None:
    assert story.run().manifest.counts.similar_pairs == 7
    story.post("two.tsv", "7 u6 #maga")
    assert mode_of(story.run(max_pairs=4))[0] == "incremental"
    story.post("three.tsv", "8 u7 #maga")
    with pytest.raises(TooManyPairsError, match="find at least about 16 similar pairs, more than the 3 "):  # of all
        story.run(max_pairs=3)
    result = story.run(max_pairs=4)  # 5 are not clearly more
    assert mode_of(result)[0] == "incremental"
    assert result.manifest.counts.similar_pairs == 16


def test_an_incremental_run_counts_new_pairs_of_identical_names(story: Story) -> None:
    story.accounts = {account: (day, "maga_eagle") for account, (day, _) in story.accounts.items()}
    story.run()
    story.post("two.tsv", "7 u6 #maga", "8 u7 #maga")
    with pytest.raises(TooManyPairsError, match="find at least 16 similar pairs, more than the 8 "):
        story.run(max_pairs=8)
    assert mode_of(story.run(max_pairs=9))[0] == "incremental"
