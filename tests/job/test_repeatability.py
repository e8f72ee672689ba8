"""However a run is cut up, and however often its tasks run, it publishes the same bytes."""

import gzip
import random
from pathlib import Path
from typing import Any

import pytest

from lookalike.tables import TABLES
from tests.examples import seeds

from . import localspark
from .cases import made_inputs
from .known import medium
from .reference import expected_result
from .running import Job, Result

OPTIONS: dict[str, Any] = {"min_similarity": "0.7", "buckets": 7}
RARE = ("names", "identical")  # tables that these inputs and options leave empty


@pytest.fixture(scope="module")
def posts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The posts of medium, unpacked so that they can be split."""
    path = tmp_path_factory.mktemp("medium") / "posts.tsv"
    path.write_bytes(gzip.decompress(medium().posts.read_bytes()))
    return path


@pytest.fixture
def whole(quick_job: Job, posts: Path) -> dict[str, bytes]:
    """What a run of one task a stage publishes."""
    contents = quick_job(posts, medium().accounts, cores=1, **OPTIONS).contents()
    in_buckets = [name for name, table in TABLES.items() if table.bucket is not None and name not in RARE]
    assert len(contents) == len(in_buckets) * OPTIONS["buckets"] + 1  # and the table of hashtags
    return contents


@pytest.mark.parametrize("cores", [1, 2, 5])
@pytest.mark.parametrize("block_size", [100_000, 20])
def test_any_number_of_tasks_publishes_the_same_bytes(
    quick_job: Job, posts: Path, whole: dict[str, bytes], cores: int, block_size: int
) -> None:
    quick_job.cut_finely(300_000)
    result = quick_job(posts, medium().accounts, cores=cores, block_size=block_size, **OPTIONS)
    assert result.contents() == whole


def test_on_spark_one_core_and_several_publish_the_same_bytes(job: Job, posts: Path, whole: dict[str, bytes]) -> None:
    for split_bytes in (1 << 26, 600_000):
        job.cut_finely(split_bytes)
        assert job(posts, medium().accounts, **OPTIONS).contents() == whole


@pytest.mark.parametrize(
    "rows", [pytest.param(1, marks=pytest.mark.thorough), pytest.param(7, marks=pytest.mark.thorough), 100]
)
def test_tasks_that_sort_in_parts_publish_the_same_bytes(
    quick_job: Job, posts: Path, whole: dict[str, bytes], rows: int
) -> None:
    quick_job.cut_finely(1_000_000)
    quick_job.sort_at_once(rows)
    assert quick_job(posts, medium().accounts, cores=2, **OPTIONS).contents() == whole


def test_rows_in_another_order_and_other_files_publish_the_same_bytes(
    quick_job: Job, tmp_path: Path, posts: Path, whole: dict[str, bytes]
) -> None:
    header, *rows = posts.read_text(encoding="utf-8").splitlines(keepends=True)
    random.Random(1).shuffle(rows)
    for number in range(3):
        (tmp_path / f"{number}.tsv").write_text("".join([header, *rows[number::3]]), encoding="utf-8")
    paths = [tmp_path / f"{number}.tsv" for number in range(3)]
    assert quick_job(paths, medium().accounts, **OPTIONS).contents() == whole


def test_tasks_that_run_again_publish_nothing_twice(
    quick_job: Job, posts: Path, whole: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(localspark.Numbers, "attempts", 2)
    quick_job.cut_finely(1_000_000)
    result = quick_job(posts, medium().accounts, cores=2, **OPTIONS)
    assert result.contents() == whole
    assert unlisted(result) == set()


def unlisted(result: Result) -> set[Path]:
    """Files of the snapshot that the manifest does not list."""
    folder = result.output / "snapshots" / result.manifest.id
    files = {path for path in folder.rglob("*") if path.is_file()}
    return files - {result.output / entry.path for entry in result.manifest.files} - {folder / "manifest.json"}


@seeds(3)
def test_rows_that_travel_one_by_one_give_what_the_definitions_say(
    quick_job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    for place in ("scan.scan._ROWS_AT_ONCE", "compare.compare._ROWS_AT_ONCE", "compare.compare.SMALL_GROUP"):
        monkeypatch.setattr(f"jobs.stages.{place}", 1)
    monkeypatch.setattr("jobs.stages.scan.scan._CHUNK_BYTES", 64)
    monkeypatch.setattr("lookalike.snapshots.datafiles.ROW_GROUP_ROWS", 2)
    monkeypatch.setattr(
        "jobs.strategy.shared.TASK_COST", 1e-9
    )  # a run of hashtags of its own for nearly every hashtag
    rng = random.Random(1000 + seed)
    inputs = made_inputs(rng, tmp_path / "in", accounts=20, posts=60)
    options: dict[str, Any] = {"min_similarity": rng.choice(["0.5", "0.8"]), "fold": rng.choice(["none", "case"])}
    if seed % 3 == 0:
        options["prefix_length"] = 2
    expected = expected_result(*inputs, **options)
    if seed % 3 == 0:
        options["blocking"] = "prefix"
    settings: dict[str, Any] = {"quoting": "none", "encoding": "utf-8", "hashtag_separator": "bar"}
    settings |= {"max_reject_fraction": 1.0, "buckets": 2, "block_size": 8}
    quick_job(inputs.posts, inputs.accounts, cores=3, **settings, **options).check(expected)
