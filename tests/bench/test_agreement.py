"""Whether two results are the same: what differs is counted and shown, in either direction."""

import json
from fractions import Fraction
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.agreement import differences, wrong_pairs

Rows = list[tuple[str, str, str, int]]
ROWS: Rows = [("vote", "a", "b", 1), ("vote", "a", "c", 2), ("news", "b", "c", 0)]
SNAPSHOT = "20260102T030405Z-abcdef"


def write(path: Path, rows: Rows) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    hashtag, a, b, distance = zip(*rows, strict=True) if rows else ((), (), (), ())
    text = pa.string()
    columns = {"hashtag": pa.array(hashtag, text), "account_a": pa.array(a, text), "account_b": pa.array(b, text)}
    pq.write_table(pa.table(columns | {"distance": pa.array(distance, pa.int32())}), path)
    return path


def publish(output: Path, *files: Rows) -> Path:
    """A snapshot with these files of pairs, and one that its manifest does not list."""
    folder = output / "snapshots" / SNAPSHOT
    paths = [f"snapshots/{SNAPSHOT}/pairs/bucket={number:03d}/part-00000.parquet" for number, _ in enumerate(files)]
    for path, rows in zip(paths, files, strict=True):
        write(output / path, rows)
    write(folder / "pairs" / "bucket=000" / "part-00009.parquet", [("stray", "x", "y", 1)])
    entries = [{"table": "pairs", "path": path} for path in paths] + [{"table": "members", "path": "m.parquet"}]
    (folder / "manifest.json").write_text(json.dumps({"files": entries}))
    (output / "CURRENT").write_text(f"{SNAPSHOT}\n")
    return output


def test_the_same_pairs_in_any_order_and_any_files_agree(tmp_path: Path) -> None:
    found = write(tmp_path / "found.parquet", ROWS)
    assert differences(found, publish(tmp_path / "out", ROWS[2:], ROWS[1::-1])) == []


@pytest.mark.parametrize(
    ("job", "lines"),
    [
        (ROWS[:2], ["1 pairs in handmade only", "  handmade: ('news', 'b', 'c', 0)"]),
        ([*ROWS, ROWS[0]], ["1 pairs in job only", "  job: ('vote', 'a', 'b', 1)"]),
        (
            [*ROWS[1:], ("vote", "a", "b", 2)],
            [
                "1 pairs in handmade only",
                "  handmade: ('vote', 'a', 'b', 1)",
                "1 pairs in job only",
                "  job: ('vote', 'a', 'b', 2)",
            ],
        ),
    ],
    ids=["lost", "twice", "wrong distance"],
)
def test_a_difference_is_shown(tmp_path: Path, job: Rows, lines: list[str]) -> None:
    assert differences(write(tmp_path / "found.parquet", ROWS), publish(tmp_path / "out", job)) == lines


def test_a_snapshot_without_pairs_differs_from_one_with(tmp_path: Path) -> None:
    output = publish(tmp_path / "out")
    assert differences(write(tmp_path / "none.parquet", []), output) == []
    shown = differences(write(tmp_path / "found.parquet", ROWS), output, limit=1)
    assert shown == ["3 pairs in handmade only", "  handmade: ('news', 'b', 'c', 0)"]


def test_a_sample_is_looked_over_for_distance_threshold_and_order(tmp_path: Path) -> None:
    accounts = tmp_path / "accounts.tsv"
    accounts.write_text('id\tcreated_at\tscreen_name\na\t\tabcde\nb\t\tabcdf\nc\t\t"bcde\n')
    good: Rows = [("vote", "a", "b", 1), ("vote", "a", "c", 1)]
    bad: Rows = [("vote", "b", "a", 1), ("vote", "a", "c", 2), ("vote", "b", "c", 2)]
    threshold = Fraction("0.8")
    assert wrong_pairs(write(tmp_path / "good.parquet", good), accounts, threshold, 10) == []
    lines = wrong_pairs(write(tmp_path / "bad.parquet", bad), accounts, threshold, 10)
    assert sorted(lines) == [
        "#vote: a 'abcde' and c '\"bcde' at 2, by rapidfuzz 1",
        "#vote: b 'abcdf' and a 'abcde' at 1, by rapidfuzz 1",
        "#vote: b 'abcdf' and c '\"bcde' at 2, by rapidfuzz 2",
    ]
