import contextlib
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from jobs.inputs import rejects as rejects_module
from jobs.inputs.rejects import Reason, RejectLog
from lookalike.tables import REJECTS

PATH = "snapshots/20260102T030405Z-0a1b2c/rejects/part-00000.parquet"


@pytest.mark.parametrize(("batch_rows", "batch_bytes"), [(1, 1 << 20), (3, 1 << 20), (1000, 20), (1000, 1 << 20)])
def test_rejects_are_written_in_batches_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch_rows: int, batch_bytes: int
) -> None:
    monkeypatch.setattr(rejects_module, "_BATCH_ROWS", batch_rows)
    monkeypatch.setattr(rejects_module, "_BATCH_BYTES", batch_bytes)
    with RejectLog(tmp_path, PATH) as log:
        for i in range(10):
            log.add("posts", "p.tsv", Reason.FIELDS, b"row %d" % i)
        log.add("accounts", "a.tsv", Reason.NO_ID, b"\xff\ttab\nline")
        entry = log.close()
    assert entry is not None
    assert (entry.path, entry.table, entry.rows) == (PATH, "rejects", 11)
    table = pq.read_table(tmp_path / PATH)
    assert table.schema.equals(REJECTS.schema)
    assert [tuple(row.values()) for row in table.to_pylist()] == [
        *(("posts", "p.tsv", "wrong number of fields", f"row {i}") for i in range(10)),
        ("accounts", "a.tsv", "empty id", "\\xff\ttab\nline"),
    ]
    assert log.counts == {Reason.FIELDS: 10, Reason.NO_ID: 1}
    assert log.examples == {Reason.FIELDS: ["row 0", "row 1", "row 2"], Reason.NO_ID: ["\\xff\ttab\nline"]}


def test_nothing_rejected_writes_nothing(tmp_path: Path) -> None:
    with RejectLog(tmp_path, PATH) as log:
        assert log.close() is None
    assert list(tmp_path.rglob("*")) == []


def test_an_error_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rejects_module, "_BATCH_ROWS", 1)
    log = RejectLog(tmp_path, PATH)
    with contextlib.suppress(RuntimeError), log:
        log.add("posts", "p.tsv", Reason.FIELDS, b"row")
        raise RuntimeError("stop")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
