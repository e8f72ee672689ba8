"""Runs whose output is a URL publish what they publish in a folder, from any machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lookalike.errors import QualityGateError, StoreRefusedError
from lookalike.outputs.urls import StoreUrl
from lookalike.snapshots.publisher import Publication
from tests.generations import that_count

from .proxy import Proxy
from .running import Bucket, Runner, tables


def files_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_bucket_receives_row_for_row_what_a_folder_does(url: StoreUrl, run: Runner, tmp_path: Path) -> None:
    there = run(url)
    here = run(tmp_path / "here")
    bucket = Bucket(url)
    assert bucket.live() == there.id
    assert bucket.manifest() == there
    rows = bucket.tables()
    assert rows == tables(here, lambda path: (tmp_path / "here" / path).read_bytes())
    assert len(rows["pairs"]) > 100
    extra = {f"snapshots/{there.id}/{name}" for name in ("manifest.json", "live")} | {"CURRENT", ".lock"}
    assert bucket.listing() == {entry.path for entry in there.files} | extra
    assert there.configuration["output"] == url


def test_a_second_run_adds_a_snapshot_and_changes_nothing_of_the_first(
    url: StoreUrl, run: Runner, tmp_path: Path
) -> None:
    bucket = Bucket(url)
    first = run(url)
    before = bucket.contents(first.id)
    second = run(url, posts=400)
    assert bucket.live() == second.id
    assert bucket.contents(first.id) == before
    here = run(tmp_path / "here", posts=400)
    assert bucket.tables() == tables(here, lambda path: (tmp_path / "here" / path).read_bytes())


def test_no_data_file_is_ever_on_the_disk_of_the_driver_or_of_a_task(
    url: StoreUrl, run: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    written: list[set[str]] = []
    publish = Publication.publish

    def looked_at(publication: Publication, *arguments: Any) -> None:
        written.append(files_below(tmp_path / "temporary"))
        publish(publication, *arguments)

    monkeypatch.setattr(Publication, "publish", looked_at)
    for days, mode in ((2, "full"), (3, "incremental")):
        assert run(url, days=days).mode.name == mode
    assert [sorted({Path(name).suffix for name in names}) for names in written] == [[".arrow", ".tally"]] * 2
    assert files_below(tmp_path / "temporary") == set()


def test_a_run_reads_only_what_is_new(url: StoreUrl, run: Runner, tmp_path: Path) -> None:
    bucket = Bucket(url)
    first = run(url, days=2)
    here = run(tmp_path / "here", days=3, mode="full")
    expected = tables(here, lambda path: (tmp_path / "here" / path).read_bytes())
    second = run(url, days=3)
    assert second.mode is not None
    assert (second.mode.name, second.mode.base, second.mode.files) == ("incremental", first.id, 1)
    rows = bucket.tables()
    for table in set(expected) - {"post_index"}:  # which knows the files by other numbers
        found, wanted = (sorted(map(str, that_count(table, one[table]))) for one in (rows, expected))
        assert found == wanted
    kept = {entry.path for entry in second.files} & {entry.path for entry in first.files}
    assert {path.split("/")[2] for path in kept} == {"post_index"}


def test_the_live_snapshot_is_what_the_gate_compares_with(url: StoreUrl, run: Runner) -> None:
    first = run(url)
    with pytest.raises(QualityGateError, match=f"fell by more than .* since {first.id}"):
        run(url, posts=40)
    assert Bucket(url).live() == first.id


def test_a_plan_asks_nothing_of_the_store(url: StoreUrl, run: Runner, proxy: Proxy) -> None:
    assert run.planned(url).startswith(f"Plan for {url}: nothing was written\n")
    assert proxy.asked == []


def test_files_of_an_older_snapshot_that_the_live_one_names_are_kept(url: StoreUrl, run: Runner) -> None:
    """As a later snapshot may name files of an earlier one, whose own manifest may be gone."""
    bucket = Bucket(url)
    first, second = run(url), run(url)
    shared = next(entry for entry in second.files if entry.table == "pairs")
    twin = next(entry for entry in first.files if entry.checksum == shared.checksum)
    name = f"snapshots/{second.id}/manifest.json"
    changed = json.loads(bucket.read(name).decode().replace(shared.path, twin.path))
    bucket.write(name, json.dumps(changed).encode())
    bucket.write("CURRENT", f"{second.id}\n".encode())  # without the checksum of the manifest
    bucket.remove(shared.path)
    bucket.remove(f"snapshots/{first.id}/manifest.json")  # now the folder of a dead run, but for one file

    third = run(url)
    assert {key for key in bucket.listing() if first.id in key} == {twin.path}
    assert bucket.live() == third.id
    pairs = [sorted(map(str, bucket.tables(one.id)["pairs"])) for one in (second, third)]
    assert pairs[0] == pairs[1]


def test_a_damaged_live_snapshot_is_told_of_and_replaced(url: StoreUrl, run: Runner) -> None:
    bucket = Bucket(url)
    run(url, days=2)
    pairs = bucket.tables()["pairs"]
    for table in ("account_hashtags", "hashtags", "spellings"):  # named, read by the driver, read by tasks
        live = bucket.manifest()
        entry = next(entry for entry in live.files if entry.table == table)
        content = bucket.read(entry.path)
        bucket.write(entry.path, content[:50] + bytes([content[50] ^ 1]) + content[51:])
        now = run(url, days=2)
        reason = f"the live snapshot is damaged: {url}/{entry.path}: its checksum is not the manifest's"
        assert (now.mode.name, now.mode.reason) == ("full", reason)
        assert bucket.live() == now.id
        assert bucket.tables()["pairs"] == pairs


def test_a_live_snapshot_that_the_store_does_not_give_ends_the_run(url: StoreUrl, run: Runner, proxy: Proxy) -> None:
    """As it may be whole: a full run in its stead would not be worth its cost."""
    first = run(url, days=2)
    proxy.fault = lambda asked: 403 if asked.method == "GET" and f"{first.id}/hashtags" in asked.key else None
    with pytest.raises(StoreRefusedError, match=f"^{url}/snapshots/{first.id}/hashtags/.*: access denied"):
        run(url, days=3)
    proxy.fault = lambda _: None
    assert Bucket(url).live() == first.id
