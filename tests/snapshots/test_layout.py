from datetime import UTC, datetime
from pathlib import Path

import pytest

from lookalike.errors import SnapshotError
from lookalike.outputs.buckets import bucket_of
from lookalike.outputs.layout import data_path, is_snapshot_id, join_path, new_snapshot_id, parse_data_path

ID = "20261123T150102Z-1a2b3c"


def test_the_bucket_of_a_hashtag_is_the_crc32_of_its_utf8() -> None:
    assert bucket_of("123456789", 4096) == 0xCBF43926 % 4096  # the check value that CRC catalogues list
    assert bucket_of("été", 7) == bucket_of("été".encode(), 7)
    assert {bucket_of(f"tag{number}", 4) for number in range(100)} == {0, 1, 2, 3}


def test_ids_sort_by_time_and_differ_within_a_second() -> None:
    early = [new_snapshot_id(datetime(2026, 9, 30, 23, 59, 59, tzinfo=UTC)) for _ in range(50)]
    late = new_snapshot_id(datetime(2026, 10, 1, tzinfo=UTC))
    assert len(set(early)) > 40
    assert max(early) < late
    assert early[0].startswith("20260930T235959Z-")
    assert all(is_snapshot_id(text) for text in [*early, late])


@pytest.mark.parametrize(
    "text",
    ["", "..", ID[:-1], ID + "\n", ID + "/", ID.upper(), "20261123T150102Z-1a2b3g", "\u0662" + ID[1:], "\0" + ID[1:]],
)
def test_nothing_else_is_an_id(text: str) -> None:
    assert not is_snapshot_id(text)


def test_a_data_path_can_be_taken_apart_again() -> None:
    path = data_path(ID, "pairs", bucket=7)
    assert path == f"snapshots/{ID}/pairs/bucket=007/part-00000.parquet"
    assert parse_data_path(path) == (ID, "pairs", 7)
    assert parse_data_path(data_path(ID, "members", bucket=1234, part=3)) == (ID, "members", 1234)
    assert parse_data_path(data_path(ID, "hashtags", part=12)) == (ID, "hashtags", None)
    assert join_path(Path("/out"), path) == Path("/out") / path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        f"/snapshots/{ID}/hashtags/part-00000.parquet",
        f"snapshots/{ID}/../{ID}/hashtags/part-00000.parquet",
        "snapshots/../hashtags/part-00000.parquet",
        f"../snapshots/{ID}/hashtags/part-00000.parquet",
        f"snapshots\\{ID}\\hashtags\\part-00000.parquet",
        f"snapshots/{ID}/hashtags/part-00000.parquet\n",
        f"snapshots/{ID}/hashtags/part-00000.parquet\0",
        f"snapshots/{ID}//hashtags/part-00000.parquet",
        f"snapshots/{ID}/hashtags/part-\u0660\u0660\u0660\u0660\u0660.parquet",
        f"snapshots/{ID}/hashtags/bucket=000/part-00000.parquet",
        f"snapshots/{ID}/pairs/part-00000.parquet",
        f"snapshots/{ID}/pairs/bucket=7/part-00000.parquet",
        f"snapshots/{ID}/pairs/bucket=0007/part-00000.parquet",
        f"snapshots/{ID}/pairs/bucket=9999/part-00000.parquet",
        f"snapshots/{ID}/secrets/part-00000.parquet",
        f"snapshots/{ID}/manifest.json",
    ],
)
def test_any_other_path_is_refused(path: str) -> None:
    with pytest.raises(SnapshotError, match="not the path of a data file"):
        join_path(Path("/out"), path)


def test_a_path_is_not_made_from_what_is_no_id_or_table() -> None:
    with pytest.raises(SnapshotError, match="not a snapshot id"):
        data_path("../../etc", "hashtags")
    with pytest.raises(SnapshotError, match="not the path"):
        data_path(ID, "hashtags", bucket=1)
    with pytest.raises(SnapshotError, match="not the path"):
        data_path(ID, "pairs")
