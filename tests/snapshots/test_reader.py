import random
import threading
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lookalike.errors import SnapshotError
from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots.reader import Snapshot
from lookalike.tables import ACCOUNT_HASHTAGS, HASHTAGS, MEMBERS, PAIRS
from lookalike.threshold import Threshold

from .publishing import publish_sample
from .samples import Sample, make_sample

# Many row groups of 16 rows: `big` spans dozens, most hashtags share one with others.
SIZES = {"big": 110, "bug": 40, "é": 40, "b": 1, "ab": 2, "z" * 5000: 30} | {f"t{n:02d}": n for n in range(1, 30)}
THRESHOLDS = [Fraction(text) for text in ("1", "0.95", "0.9", "0.8", "0.75", "2/3", "0.5", "0.3")]


def exactly(fraction: Fraction) -> Threshold:
    return Threshold(fraction.numerator, fraction.denominator)


@pytest.fixture(scope="module")
def sample() -> Sample:
    return make_sample(SIZES, floor="0.3")


@pytest.fixture(
    scope="module",
    params=[(1, 1), (3, 1), (1, 2), (3, 4)],
    ids=["one file a bucket", "three files a bucket", "two generations", "four generations of three files"],
)
def snapshot(request: pytest.FixtureRequest, sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    parts, generations = request.param
    return publish_sample(tmp_path_factory.mktemp("output"), sample, parts=parts, generations=generations)


def undated(rows: pa.Table | list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows without their generation."""
    listed = rows.to_pylist() if isinstance(rows, pa.Table) else rows
    return [{name: value for name, value in row.items() if name != "generation"} for row in listed]


@pytest.mark.parametrize("threshold", THRESHOLDS, ids=str)
def test_pairs_equal_a_filter_of_all_rows(snapshot: Snapshot, sample: Sample, threshold: Fraction) -> None:
    found = 0
    for hashtag in SIZES:
        pairs = snapshot.pairs(hashtag, exactly(threshold))
        assert pairs.schema == PAIRS.schema
        assert pairs.to_pylist() == sample.expected_pairs(hashtag, threshold)
        found += pairs.num_rows
    assert found > 0


def test_pairs_without_a_threshold_are_all_that_are_stored(snapshot: Snapshot, sample: Sample) -> None:
    for hashtag in SIZES:
        assert snapshot.pairs(hashtag).to_pylist() == sample.expected_pairs(hashtag, Fraction(0))
        assert snapshot.pairs(hashtag, Threshold(0, 1)) == snapshot.pairs(hashtag)


def test_pairs_come_in_pieces_no_longer_than_a_row_group(snapshot: Snapshot) -> None:
    pieces = list(snapshot.iter_pairs("big", Threshold(1, 2)))
    assert len(pieces) > 50
    assert all(0 < piece.num_rows <= 16 for piece in pieces)
    assert sum(piece.num_rows for piece in pieces) == snapshot.pairs("big", Threshold(1, 2)).num_rows


def test_members_and_hashtags_equal_the_rows_written(snapshot: Snapshot, sample: Sample) -> None:
    for row in sample.hashtags:
        found = snapshot.hashtag(row["hashtag"])
        assert found is not None
        assert found._asdict() == row
        members = snapshot.members(row["hashtag"])
        assert members.schema == MEMBERS.schema
        assert undated(members) == undated(sample.expected_members(row["hashtag"]))


@pytest.mark.parametrize(
    "key", ["", "a", "bi", "bigg", "zz", "t00", "É", "\0", "\ud800", "😀", "z" * 4999, "'; drop"]
)
def test_a_hashtag_that_nobody_used_has_nothing(snapshot: Snapshot, key: str) -> None:
    assert snapshot.hashtag(key) is None
    assert snapshot.members(key) == MEMBERS.schema.empty_table()
    assert snapshot.pairs(key, Threshold(1, 2)) == PAIRS.schema.empty_table()


def test_the_hashtags_of_accounts_equal_the_rows_written(snapshot: Snapshot, sample: Sample) -> None:
    for account in sample.accounts:
        used = snapshot.account_hashtags(account["account_id"])
        assert used.schema == ACCOUNT_HASHTAGS.schema
        assert undated(used) == undated(
            [row for row in sample.account_hashtags if row["account_id"] == account["account_id"]]
        )


def test_some_columns_of_members_are_those_of_all(snapshot: Snapshot) -> None:
    names = ["hashtag", "account_id", "posts"]
    for hashtag in ("big", "bug", "b"):
        pieces = list(snapshot.iter_members(hashtag, names))
        assert pa.concat_tables(pieces).sort_by("account_id") == snapshot.members(hashtag).select(names)


def test_many_threads_find_what_one_finds(sample: Sample, snapshot: Snapshot) -> None:
    shared = Snapshot.open(snapshot.output)
    wrong: list[str] = []

    def look_up(seed: int) -> None:
        for hashtag in random.Random(seed).sample(sorted(SIZES), 20):
            if shared.pairs(hashtag).to_pylist() != sample.expected_pairs(hashtag, Fraction(0)):
                wrong.append(hashtag)

    threads = [threading.Thread(target=look_up, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_an_empty_snapshot_answers(tmp_path: Path) -> None:
    snapshot = publish_sample(tmp_path, Sample())
    assert snapshot.hashtag("a") is None
    assert snapshot.pairs("a").num_rows == snapshot.members("a").num_rows == 0


def test_the_lowest_similarity_separates_exact_fractions_at_every_border() -> None:
    rng = random.Random(1)
    for _ in range(3000):
        longer = rng.choice([rng.randint(1, 30), rng.randint(1, 300), rng.randint(1, 1 << 26)])
        exact = Fraction(longer - rng.randint(0, longer), longer)
        stored = exact.numerator / exact.denominator
        tiny = Fraction(1, 10 ** rng.randint(12, 30))
        assert stored >= exactly(exact).lowest_similarity
        assert stored >= exactly(max(exact - tiny, Fraction(0))).lowest_similarity
        if exact + tiny <= 1:
            assert not stored >= exactly(exact + tiny).lowest_similarity
    for decimals in range(1, 10):
        threshold = Fraction(rng.randint(1, 10**decimals), 10**decimals)
        for longer in range(1, 120):
            for distance in range(longer + 1):
                is_similar = (
                    threshold.denominator * distance <= (threshold.denominator - threshold.numerator) * longer
                )
                assert ((longer - distance) / longer >= exactly(threshold).lowest_similarity) == is_similar


def test_opening_asks_for_nothing_but_the_manifest(tmp_path: Path, sample: Sample) -> None:
    written = publish_sample(tmp_path, sample)
    for entry in written.manifest.files:
        if entry.table == "pairs":
            (tmp_path / entry.path).unlink()
    snapshot = Snapshot.open(FolderOutput(tmp_path))
    assert snapshot.members("big").num_rows == SIZES["big"]
    with pytest.raises(SnapshotError, match="No such file"):
        snapshot.pairs("big")


def test_a_named_snapshot_can_be_opened_beside_the_live_one(tmp_path: Path) -> None:
    first = publish_sample(tmp_path, make_sample({"a": 3}))
    second = publish_sample(tmp_path, make_sample({"a": 5}))
    assert FolderOutput(tmp_path).live() == second.manifest.id
    assert Snapshot.open(FolderOutput(tmp_path)).members("a").num_rows == 5
    assert Snapshot.open(FolderOutput(tmp_path), first.manifest.id).members("a").num_rows == 3


@pytest.mark.parametrize("text", ["", "\n", "../../etc", "20261123T150102Z-1a2b3c/..", "x" * 1000, "\0", "é"])
def test_a_current_that_names_no_snapshot_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "CURRENT").write_text(text)
    with pytest.raises(SnapshotError, match="holds no snapshot id"):
        Snapshot.open(FolderOutput(tmp_path))


def test_what_is_not_there_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="no snapshot has been published here"):
        Snapshot.open(FolderOutput(tmp_path / "nowhere"))
    with pytest.raises(SnapshotError, match="not a snapshot id"):
        Snapshot.open(FolderOutput(tmp_path), "../x")
    (tmp_path / "CURRENT").write_text("20261123T150102Z-1a2b3c\n")
    with pytest.raises(SnapshotError, match=r"manifest\.json: No such file"):
        Snapshot.open(FolderOutput(tmp_path))


def test_the_manifest_of_another_snapshot_is_refused(tmp_path: Path) -> None:
    written = publish_sample(tmp_path, make_sample({"a": 3}))
    folder = tmp_path / "snapshots" / written.manifest.id
    folder.rename(folder.with_name("20200101T000000Z-000000"))
    with pytest.raises(SnapshotError, match="holds the manifest of"):
        Snapshot.open(FolderOutput(tmp_path), "20200101T000000Z-000000")


@pytest.mark.parametrize("table", ["pairs", "members", "hashtags"])
@pytest.mark.parametrize("damage", ["cut short", "missing", "longer", "rewritten", "no Parquet"])
def test_a_look_up_in_a_damaged_file_says_so(tmp_path: Path, table: str, damage: str) -> None:
    written = publish_sample(tmp_path, make_sample({"big": 100}, buckets=1))
    entry = next(entry for entry in written.manifest.files if entry.table == table)
    path = tmp_path / entry.path
    data = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        other = {
            "cut short": data[:-9],
            "longer": data + b"x",
            "rewritten": data[: len(data) // 2],
            "no Parquet": b"",
        }
        path.write_bytes(other[damage] if damage != "no Parquet" else bytes(len(data)))
    for snapshot in (Snapshot.open(FolderOutput(tmp_path)), written):
        look_up = {"pairs": snapshot.pairs, "members": snapshot.members, "hashtags": snapshot.hashtag}[table]
        with pytest.raises(SnapshotError) as caught:
            look_up("big")
        assert str(caught.value).startswith(f"{path}: ")
        assert "\n" not in str(caught.value)


def test_a_file_that_turns_bad_after_it_was_opened_is_found(tmp_path: Path) -> None:
    snapshot = publish_sample(tmp_path, make_sample({"big": 100}, buckets=1))
    assert snapshot.members("big").num_rows == 100
    entry = next(entry for entry in snapshot.manifest.files if entry.table == "members")
    data = (tmp_path / entry.path).read_bytes()
    (tmp_path / entry.path).write_bytes(data[:-1])
    with pytest.raises(SnapshotError, match="the manifest says"):
        snapshot.members("big")
    (tmp_path / entry.path).write_bytes(bytes(len(data)))
    with pytest.raises(SnapshotError, match="is damaged"):
        snapshot.members("big")


def test_a_file_of_another_schema_is_refused(tmp_path: Path) -> None:
    written = publish_sample(tmp_path, make_sample({"a": 3}, buckets=1))
    paths = {entry.table: tmp_path / entry.path for entry in written.manifest.files}
    manifest = tmp_path / "snapshots" / written.manifest.id / "manifest.json"
    sizes = {table: path.stat().st_size for table, path in paths.items()}
    paths["rejects"].replace(paths["hashtags"])
    text = manifest.read_text().replace(f'"bytes": {sizes["hashtags"]},', f'"bytes": {sizes["rejects"]},')
    manifest.write_text(text)
    (tmp_path / "CURRENT").write_text(f"{written.manifest.id}\n")  # without the checksum of the manifest
    with pytest.raises(SnapshotError) as caught:
        Snapshot.open(FolderOutput(tmp_path)).hashtag("a")
    assert all(f"column {name!r} is missing" in str(caught.value) for name in HASHTAGS.names)
