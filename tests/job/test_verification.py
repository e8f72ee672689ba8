"""The independent check before publishing: it passes what is right, and stops what is not."""

import dataclasses
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.pipeline import run, verification
from lookalike.errors import VerificationError
from lookalike.kernel import PairBatch, similar_pairs_of_groups
from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots.counts import Verification
from lookalike.snapshots.reader import Snapshot
from lookalike.tables import PAIRS
from tests.examples import seeds

from .cases import made_inputs
from .known import tiny
from .running import Job

ALL = 1_000_000  # hashtags: more than there are
Rows = list[dict[str, Any]]


def write_inputs(folder: Path, names: list[str], hashtag: str = "tag") -> tuple[Path, Path]:
    """Accounts of these names, each with one post of the hashtag."""
    folder.mkdir(exist_ok=True)
    accounts, posts = folder / "accounts.tsv", folder / "posts.tsv"
    rows = [f"a{i:05}\t2023-01-01\t{name}\n" for i, name in enumerate(names)]
    accounts.write_text("id\tcreated_at\tscreen_name\n" + "".join(rows), encoding="utf-8")
    used = [f"p{i}\t2023-01-01\ta{i:05}\tFalse\ttext\t{hashtag}\n" for i in range(len(names))]
    posts.write_text("id\tcreated_at\tauthor_id\tis_repost\ttext\thashtags\n" + "".join(used))
    return posts, accounts


def made_names(count: int, seed: int = 0) -> list[str]:
    """Half of them in families of alike names."""
    rng = random.Random(seed)
    names = ["".join(rng.choices("abcdefghij", k=rng.randint(6, 15))) for _ in range(count // 2)]
    while len(names) < count:
        name = list(rng.choice(names[: count // 10]))
        name[rng.randrange(len(name))] = rng.choice("xyz")
        names.append("".join(name))
    return names


def damaged(snapshot: Snapshot, damage: Callable[[Rows], None]) -> Snapshot:
    """The snapshot with other rows in the file of its first pairs, and a manifest that says so."""
    entry = next(entry for entry in snapshot.manifest.files if entry.table == "pairs")
    assert isinstance(snapshot.output, FolderOutput)
    path = snapshot.output.folder / entry.path
    rows = pq.read_table(path).to_pylist()
    before = [dict(row) for row in rows]
    damage(rows)
    assert rows != before
    pq.write_table(pa.Table.from_pylist(rows, schema=PAIRS.schema), path, compression="none", store_schema=False)
    changed = dataclasses.replace(entry, rows=len(rows), bytes=path.stat().st_size)
    files = tuple(changed if file == entry else file for file in snapshot.manifest.files)
    return Snapshot(snapshot.output, snapshot.manifest.model_copy(update={"files": files}))


def drop(rows: Rows) -> None:
    del rows[len(rows) // 2]


def change_distance(rows: Rows) -> None:
    rows[-1]["distance"] += 1


def change_similarity(rows: Rows) -> None:
    rows[-1]["similarity"] = np.nextafter(rows[-1]["similarity"], 0)


def add_unlike(rows: Rows) -> None:
    # a00000 is similar to a00001 alone.
    rows.append({"hashtag": "tag", "account_a": "a00000", "account_b": "a00002", "distance": 1, "similarity": 0.9})


def add_stranger(rows: Rows) -> None:
    rows.append(rows[-1] | {"account_b": "b99999"})


def double(rows: Rows) -> None:
    rows.append(dict(rows[-1]))


DAMAGES: dict[Callable[[Rows], None], str] = {
    drop: "has distance 1 and is not stored",
    change_distance: "is stored with distance 2, but its distance is 1",
    change_similarity: "is stored with a wrong similarity at distance 1",
    add_unlike: "is stored but not similar: its distance is 10",
    add_stranger: "#tag: a pair with the account b99999, which never used it",
    double: "is stored twice",
}
NAMES = ["abcdefghij", "abcdefghix", "qrstuvwxyz", "qrstuvwxya", "qrstuvwxyb"]


def damage_before_check(monkeypatch: pytest.MonkeyPatch, change: Callable[[Rows], None]) -> None:
    """Let what is verified be a damaged copy of what was written."""
    real = verification.verify
    monkeypatch.setattr(run, "verify", lambda snapshot, count: real(damaged(snapshot, change), count))


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_result_is_told_and_not_published(
    quick_job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: Callable[[Rows], None]
) -> None:
    posts, accounts = write_inputs(tmp_path, NAMES)
    old = quick_job(posts, accounts, output=tmp_path / "out", verify=1)
    assert len(old.pairs) == 4
    damage_before_check(monkeypatch, damage)
    with pytest.raises(VerificationError) as caught:
        quick_job(posts, accounts, output=tmp_path / "out", verify=1)
    assert caught.value.exit_code == 6
    assert DAMAGES[damage] in str(caught.value)
    assert "\n" not in str(caught.value)
    assert FolderOutput(tmp_path / "out").live() == old.manifest.id
    assert [path.name for path in (tmp_path / "out/snapshots").iterdir()] == [old.manifest.id]


def test_a_lost_pair_is_told_with_its_hashtag_names_and_accounts(
    quick_job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts, accounts = write_inputs(tmp_path, NAMES[:4], "Tag")
    damage_before_check(monkeypatch, drop)
    with pytest.raises(VerificationError) as caught:
        quick_job(posts, accounts, verify=1)
    pair = "#tag: the pair qrstuvwxyz (a00002) and qrstuvwxya (a00003) has distance 1 and is not stored"
    assert pair in str(caught.value)


def test_a_comparison_that_loses_pairs_passes_the_other_checks_but_not_this_one(
    quick_job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def losing(*arguments: Any, **options: Any) -> Any:
        for pairs in similar_pairs_of_groups(*arguments, **options):
            yield PairBatch(*(getattr(pairs, field.name)[1:] for field in dataclasses.fields(pairs)))

    monkeypatch.setattr("jobs.stages.compare.compare.similar_pairs_of_groups", losing)
    posts, accounts = write_inputs(tmp_path, NAMES)
    assert len(quick_job(posts, accounts).pairs) == 3
    with pytest.raises(VerificationError):
        quick_job(posts, accounts, verify=1)


def test_all_hashtags_compared_are_all_pairs_compared_and_found(quick_job: Job) -> None:
    known = tiny()
    asked: list[dict[str, Any]] = [{}, {"min_similarity": "0.5"}, {"fold": "case"}]
    for options in asked:
        result = quick_job(known.posts, known.accounts, max_reject_fraction=0.1, verify=ALL, **options)
        checked, counts = result.manifest.verification, result.manifest.counts
        assert checked is not None
        sizes = [row["members"] for row in result.rows("hashtags") if row["members"] > 1]
        assert (checked.hashtags, checked.members) == (len(sizes), sum(sizes))
        assert (checked.compared, checked.found, checked.lost) == (counts.pairs_sharing, counts.similar_pairs, 0)
        assert "verify" in result.manifest.seconds
        (line,) = [line for line in result.printed.splitlines() if line.startswith("compared by brute force")]
        assert line.split()[4:] == [
            *(f"{checked.compared:,}", "pairs", "in", f"{len(sizes)}", "hashtags:"),
            *(f"{checked.found:,}", "similar,", "none", "lost", "or", "wrong"),
        ]


def test_a_run_that_is_not_asked_to_verifies_nothing(quick_job: Job) -> None:
    known = tiny()
    result = quick_job(known.posts, known.accounts, max_reject_fraction=0.1)
    assert result.manifest.verification is None
    assert "brute force" not in result.printed


@seeds(4)
def test_right_results_pass_whatever_the_input(quick_job: Job, tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    inputs = made_inputs(rng, tmp_path / "in", accounts=30, posts=80)
    options: dict[str, Any] = {
        "min_similarity": rng.choice(["0.5", "0.75", "0.8", "1"]),
        "fold": rng.choice(["none", "case"]),
    }
    result = quick_job(*inputs, quoting="none", max_reject_fraction=1.0, buckets=3, verify=ALL, **options)
    checked = result.manifest.verification
    assert checked is not None
    assert (checked.compared, checked.found) == (
        result.manifest.counts.pairs_sharing,
        result.manifest.counts.similar_pairs,
    )


class TestLarge:
    """A hashtag of which only some members are compared."""

    @pytest.fixture(autouse=True)
    def _few(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(verification, "_MEMBERS", 200)

    @seeds(2)
    def test_a_sample_of_a_right_result_passes_and_has_pairs_in_it(
        self, quick_job: Job, tmp_path: Path, seed: int
    ) -> None:
        posts, accounts = write_inputs(tmp_path, made_names(2000, seed))
        checked = quick_job(posts, accounts, verify=1).manifest.verification
        assert checked is not None
        assert 150 < checked.members <= 200
        assert checked.compared == checked.members * (checked.members - 1) // 2
        assert checked.found > 5
        assert checked.lost == 0

    def test_a_wrong_distance_is_found_among_all_stored_pairs(
        self, quick_job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        posts, accounts = write_inputs(tmp_path, made_names(2000))
        damage_before_check(monkeypatch, change_distance)
        with pytest.raises(VerificationError, match="is stored with distance"):
            quick_job(posts, accounts, verify=1)

    def test_many_lost_pairs_are_found_in_the_sample(
        self, quick_job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def drop_half(rows: Rows) -> None:
            del rows[::2]

        posts, accounts = write_inputs(tmp_path, made_names(2000))
        damage_before_check(monkeypatch, drop_half)
        with pytest.raises(VerificationError, match="is not stored"):
            quick_job(posts, accounts, verify=1)


def test_pairs_that_prefix_blocking_loses_are_counted_but_wrong_ones_stop_it(
    quick_job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts, accounts = write_inputs(tmp_path, [*NAMES, "xbcdefghij"])
    result = quick_job(posts, accounts, blocking="prefix", verify=1)
    checked = result.manifest.verification
    assert checked is not None
    assert (checked.found, checked.lost) == (4, 2)
    assert "4 similar, 2 lost, none wrong" in result.printed
    damage_before_check(monkeypatch, change_distance)
    with pytest.raises(VerificationError, match="is stored with distance"):
        quick_job(posts, accounts, blocking="prefix", verify=1)


def test_the_largest_hashtag_is_always_compared_and_the_draw_is_the_snapshots(quick_job: Job) -> None:
    known = tiny()
    result = quick_job(known.posts, known.accounts, max_reject_fraction=0.1)
    largest = max(row["members"] for row in result.rows("hashtags"))
    snapshot = Snapshot.open(FolderOutput(result.output))

    def draw(identity: str, count: int) -> Verification:
        manifest = result.manifest.model_copy(update={"id": identity})
        return verification.verify(Snapshot(snapshot.output, manifest), count).model_copy(update={"seconds": 0.0})

    ids = [f"20260101T000000Z-{number:06x}" for number in range(20)]
    assert {draw(one, 1).members for one in ids} == {largest}
    assert [draw(one, 4) for one in ids] == [draw(one, 4) for one in ids]
    assert len({draw(one, 4).members for one in ids}) > 1
