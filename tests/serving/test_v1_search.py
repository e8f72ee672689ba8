import random
from collections.abc import Callable
from typing import Any, cast

import pytest

from lookalike.snapshots.reader import Snapshot
from serving.api import search
from serving.api.steps import Steps
from tests.snapshots.publishing import publish_sample
from tests.snapshots.samples import Sample, make_sample

ALPHABET = "abé𝄞"


@pytest.fixture(scope="module")
def sample() -> Sample:
    """Some 300 hashtags, many of which begin alike and have as many members or pairs."""
    rng = random.Random(5)
    keys = {"".join(rng.choices(ALPHABET, k=rng.randint(1, 6))) for _ in range(400)}
    return make_sample({key: rng.randint(1, 6) for key in keys}, accounts=40)


@pytest.fixture(scope="module")
def snapshot(sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return publish_sample(tmp_path_factory.mktemp("search"), sample, row_group_rows=16, parts=3)


def expected(sample: Sample, prefix: str, order: str) -> list[dict[str, Any]]:
    rows = [row for row in sample.hashtags if row["hashtag"].startswith(prefix)]
    return rows if order == "name" else sorted(rows, key=lambda row: -row[order])  # stable: equals by key


def done(steps: Steps[Any]) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


def all_pages(page: Callable[[search.Mark | None], search.Found], limit: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = None
    while True:
        hashtags, after = page(after)
        assert len(hashtags) <= limit
        found += [row._asdict() for row in hashtags]
        if after is None:
            return found
        assert len(hashtags) == limit
        assert search.Mark.unpacked(*after.packed()) == after


@pytest.mark.parametrize("limit", [1, 7, 16, 17, 1000])
@pytest.mark.parametrize("prefix", ["", "a", "é", "𝄞a", "abé", "zzz", "\ud800"])
def test_pages_by_name_are_the_range_of_the_prefix(
    sample: Sample, snapshot: Snapshot, prefix: str, limit: int
) -> None:
    found = all_pages(lambda after: done(search.by_name(snapshot, prefix, limit, after)), limit)
    assert found == expected(sample, prefix, "name")


@pytest.mark.parametrize("order", ["pairs", "members"])
@pytest.mark.parametrize("limit", [3, 16, 1000])
@pytest.mark.parametrize("prefix", ["", "b", "ab", "zzz"])
def test_pages_by_size_have_the_largest_first_and_equals_by_name(
    sample: Sample, snapshot: Snapshot, prefix: str, limit: int, order: str
) -> None:
    kind = cast(Any, order)
    found = all_pages(lambda after: done(search.by_size(snapshot, prefix, kind, limit, after)), limit)
    assert found == expected(sample, prefix, order)


@pytest.mark.parametrize("kept", [10, 50, 1000])
@pytest.mark.parametrize("order", ["pairs", "members"])
def test_the_kept_list_gives_the_pages_that_a_scan_gives(
    sample: Sample, snapshot: Snapshot, order: str, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "KEPT", kept)
    tops: search.Tops = done(search.tops(snapshot))
    assert tops.complete == (kept >= len(sample.hashtags))
    from_list = 0

    def page(after: search.Mark | None) -> search.Found:
        nonlocal from_list
        found = tops.page(order, 7, after)
        from_list += found is not None
        scanned: search.Found = done(search.by_size(snapshot, "", cast(Any, order), 7, after))
        return found or scanned

    assert all_pages(page, 7) == expected(sample, "", order)
    assert from_list == -(-len(sample.hashtags) // 7) if tops.complete else from_list == (kept - 1) // 7


def test_a_search_reads_no_more_than_the_row_groups_of_its_page(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    (file, *_) = snapshot.stored("hashtags", None).files
    reads = []
    read = type(file).read

    def counted(self: Any, group: int, columns: list[str] | None = None) -> Any:
        reads.append((self.entry.path, group))
        return read(self, group, columns)

    monkeypatch.setattr(type(file), "read", counted)
    done(search.by_name(snapshot, "", 5, None))
    assert len(reads) == 1
