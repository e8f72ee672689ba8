"""Where rows laid over a table stand, against lists that rows are put into one by one."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lookalike.snapshots.overlay import Overlay
from lookalike.snapshots.run import Run
from lookalike.tables.schemas import MEMBERS_OVERLAY, OVERLAYS, SCHEMAS
from pydantic import ValidationError

from lookalike.errors import SnapshotError
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.layout import data_path
from lookalike.snapshots.datafiles import write_table
from lookalike.snapshots.publisher import begin
from tests.examples import examples

from .samples import make_manifest, make_sample, publish_sample, write_files

Change = list[tuple[int, bool, str]]  # before which row of the whole, whether instead of it, and what comes


@st.composite
def days(draw: st.DrawFn) -> tuple[list[str], list[Change]]:
    """A table, and what changes of it day by day."""
    files = [f"row {number}" for number in range(draw(st.integers(0, 12)))]
    changes: list[Change] = []
    rows = len(files)
    for day in range(draw(st.integers(1, 5))):
        places = sorted(draw(st.lists(st.integers(0, rows), max_size=8)))
        change = []
        for number, place in enumerate(places):
            is_last = number + 1 == len(places) or places[number + 1] > place
            instead = is_last and place < rows and draw(st.booleans())
            change.append((place, instead, f"day {day}, {number}"))
        rows += sum(not instead for _, instead, _ in change)
        changes.append(change)
    return files, changes


def changed(rows: list[str], change: Change) -> list[str]:
    rows = list(rows)
    for place, instead, text in reversed(change):
        rows[place : place + instead] = [text]
    return rows


@examples(300)
@given(days())
def test_day_after_day_the_rows_of_files_and_overlay_are_the_table(story: tuple[list[str], list[Change]]) -> None:
    files, changes = story
    overlay, texts, whole = Overlay.none(len(files)), list[str](), files
    for change in changes:
        before = np.array([place for place, _, _ in change], np.int64)
        removed = np.array([place for place, instead, _ in change if instead], np.int64)
        overlay, gone, at = overlay.patched(removed, before)
        coming = [text for _, _, text in change]
        texts = [
            text
            for number, old in enumerate([*texts, None])
            for text in [*itertools.compress(coming, at == number), old]
            if text is not None and (text != old or number not in gone)
        ]
        whole = changed(whole, change)
        assert len(overlay) == len(texts)
        assert [[*files, *texts][number] for number in overlay.order(0, len(files))] == whole
        is_laid, number = overlay.locate(np.arange(len(whole)))
        assert [(texts if laid else files)[n] for laid, n in zip(is_laid, number, strict=True)] == whole
        assert [whole[place] for place in overlay.places] == texts
        assert overlay.locate(np.array([len(whole)]))[1].tolist() == [len(files)]


@examples(300)
@given(days(), st.data())
def test_parts_of_the_files_with_their_rows_of_the_overlay_follow_each_other(
    story: tuple[list[str], list[Change]], data: st.DataObject
) -> None:
    files, changes = story
    change = changes[0]
    overlay, _, _ = Overlay.none(len(files)).patched(
        np.array([place for place, instead, _ in change if instead], np.int64),
        np.array([place for place, _, _ in change], np.int64),
    )
    texts = [text for _, _, text in change]
    edges = sorted({0, len(files), *data.draw(st.lists(st.integers(0, len(files)), max_size=3), "edges")})
    found: list[str] = []
    for start, end in itertools.pairwise(edges):
        first, last = overlay.between(start, end)
        here = [*files[start:end], *texts[first:last]]
        found += [here[number] for number in overlay.order(start, end)]
    assert found == (changed(files, change) if files else [])


def test_a_row_that_goes_needs_one_that_comes_instead() -> None:
    with pytest.raises(ValueError, match="a row goes, and none comes instead"):
        Overlay.none(3).patched(np.array([1]), np.array([0, 2]))


@pytest.mark.parametrize(
    ("before", "instead"),
    [
        ([2, 1], [False, False]),
        ([-1], [False]),
        ([4], [False]),
        ([3], [True]),
        ([1, 1], [True, False]),
        ([1, 1], [True, True]),
    ],
    ids=["descends", "before the first", "behind the end", "instead of none", "instead, then before", "twice"],
)
def test_rows_that_cannot_stand_where_they_say_are_refused(before: list[int], instead: list[bool]) -> None:
    with pytest.raises(ValueError, match="do not stand in its order"):
        Overlay(np.array(before, np.int64), np.array(instead), 3)


# The largest hashtag is looked up whole by the check, so that it sees each of its members.
SIZES = {"a": 1, "b": 12, "big": 120, "c": 2, "d": 13}
Rows = list[dict[str, Any]]


def move(rows: Rows, *, to: int) -> None:
    """Let the first new row of the large hashtag but for some come before another row of the files."""
    row = next(row for row in rows if not row["instead"] and row["hashtag"] == "big" and row["before"] > 30)
    row["before"] = to
    rows.sort(key=lambda row: row["before"])


def coming(rows: Rows, hashtag: str) -> dict[str, Any]:
    return next(row for row in rows if not row["instead"] and row["hashtag"] == hashtag)


def not_instead(rows: Rows) -> None:
    next(row for row in rows if row["instead"])["instead"] = False


def of_another_hashtag(rows: Rows) -> None:
    next(row for row in rows if row["instead"] and row["hashtag"] == "big")["hashtag"] = "bigger"


def in_another_order(rows: Rows) -> None:
    coming(rows, "big")["hashtag"] = "c"


def turned_round(rows: Rows) -> None:
    for row, before in zip(rows, [row["before"] for row in reversed(rows)], strict=True):
        row["before"] = before


def of_another_account(rows: Rows) -> None:
    next(row for row in rows if row["instead"] and row["hashtag"] == "big")["account_id"] = "zzz"


WRONG: dict[str, tuple[Callable[[Rows], None], str]] = {
    "descending": (turned_round, "rows laid over a table do not stand in its order"),
    "beyond the table": (lambda rows: rows[-1].update(before=1000), "do not stand in its order"),
    "replaces fewer than the manifest says": (not_instead, "rows, the manifest says"),
    "instead of another hashtag": (of_another_hashtag, "its keys are not in order"),
    "keys out of order": (in_another_order, "its keys are not in order"),
    "at another place": (lambda rows: move(rows, to=60), "members out of order"),
    "instead of another account": (of_another_account, "members out of order"),
    "one too few": (lambda rows: rows.remove(coming(rows, "big")), "do not reconcile"),
}


@pytest.mark.parametrize(("spoil", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_overlay_never_goes_live(tmp_path: Path, spoil: Callable[[Rows], None], message: str) -> None:
    sample = make_sample(SIZES, buckets=1)
    with begin(tmp_path) as publication:
        files = write_files(publication, sample, row_group_rows=16, overlaid=40)
        (right,) = (entry for entry in files if entry.table == "members_overlay")
        rows = pq.read_table(tmp_path / right.path).to_pylist()
        spoil(rows)
        table = pa.Table.from_pylist(rows, MEMBERS_OVERLAY)
        wrong = replace(write_table(tmp_path, right.path, table.schema, [table], 3), replaces=right.replaces)
        files = [wrong if entry == right else entry for entry in files]
        with pytest.raises((SnapshotError, ValidationError), match=message):
            publication.publish(make_manifest(publication.id, sample, files))
    assert not (tmp_path / "CURRENT").exists()


@pytest.mark.parametrize(
    ("place", "message"),
    [(2, "a row stands among those of another key"), (12, "members: rows out of order")],
    ids=["within", "behind"],
)
def test_a_row_laid_among_those_of_another_key_never_goes_live(tmp_path: Path, place: int, message: str) -> None:
    sample = make_sample(SIZES, buckets=1)
    first, *others = sample.members  # the only one of `a`, now among those of `b`
    with begin(tmp_path) as publication:
        files = [file for file in write_files(publication, sample, row_group_rows=16) if file.table != "members"]
        laid = first | {"before": place, "instead": False}
        for table, rows in (("members", others), ("members_overlay", [laid])):
            written = pa.Table.from_pylist(rows, SCHEMAS[table])
            path = publication.data_path(table, bucket=0, part=1)
            files.append(write_table(tmp_path, path, written.schema, [written], 16))
        with pytest.raises(SnapshotError, match=message):
            publication.publish(make_manifest(publication.id, sample, files))


def test_an_overlay_lies_over_files_and_alone(tmp_path: Path) -> None:
    snapshot = publish_sample(tmp_path, make_sample(SIZES, buckets=1), overlaid=40)
    files = [entry for entry in snapshot.manifest.files if entry.table == "members"]
    overlay = [entry for entry in snapshot.manifest.files if entry.table == "members_overlay"]
    with pytest.raises(SnapshotError, match="lies over nothing"):
        Run(tmp_path, "members", [], overlay)
    with pytest.raises(SnapshotError, match="is a second overlay"):
        Run(tmp_path, "members", files, overlay * 2)


@pytest.mark.parametrize(("replaces", "table"), [(1, "members"), (-1, "members_overlay"), (4, "members_overlay")])
def test_no_more_rows_are_replaced_than_an_overlay_has(replaces: int, table: str) -> None:
    path = data_path("20261123T150102Z-1a2b3c", table, bucket=0)
    with pytest.raises(SnapshotError, match=f"{replaces} of its rows cannot stand instead of others"):
        FileEntry(path, table, 0, 3, 10, f"blake3:{0:064x}", replaces)


def test_runs_of_keys_are_those_of_the_rows(tmp_path: Path) -> None:
    sample = make_sample(SIZES | {f"t{number}": 3 for number in range(20)}, buckets=2)
    snapshot = publish_sample(tmp_path, sample, row_group_rows=7, parts=3, overlaid=30)
    for table in OVERLAYS:
        for bucket in range(2):
            table_run = snapshot.run(table, bucket)
            assert table_run.overlay is not None
            for checked in (False, True):
                runs = [run for file in table_run.files for run in file.key_runs(checked=checked)]
                keys = [key for found, rows in runs for key in np.repeat(found.to_pylist(), rows).tolist()]
                assert keys == [row[SCHEMAS[table].names[0]] for row in sample.rows(table, bucket)]
            assert [sum(file.group_rows()) for file in table_run.files] == [
                len(file.read_all([SCHEMAS[table].names[0]])) for file in table_run.files
            ]
