"""Runs whose output is a URL publish what they publish in a folder, from any machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jobs.pipeline.staging import Staging, staging_folder
from lookalike.errors import QualityGateError, UsageError
from lookalike.outputs.pointer import Pointer
from lookalike.outputs.urls import StoreUrl
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


def test_a_new_machine_is_brought_the_live_snapshot_and_keeps_the_next(
    url: StoreUrl, run: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(url, staging=tmp_path / "one")
    brought: list[set[str]] = []
    prune = Staging.prune

    def looked_at(staging: Staging) -> None:
        prune(staging)
        brought.append(files_below(staging.folder))

    monkeypatch.setattr(Staging, "prune", looked_at)
    second = run(url, posts=400, staging=tmp_path / "two")
    own = {".lock", ".mirrored", "CURRENT"}
    at_first, at_last = brought
    assert at_first == {entry.path for entry in first.files} | {f"snapshots/{first.id}/manifest.json"} | own
    assert at_last == {entry.path for entry in second.files} | {f"snapshots/{second.id}/manifest.json"} | own
    assert (tmp_path / "two/CURRENT").read_bytes() == Pointer.to(second.id, second.dump()).line()


def test_on_any_machine_a_run_reads_only_what_is_new(url: StoreUrl, run: Runner, tmp_path: Path) -> None:
    bucket = Bucket(url)
    first = run(url, days=2)
    here = run(tmp_path / "here", days=3, mode="full")
    expected = tables(here, lambda path: (tmp_path / "here" / path).read_bytes())
    for machine in ("one", "two"):
        bucket.write("CURRENT", f"{first.id}\n".encode())  # for the second machine, gone back to
        second = run(url, days=3, staging=tmp_path / machine)
        assert second.mode is not None
        assert (second.mode.name, second.mode.base, second.mode.files) == ("incremental", first.id, 1)
        rows = bucket.tables()
        for table in set(expected) - {"post_index"}:  # which knows the files by other numbers
            assert sorted(map(str, that_count(table, rows[table]))) == sorted(
                map(str, that_count(table, expected[table]))
            )
    kept = {entry.path for entry in second.files} & {entry.path for entry in first.files}
    assert {path.split("/")[2] for path in kept} == {"post_index"}


def test_a_machine_that_has_the_live_snapshot_is_not_brought_it_again(
    url: StoreUrl, run: Runner, proxy: Proxy
) -> None:
    run(url)
    proxy.asked.clear()
    run(url, posts=400)
    assert proxy.reads() == []


def test_the_live_snapshot_is_what_the_gate_compares_with(url: StoreUrl, run: Runner, tmp_path: Path) -> None:
    first = run(url)
    with pytest.raises(QualityGateError, match=f"fell by more than .* since {first.id}"):
        run(url, posts=40, staging=tmp_path / "other")
    assert Bucket(url).live() == first.id


def test_a_staging_folder_is_of_one_output_and_of_nothing_else(url: StoreUrl, run: Runner, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/thesis.txt").write_text("years")
    with pytest.raises(UsageError, match="is not empty and not a staging folder"):
        run(url, staging=tmp_path / "full")
    run(StoreUrl.parse(f"{url}/other"), staging=tmp_path / "other")
    with pytest.raises(UsageError, match=f"is the staging folder of {url}/other"):
        run(url, staging=tmp_path / "other")
    assert (tmp_path / "full/thesis.txt").read_text() == "years"
    assert not {"CURRENT", "snapshots"} & Bucket(url).listing()


def test_a_plan_asks_nothing_of_the_store(url: StoreUrl, run: Runner, proxy: Proxy) -> None:
    assert run.planned(url).startswith(f"Plan for {url}: nothing was written\n")
    assert proxy.asked == []
    assert not staging_folder(url, None).exists()


def test_files_of_an_older_snapshot_that_the_live_one_names_are_brought_and_kept(
    url: StoreUrl, run: Runner, tmp_path: Path
) -> None:
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

    third = run(url, staging=tmp_path / "new")
    assert {key for key in bucket.listing() if first.id in key} == {twin.path}
    assert bucket.live() == third.id
    pairs = [sorted(map(str, bucket.tables(one.id)["pairs"])) for one in (second, third)]
    assert pairs[0] == pairs[1]


def test_a_damaged_live_snapshot_is_told_of_and_replaced(
    url: StoreUrl, run: Runner, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket = Bucket(url)
    first = run(url)
    entry = first.files[0]
    bucket.write(entry.path, bytes(entry.bytes))
    second = run(url, staging=tmp_path / "new")
    assert f"warning: the live snapshot is damaged; the run does not use it: {url}/{entry.path}: its checksum" in (
        capsys.readouterr().err
    )
    assert bucket.live() == second.id
