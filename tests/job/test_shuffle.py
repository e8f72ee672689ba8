"""Through the shuffle a run publishes the bytes that it publishes through the folder."""

import gzip
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobs.pipeline import run
from jobs.spark.choose import choose_runner
from jobs.spark.engine import ClassicEngine
from jobs.spark.runner import FolderRunner, SparkRunner
from jobs.spark.shufflerunner import ShuffleRunner
from lookalike.errors import UsageError
from tests.examples import seeds

from . import localspark
from .cases import made_inputs
from .failingonce import fail_once
from .known import medium
from .localshuffle import LocalShuffle
from .running import Job, Result, bytes_of

SETTINGS: dict[str, Any] = {
    "encoding": "utf-8",
    "hashtag_separator": "bar",
    "quoting": "none",
    "max_reject_fraction": 1.0,
    "force": True,
}
KINDS: dict[str, dict[str, Any]] = {
    "hashtag by hashtag": {"names_once": False},
    "all names once": {"names_once": True},
    "identical names as groups": {"identical": "group"},
    "all names of an account": {"all_names": True},
    "prefixes": {"blocking": "prefix", "prefix_length": 1},
    "accounts by tasks": {"all_names": True, "by_tasks": True},
}


def same_files(one: Result, other: Result) -> None:
    assert one.manifest.counts == other.manifest.counts
    expected, found = (bytes_of(result.manifest, result.read) for result in (one, other))
    assert expected.keys() == found.keys()
    assert [path for path, content in expected.items() if found[path] != content] == []


@pytest.fixture
def shuffled(monkeypatch: pytest.MonkeyPatch) -> Callable[..., LocalShuffle]:
    """Lets the runs from then on go through a shuffle in this process."""

    def let(*, attempts: int = 1) -> LocalShuffle:
        runner = LocalShuffle(None, random.Random(attempts), attempts)  # type: ignore[arg-type]  # set by choose

        def choose(engine: Any, exchange: str, _: Path) -> LocalShuffle:
            assert exchange == "shuffle"
            object.__setattr__(runner, "engine", engine)
            return runner

        monkeypatch.setattr(run, "choose_runner", choose)
        return runner

    return let


@pytest.mark.parametrize("kind", KINDS)
@seeds(1)
def test_both_exchanges_publish_the_same_bytes(
    quick_job: Job, tmp_path: Path, shuffled: Callable[..., LocalShuffle], kind: str, seed: int
) -> None:
    rng = random.Random(f"{kind} {seed}")
    inputs = made_inputs(rng, tmp_path / "in", accounts=40, posts=300)
    options = SETTINGS | {"min_similarity": "0.5", "buckets": rng.choice([3, 8]), "block_size": rng.choice([5, 100])}
    options |= KINDS[kind]
    quick_job.compare(names_once=options.pop("names_once", False))
    quick_job.read_accounts_by_tasks(by_tasks=options.pop("by_tasks", False))
    quick_job.cut_finely(rng.choice([500, 3_000]))
    quick_job.sort_at_once(rng.choice([10, 1 << 20]))
    cores = rng.choice([2, 5])
    through_folder = quick_job(inputs.posts, inputs.accounts, cores=cores, **options)
    assert through_folder.manifest.counts.similar_pairs > 0
    runner = shuffled(attempts=rng.choice([1, 2]))
    same_files(through_folder, quick_job(inputs.posts, inputs.accounts, cores=cores, exchange="shuffle", **options))
    assert runner.sent == {}


@seeds(2)
def test_both_exchanges_add_what_is_new_in_the_same_bytes(
    quick_job: Job, tmp_path: Path, shuffled: Callable[..., LocalShuffle], seed: int
) -> None:
    rng = random.Random(seed)
    inputs = made_inputs(rng, tmp_path / "in", accounts=40, posts=300)
    rows = [f"new{post}\t2023-01-01\ta{rng.randrange(40)}\tno\tx\tCovid|new{post % 7}" for post in range(60)]
    new = tmp_path / "in" / "posts-9.tsv"
    new.write_text("\n".join(["id\tcreated_at\tauthor_id\tis_repost\ttext\thashtags", *rows]))
    posts = [*inputs.posts, new]
    options = SETTINGS | {"min_similarity": "0.5", "mode": "incremental", "buckets": 4}
    options |= {"max_generations": rng.choice([1, 16])}
    quick_job.cut_finely(500)
    first = quick_job(inputs.posts, inputs.accounts, **options)
    copy = Path(shutil.copytree(first.output, tmp_path / "copy"))
    through_folder = quick_job(posts, inputs.accounts, output=first.output, **options)
    runner = shuffled()
    same_files(through_folder, quick_job(posts, inputs.accounts, output=copy, exchange="shuffle", **options))
    assert {"MergeMembers", "MergeTables"} <= set(runner.stages)


FULL = {"ScanSplits", "DeduplicatePosts", "GroupMembers", "ListHashtags", "ComparePairs", "WriteTables"}
ADDING = {"ScanSplits", "DeduplicatePosts", "MergeMembers", "ComparePairs", "MergeTables"}
REAL: dict[str, Any] = {"min_similarity": "0.7", "buckets": 7, "block_size": 100}


@pytest.fixture(scope="module")
def halves(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The posts of medium in two files."""
    header, *rows = gzip.decompress(medium().posts.read_bytes()).splitlines(keepends=True)
    paths = [tmp_path_factory.mktemp("medium") / f"{number}.tsv" for number in range(2)]
    for number, path in enumerate(paths):
        path.write_bytes(b"".join([header, *rows[number::2]]))
    return paths


@pytest.fixture
def without_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets a run fail if a stage leaves a file of an exchange in the work folder."""
    choose, do = choose_runner, ShuffleRunner.do
    folders: list[Path] = []

    def choose_noting(engine: Any, exchange: Any, work: Path) -> SparkRunner:
        folders.append(work)
        return choose(engine, exchange, work)

    def do_looking(runner: ShuffleRunner, stage: Any, **options: Any) -> Any:
        reports = do(runner, stage, **options)
        assert list(folders[-1].glob("*-*.bin")) == []
        return reports

    monkeypatch.setattr(run, "choose_runner", choose_noting)
    monkeypatch.setattr(ShuffleRunner, "do", do_looking)


@pytest.mark.usefixtures("without_files")
@pytest.mark.parametrize("how", [pytest.param("killed", marks=pytest.mark.thorough), "raising"])
def test_a_task_that_fails_once_in_every_stage_changes_no_byte(
    quick_job: Job,
    trying_job: Job,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    halves: list[Path],
    how: str,
) -> None:
    quick_job.cut_finely(600_000)
    quick_job.compare(names_once=False)
    accounts = medium().accounts
    traces = tmp_path / "traces"
    traces.mkdir()
    with monkeypatch.context() as patched:
        full = quick_job(halves[:1], accounts, **REAL)
        fail_once(patched, how, traces)
        shuffled = trying_job(halves[:1], accounts, output=tmp_path / "shuffled", exchange="shuffle", **REAL)
        same_files(full, shuffled)
        assert {path.name for path in traces.iterdir()} >= FULL
    for path in traces.iterdir():
        path.unlink()
    options = REAL | {"mode": "incremental"}
    copy = Path(shutil.copytree(full.output, tmp_path / "copy"))
    added = quick_job(halves, accounts, output=full.output, **options)
    fail_once(monkeypatch, how, traces)
    same_files(added, trying_job(halves, accounts, output=copy, exchange="shuffle", **options))
    assert {path.name for path in traces.iterdir()} >= ADDING


@pytest.mark.thorough
@pytest.mark.usefixtures("without_files")
def test_all_names_once_through_the_shuffle_publish_the_same_bytes(
    quick_job: Job, job: Job, tmp_path: Path, halves: list[Path]
) -> None:
    quick_job.compare(names_once=True)
    through_folder = quick_job(halves, medium().accounts, **REAL)
    assert through_folder.manifest.counts.names_once
    output = tmp_path / "shuffled"
    same_files(through_folder, job(halves, medium().accounts, output=output, exchange="shuffle", **REAL))


def test_an_error_of_the_jobs_own_comes_out_of_the_shuffle_as_itself(job: Job, tmp_path: Path) -> None:
    digits = random.Random(1)
    rows = "".join(f"p{i}\t\ta1\t\t{digits.getrandbits(300):x}\tcovid\n" for i in range(40_000))
    content = bytearray(gzip.compress(("id\tcreated_at\tauthor_id\tis_repost\ttext\thashtags\n" + rows).encode()))
    content[len(content) // 2] ^= 0xFF
    posts = tmp_path / "posts.tsv.gz"
    posts.write_bytes(content)
    with pytest.raises(UsageError, match=f"^{posts}: cannot be read: "):
        job(posts, medium().accounts, exchange="shuffle")


class Machines(localspark.Context):
    """A cluster, of whose machines not all may see a folder."""

    master = "spark://master:7077"

    def __init__(self, folder: Path, *, shared: bool) -> None:
        super().__init__(cores=2)
        self._folder, self._shared = folder, shared

    def parallelize(self, numbers: range, count: int) -> localspark.Numbers:
        tasks = super().parallelize(numbers, count)
        if self._shared:
            return tasks
        return OnTwoMachines([[number] for number in numbers], self._folder)


class OnTwoMachines(localspark.Numbers):
    """Numbers of which only the first is on the driver's machine."""

    def __init__(self, partitions: list[list[Any]], folder: Path) -> None:
        super().__init__(partitions)
        self._here, self._there, self._folder = partitions[:1], partitions[1:], folder

    def mapPartitions(self, function: localspark.Function) -> localspark.Numbers:  # noqa: N802  # Spark's name
        here = localspark.Numbers(self._here).mapPartitions(function).collect()
        away = self._folder.rename(self._folder.with_name("away"))
        there = localspark.Numbers(self._there).mapPartitions(function).collect()
        away.rename(self._folder)
        return localspark.Numbers([here, there])


@pytest.mark.parametrize(
    ("exchange", "shared", "chosen"),
    [
        ("auto", True, FolderRunner),
        ("auto", False, ShuffleRunner),
        ("folder", False, FolderRunner),
        ("shuffle", True, ShuffleRunner),
    ],
)
def test_rows_go_through_the_shuffle_where_not_all_machines_see_the_folder(
    tmp_path: Path, exchange: Any, shared: bool, chosen: type[SparkRunner]
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    engine = ClassicEngine(Machines(work, shared=shared))  # type: ignore[arg-type]  # as much of Spark as is used
    assert type(choose_runner(engine, exchange, work)) is chosen


def test_on_a_single_machine_rows_go_through_the_folder(tmp_path: Path) -> None:
    assert type(choose_runner(localspark.engine(2), "auto", tmp_path)) is FolderRunner
    assert list(tmp_path.iterdir()) == []
