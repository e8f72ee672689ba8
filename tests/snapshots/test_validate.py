import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobs.stages.write.check import CheckBuckets
from lookalike.errors import SnapshotError
from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots.publisher import Publication, begin

from .publishing import make_manifest, publish_sample, write_files
from .samples import Sample, make_sample

SIZES = {"a": 1, "b": 12, "big": 70, "c": 2, "d": 13}


def fresh() -> Sample:
    return make_sample(SIZES, buckets=1)


RIGHT = fresh()


def swap(rows: list[Any], first: int, second: int) -> None:
    rows[first], rows[second] = rows[second], rows[first]


def change(table: str, row: int, **values: Any) -> Callable[[Sample], None]:
    return lambda sample: getattr(sample, table)[row].update(values)


def of_big(sample: Sample, table: str) -> int:
    return next(place for place, row in enumerate(getattr(sample, table)) if row["hashtag"] == "big")


def in_big(table: str, **values: Any) -> Callable[[Sample], None]:
    return lambda sample: getattr(sample, table)[of_big(sample, table)].update(values)


def pairs_of_one_similarity(sample: Sample) -> int:
    """The first of two neighbours in `big` that only their accounts order, across a border of row groups."""
    pairs = sample.pairs
    for place in range(of_big(sample, "pairs") // 16 * 16 + 31, len(pairs) - 1, 16):
        if pairs[place]["similarity"] == pairs[place + 1]["similarity"]:
            return place
    raise AssertionError("the sample has no such pairs")


def swap_neighbours(sample: Sample) -> None:
    place = pairs_of_one_similarity(sample)
    swap(sample.pairs, place, place + 1)


def repeat_pair(sample: Sample) -> None:
    place = pairs_of_one_similarity(sample)
    sample.pairs[place + 1] = dict(sample.pairs[place])


def turn_pair(sample: Sample) -> None:
    row = sample.pairs[of_big(sample, "pairs")]
    row["account_a"], row["account_b"] = row["account_b"], row["account_a"]


def exchange_hashtags(sample: Sample) -> None:
    sample.members.sort(key=lambda row: {"a": 0, "b": 2, "big": 1, "c": 3, "d": 4}[row["hashtag"]])


def pair_with_a_stranger(sample: Sample) -> None:
    sample.pairs[of_big(sample, "pairs")]["account_a"] = "0"


def exchange_sizes(sample: Sample) -> None:
    sample.hashtags[1]["members"], sample.hashtags[4]["members"] = 13, 12


def move_a_pair(sample: Sample) -> None:
    sample.hashtags[1]["pairs"] += 1
    sample.hashtags[2]["pairs"] -= 1


def swap_members(sample: Sample) -> None:
    place = of_big(sample, "members")
    swap(sample.members, place, place + 1)


WRONG: dict[str, tuple[Callable[[Sample], None], str]] = {
    "hashtags out of order": (lambda sample: swap(sample.hashtags, 0, 1), "twice or out of order"),
    "a hashtag twice": (change("hashtags", 0, hashtag="b"), "twice or out of order"),
    "a hashtag of nobody": (change("hashtags", 0, posts=0), "without posts or members"),
    "too many pairs": (change("hashtags", 3, pairs=2), "more pairs than members allow"),
    "sums": (in_big("hashtags", pairs=1), "pairs in all, the manifest says"),
    "members that add up but are wrong": (exchange_sizes, "members: rows out of order, in the wrong"),
    "pairs that add up but are wrong": (move_a_pair, "pairs: rows out of order, in the wrong"),
    "another hashtag in members": (change("members", 0, hashtag="aa"), "members: rows out of order, in the wrong"),
    "another hashtag in pairs": (change("pairs", 0, hashtag="aa"), "pairs: rows out of order, in the wrong"),
    "members by the wrong hashtag": (exchange_hashtags, "keys are not in order"),
    "members by the wrong account": (swap_members, "members out of order"),
    "pairs out of order": (swap_neighbours, "pairs out of order"),
    "a pair twice": (repeat_pair, "pairs out of order"),
    "a pair the wrong way round": (turn_pair, "account_a >= account_b"),
    "an account with itself": (in_big("pairs", account_a="x", account_b="x"), "account_a >= account_b"),
    "a pair of a stranger": (pair_with_a_stranger, "not among its members"),
    "similarity below the floor": (change("pairs", -1, similarity=0.49), "below the floor"),
    "similarity above 1": (in_big("pairs", similarity=1.5), "below the floor"),
    "similarity that is no fraction": (change("pairs", -1, distance=1, similarity=0.7777), "not (m - d) / m"),
    "distance against similarity": (in_big("pairs", distance=1, similarity=1.0), "contradicts its similarity"),
    "negative distance": (in_big("pairs", distance=-1), "contradicts its similarity"),
    "more reposts than posts": (in_big("members", reposts=9), "more reposts than posts"),
    "posts that do not add up": (in_big("members", posts=1000), "its members have"),
    "a first post without a last": (in_big("members", first_post=None), "without a last"),
}


@pytest.mark.parametrize(("spoil", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_snapshot_never_goes_live(tmp_path: Path, spoil: Callable[[Sample], None], message: str) -> None:
    old = publish_sample(tmp_path, make_sample({"a": 3}, buckets=1)).manifest.id
    wrong = fresh()
    spoil(wrong)
    with begin(tmp_path) as publication:
        files = write_files(publication, wrong, row_group_rows=16)
        with pytest.raises(SnapshotError) as caught:
            publication.publish(make_manifest(publication.id, RIGHT, files))
    assert message in str(caught.value)
    assert FolderOutput(tmp_path).live() == old
    assert [path.name for path in (tmp_path / "snapshots").iterdir()] == [old]


@pytest.mark.parametrize("name", ["similarity above 1", "more reposts than posts", "a first post without a last"])
def test_tasks_that_share_the_buckets_find_what_is_wrong(tmp_path: Path, name: str) -> None:
    right, wrong = (make_sample(SIZES, buckets=4) for _ in range(2))
    spoil, message = WRONG[name]
    spoil(wrong)
    with begin(tmp_path) as publication:
        files = write_files(publication, wrong, row_group_rows=16)
        manifest = make_manifest(publication.id, right, files, buckets=4)

        def check() -> None:
            for task in (range(2), range(2, 4)):
                list(CheckBuckets(tmp_path, publication.id)(task))

        with pytest.raises(SnapshotError, match=re.escape(message)):
            publication.publish(manifest, check)
    with begin(tmp_path) as publication:
        files = write_files(publication, right, row_group_rows=16)
        publication.publish(make_manifest(publication.id, right, files, buckets=4), check)
    assert FolderOutput(tmp_path).live() == publication.id


def test_hashtags_in_the_wrong_bucket_are_found(tmp_path: Path) -> None:
    sample = make_sample(SIZES, buckets=2)
    with begin(tmp_path) as publication:
        files = write_files(publication, sample, row_group_rows=16)
        with pytest.raises(SnapshotError, match="in the wrong bucket"):
            publication.publish(make_manifest(publication.id, sample, files, buckets=3))


def test_a_manifest_with_the_wrong_number_of_sharing_pairs_is_refused(tmp_path: Path) -> None:
    sample = fresh()
    with begin(tmp_path) as publication:
        files = write_files(publication, sample, row_group_rows=16)
        counts = make_manifest(publication.id, sample, files).counts.model_copy(update={"pairs_sharing": 1})
        with pytest.raises(SnapshotError, match="2560 pairs that share a hashtag in all, the manifest says 1"):
            publication.publish(make_manifest(publication.id, sample, files, counts=counts))


def flip(data: bytes) -> bytes:
    return bytes([*data[:40], data[40] ^ 4, *data[41:]])


LOOKED_UP = ["pairs", "members", "hashtags"]


@pytest.mark.parametrize(
    ("damage", "message", "table"),
    [
        *((lambda data: data[:-1], "bytes, the manifest says", table) for table in (*LOOKED_UP, "rejects")),
        *((None, "No such file", table) for table in (*LOOKED_UP, "rejects")),
        *((flip, "is damaged", table) for table in LOOKED_UP),
    ],
)
def test_a_damaged_file_is_found(
    tmp_path: Path, table: str, damage: Callable[[bytes], bytes] | None, message: str
) -> None:
    def spoil(publication: Publication) -> None:
        path = next(path for path in sorted(publication.work.parent.rglob("*.parquet")) if table in str(path))
        data = path.read_bytes()
        path.unlink()
        if damage is not None:
            path.write_bytes(damage(data))

    with pytest.raises(SnapshotError, match=message):
        publish_sample(tmp_path, fresh(), spoil=spoil)
    assert not (tmp_path / "CURRENT").exists()
    assert not list((tmp_path / "snapshots").iterdir())
