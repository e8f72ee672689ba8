"""What only Spark reads, copied to the store of the output where the machines share no folder."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pytest
from pyarrow import orc

from jobs.exchange.workobjects import WorkObjects
from jobs.inputs.copies import Copied, Source
from jobs.inputs.reading import ALL_AUTO
from jobs.inputs.rows import fetch_rows, read_rows
from jobs.inputs.stores.store import FileStatus
from jobs.inputs.tables import ACCOUNTS, Copy, Part
from jobs.spark.copyrows import CopyRows, copied
from lookalike.errors import UsageError
from lookalike.outputs.layout import new_snapshot_id
from lookalike.outputs.urls import StoreUrl
from tests.cluster.running import FILES, Inputs, made_inputs, of_a_submitter, published_alone, run_to_end
from tests.cluster.storing import published_in_store
from tests.job.command import ROOT

from .proxy import Proxy
from .running import Bucket

SNAPSHOT = new_snapshot_id()
ACCOUNT_ROWS = [(f"a{number}", f"name_{number:04d}") for number in range(500)]


class _Row:
    def __init__(self, row: dict[str, Any]) -> None:
        self.__dict__ |= row


def copied_by(work: WorkObjects, batches: list[pa.RecordBatch], task: int) -> list[Copied]:
    rows = [row for batch in CopyRows(work)(iter(batches)) for row in batch.to_pylist()]
    return [copied(_Row(row | {"task": task})) for row in rows]


def batch(rows: list[tuple[str, str]], value: str) -> pa.RecordBatch:
    ids, names = (pa.array(column) for column in zip(*rows, strict=True))
    number = len(rows)
    return pa.record_batch({"0": ids, "1": names, "hash": range(number), "value": [value] * number})


def test_copies_in_the_store_are_read_in_parts_by_machines_that_see_no_folder(url: StoreUrl, tmp_path: Path) -> None:
    work = WorkObjects(url, SNAPSHOT, tmp_path)
    one, two = ACCOUNT_ROWS[:300], ACCOUNT_ROWS[300:]
    parts = copied_by(work, [batch(one[:100], "x"), batch(one[100:], "x"), batch([("b", "other")], "y")], 1)
    parts += copied_by(work, [batch(two, "x")], 0)
    assert list(tmp_path.iterdir()) == []
    source = Source.of("table:names", ACCOUNTS, ["id", "screen_name"], ALL_AUTO, "kind")
    file = source.file(pa.schema({"id": pa.string(), "screen_name": pa.string()}))
    x, y = source.files(file, parts, {})
    assert [found.path for found in (x, y)] == ["table:names/kind=x", "table:names/kind=y"]
    assert x.groups is not None
    assert (len(x.copies), len(x.groups)) == (2, 2)
    expected = [*two, *one]  # in the order of Spark's tasks
    read = [
        row
        for number in range(2)
        for rows in read_rows(x, ACCOUNTS, Part(number, number + 1))
        for row in zip(rows.place.tolist(), rows["id"].texts(), rows["screen_name"].texts(), strict=True)
    ]
    assert read == [(place, *row) for place, row in enumerate(expected)]
    places = pa.array([3, 199, 200, 499]).to_numpy()
    assert [row.values[0].decode() for row in fetch_rows(x, places, ACCOUNTS)] == ["a303", "a499", "a0", "a299"]
    assert [rows["id"].texts() for rows in read_rows(y, ACCOUNTS)] == [["b"]]
    assert x.version == f"500-{sum([*range(100), *range(200), *range(200)]):016x}"
    assert len(Bucket(url).listing()) == 3
    work.remove()
    assert Bucket(url).listing() == set()


def test_a_copy_that_was_replaced_is_not_read(url: StoreUrl, tmp_path: Path) -> None:
    work = WorkObjects(url, SNAPSHOT, tmp_path)
    ((value, task, copy, identity),) = copied_by(work, [batch(ACCOUNT_ROWS, "x")], 0)
    changed = Copy(copy.path, FileStatus(*copy.status[:2], '"another"'), copy.rows, copy.groups)
    source = Source.of("table:names", ACCOUNTS, ["id", "screen_name"], ALL_AUTO, "kind")
    file = source.file(pa.schema({"id": pa.string(), "screen_name": pa.string()}))
    (found,) = source.files(file, [Copied(value, task, changed, identity)], {})
    with pytest.raises(UsageError, match="was changed while the job was running"):
        list(read_rows(found, ACCOUNTS))


def test_a_copy_whose_task_fails_is_not_there(url: StoreUrl, tmp_path: Path) -> None:
    work = WorkObjects(url, SNAPSHOT, tmp_path)

    def fail() -> None:
        with work.create_input("half.parquet") as file:
            file.write(bytes(20 << 20))
            raise ValueError("halfway")

    with pytest.raises(ValueError, match="halfway"):
        fail()
    assert Bucket(url).listing() == set()
    assert list(tmp_path.iterdir()) == []


def table_of(file: Path) -> pa.Table:
    """A file of tab-separated text, all columns as text."""
    columns = file.read_text().partition("\n")[0].split("\t")
    options = pa.csv.ParseOptions(delimiter="\t", quote_char=False)
    texts = pa.csv.ConvertOptions(column_types=dict.fromkeys(columns, pa.string()))
    return pa.csv.read_csv(file, parse_options=options, convert_options=texts)


def write_partitions(inputs: Inputs, folder: Path, files: int) -> Path:
    """Some files of posts as ORC in a folder each, as Spark partitions a table by the column `part`."""
    for number, file in enumerate(sorted(inputs.posts.iterdir())[:files]):
        part = folder / f"part={number}"
        part.mkdir(parents=True, exist_ok=True)
        orc.write_table(table_of(file), part / "rows.orc")
    return folder


def without_places(found: dict[str, Any]) -> dict[str, Any]:
    """What a run published, but for what names files and places in them."""
    rejects = Counter((row["source"], row["reason"]) for row in found["rejects"])
    left = {name: found[name] for name in found if name not in ("rejects", "post_index", "unknown_posts", "counts")}
    counts = {name: count for name, count in found["counts"].items() if name not in ("candidates", "verified")}
    return left | {"counts": counts, "rejects": rejects}


@pytest.mark.thorough
def test_the_real_command_copies_to_the_store_and_publishes_what_files_give(
    url: StoreUrl, proxy: Proxy, tmp_path: Path
) -> None:
    inputs = made_inputs(tmp_path)

    def run(files: int) -> tuple[list[str], dict[str, Any]]:
        """The keys of the copies, and what was published."""
        proxy.asked.clear()
        posts = write_partitions(inputs, tmp_path / "table", files)
        command: list[str | Path] = [ROOT / "spark-submit.sh", "--master", "local[2]", "--", "--exchange", "shuffle"]
        command += ["--posts", posts, "--posts-format", "orc", "--partition-column", "part"]
        command += ["--accounts", inputs.accounts, "--output", url]
        command += ["--min-similarity", "0.7", "--buckets", "8", "--block-size", "100"]
        log = tmp_path / "log"
        assert run_to_end(command, of_a_submitter(), log) == 0, log.read_text()
        assert not [key for key in Bucket(url).listing() if "/work/" in key]
        keys = [(one.method, one.key) for one in proxy.asked if "/work/" in one.key and one.key.endswith(".parquet")]
        copies = [key for method, key in keys if method == "PUT"]
        assert set(copies) <= {key for method, key in keys if method == "GET"}
        return copies, without_places(published_in_store(url))

    assert len(run(FILES - 1)[0]) == FILES - 1
    copies, found = run(FILES)
    assert len(copies) == 1
    assert found == without_places(published_alone(inputs, tmp_path))
    assert Bucket(url).manifest().mode.name == "incremental"
