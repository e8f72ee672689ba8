import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from lookalike.errors import SnapshotError
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.layout import data_path
from lookalike.snapshots.manifest import Manifest, parse

from .publishing import make_manifest
from .samples import Sample

ID = "20261123T150102Z-1a2b3c"


def entry(table: str, rows: int, bucket: int | None = None, snapshot: str = ID) -> FileEntry:
    path = data_path(snapshot, table, bucket=bucket)
    return FileEntry(path=path, table=table, bucket=bucket, rows=rows, bytes=9, checksum="blake3:" + "0" * 64)


@pytest.fixture
def manifest() -> Manifest:
    row = {"hashtag": "a", "members": 2, "pairs": 1, "posts": 2}
    sample = Sample(hashtags=[row], pairs=[{}], rejects=[{}, {}])
    files = [entry("rejects", 2), entry("hashtags", 1), entry("pairs", 1, 3), entry("members", 2, 3)]
    files += [entry("account_hashtags", 2, 3)]
    files += [entry("post_index", 10), entry("unknown_posts", 1)]
    return make_manifest(ID, sample, files)


def test_a_manifest_survives_the_round_trip(manifest: Manifest) -> None:
    assert parse(manifest.dump(), "m") == manifest
    assert parse(manifest.dump(), "m").dump() == manifest.dump()
    tables = [
        "account_hashtags",
        "hashtags",
        "members",
        "pairs",
        "post_index",
        "rejects",
        "unknown_posts",
    ]
    assert [file.table for file in manifest.files] == tables
    assert list(json.loads(manifest.dump())["seconds"]) == ["scan", "compare"]


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_an_older_manifest_is_refused_with_what_to_do(tmp_path: Path, manifest: Manifest, version: int) -> None:
    path = tmp_path / "manifest.json"
    with pytest.raises(SnapshotError) as caught:
        parse(json.dumps(json.loads(manifest.dump()) | {"schema_version": version}).encode(), path)
    assert str(caught.value) == (
        f"{path}: has schema version {version}; this version of lookalike reads 5 and 6: "
        "run the job once in full to replace it"
    )


def test_rows_that_replace_others_count_once(manifest: Manifest) -> None:
    newer = replace(entry("members", 5, 2), generation=1, replaces=5)
    with pytest.raises(ValueError, match="is of generation 1, the snapshot of 0"):
        Manifest.model_validate(manifest.model_dump() | {"files": (*manifest.files, newer)})
    added = manifest.model_dump() | {"files": (*manifest.files, newer), "generation": 1}
    assert newer in Manifest.model_validate(added).files
    two_more = replace(newer, replaces=3)
    with pytest.raises(ValueError, match="rows of members do not reconcile"):
        Manifest.model_validate(added | {"files": (*manifest.files, two_more)})


def test_a_manifest_may_name_files_of_an_earlier_snapshot(manifest: Manifest) -> None:
    files = [file for file in manifest.files if file.table != "members"]
    older = entry("members", 2, 3, snapshot="20250101T000000Z-000000")
    assert older in parse(manifest.model_copy(update={"files": (*files, older)}).dump(), "m").files


@pytest.mark.parametrize("floor", ["0.8", "1", "0.80", ".5", "+0.333333333", "1."])
def test_the_floor_is_an_exact_decimal(manifest: Manifest, floor: str) -> None:
    changed = Manifest.model_validate(manifest.model_dump() | {"floor": floor})
    assert 0 < Fraction(changed.floor) <= 1
    assert changed.floor == floor


def edit(*path: str | int, value: Any) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        for step in path[:-1]:
            document = document[step]
        document[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (edit("secret", value=1), "secret: Extra inputs are not permitted"),
        (edit("counts", "more", value=1), "counts.more: Extra inputs"),
        (edit("files", 0, "more", value=1), "files.0.more: Unexpected keyword argument"),
        (edit("inputs", 0, "more", value=1), "inputs.0.more: Extra inputs"),
        (edit("files", 0, "path", value="../../etc/passwd"), "not the path of a data file: '../../etc/passwd'"),
        (edit("files", 0, "path", value="/etc/passwd"), "not the path of a data file"),
        (edit("files", 0, "path", value=f"snapshots/{ID}/hashtags/part-00000.parquet\0"), "not the path"),
        (edit("files", 0, "checksum", value="x"), "not a checksum"),
        (edit("files", 0, "rows", value="1"), "files.0.rows: Input should be a valid integer"),
        (edit("files", 2, "bucket", value=2), "is not of table 'members', bucket 2"),
        (edit("files", 2, "rows", value=3), "rows of members do not reconcile: 3 against 2"),
        (edit("counts", "posts", "used", value=6), "counts.posts: Value error, posts do not reconcile"),
        (edit("counts", "accounts", "rejected", value={"x": 1}), "counts.accounts: Value error, accounts do not"),
        (edit("counts", "hashtags", value=-1), "counts.hashtags: Input should be greater"),
        (edit("buckets", value=3), "is in none of the 3 buckets"),
        (edit("buckets", value=0), "buckets: "),
        (edit("id", value="../x"), "id: Value error, is not a snapshot id"),
        (edit("floor", value="0"), "floor: Value error, 0 is not above 0"),
        (edit("floor", value="1.1"), "floor: Value error, 1.1 is not between 0 and 1"),
        (edit("floor", value="0.8\n"), r"floor: Value error, '0.8\n' is not a decimal number"),
        (edit("floor", value=0.8), "floor: Input should be a valid string"),
        (edit("created", value="2026-11-23T15:01:02"), "created: "),
        (edit("seconds", "scan", value=None), "seconds.scan: "),
        (edit("schema_version", value="5"), "schema_version: "),
        (edit("schema_version", value=6), "schema_version, configuration and counts contradict each other"),
        (edit("configuration", value={"identical": "group"}), "schema_version, configuration and counts contradict"),
        (edit("counts", "grouped", value={"pairs": 1, "identical": 0}), "schema_version, configuration and counts"),
        (
            edit("schema_version", value=7),
            "schema version 7; this version of lookalike reads 5 and 6: a newer one is needed",
        ),
    ],
)
def test_a_manifest_that_cannot_be_trusted_is_refused_in_one_line(
    tmp_path: Path, manifest: Manifest, change: Callable[[Any], None], message: str
) -> None:
    document = json.loads(manifest.dump())
    change(document)
    path = tmp_path / "manifest.json"
    with pytest.raises(SnapshotError) as caught:
        parse(json.dumps(document).encode(), path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("number", ["Infinity", "-Infinity", "NaN", "1e999"])
def test_a_number_that_json_does_not_have_is_refused(manifest: Manifest, number: str) -> None:
    document = json.loads(manifest.dump()) | {"configuration": {"threshold": "NUMBER"}}
    assert parse(json.dumps(document).replace('"NUMBER"', "1e9").encode(), "m").configuration == {"threshold": 1e9}
    with pytest.raises(SnapshotError, match="m: is not a manifest"):
        parse(json.dumps(document).replace('"NUMBER"', number).encode(), "m")


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"{}", b"\xff\xfe", b"[" * 100_000, b'"x"'])
def test_what_is_no_manifest_is_refused(data: bytes) -> None:
    with pytest.raises(SnapshotError, match="m: is not a manifest"):
        parse(data, "m")


def test_a_file_listed_twice_is_refused(manifest: Manifest) -> None:
    with pytest.raises(ValidationError, match="a file is listed twice"):
        Manifest.model_validate(manifest.model_dump() | {"files": (*manifest.files, manifest.files[0])})
