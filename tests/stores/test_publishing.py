"""Runs whose output is a URL publish what they publish in a folder; if they fail, the live snapshot stays."""

from __future__ import annotations

from pathlib import Path

from jobs.stores.urls import StoreUrl

from .running import Bucket, Runner, tables


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
    assert bucket.keys() == {entry.path for entry in there.files} | extra
