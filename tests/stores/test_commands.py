"""python -m jobs.snapshots with a URL: the same answers and exit codes as with a folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lookalike.outputs.lease import Lease
from lookalike.outputs.objects import ObjectStore
from lookalike.outputs.urls import StoreUrl
from lookalike.snapshots.manifest import Manifest
from tests.snapshots.commands import Command, split

from .running import Bucket, Runner


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(capsys)


@pytest.fixture
def three(url: StoreUrl, run: Runner) -> list[Manifest]:
    return [run(url, posts=posts) for posts in (300, 350, 400)]


def ids(bucket: Bucket) -> set[str]:
    return {key.split("/")[1] for key in bucket.listing() if key.startswith("snapshots/")}


def test_look_ups_print_what_they_print_of_a_folder(
    url: StoreUrl, run: Runner, command: Command, tmp_path: Path
) -> None:
    there, here = run(url), run(tmp_path / "here")
    assert command("pairs", url, "#One").lines == command("pairs", tmp_path / "here", "#One").lines
    shown = command("show", url)
    assert shown.code == 0
    assert len(shown.lines) == len(command("show", tmp_path / "here").lines)
    assert command("show", url, there.id).lines == shown.lines
    assert here.counts == there.counts


def test_list_and_rollback(url: StoreUrl, three: list[Manifest], command: Command) -> None:
    first, second, third = (one.id for one in three)
    rows = split(command("list", url).lines)[1:]
    assert [(row[0], row[-1] == "live") for row in rows] == [(third, True), (second, False), (first, False)]
    done = command("rollback", url)
    assert (done.code, done.errors) == (0, "")
    assert done.lines[1] == f"{third} was live before"
    assert Bucket(url).live() == second
    assert command("rollback", url, third).code == 0
    assert Bucket(url).live() == third
    again = command("rollback", url, third)
    assert (again.code, again.errors) == (2, f"error: {third} is live already\n")


def test_rollback_refuses_a_snapshot_that_lacks_a_file(
    url: StoreUrl, three: list[Manifest], command: Command
) -> None:
    path = three[0].files[0].path
    Bucket(url).remove(path)
    done = command("rollback", url, three[0].id)
    assert (done.code, Bucket(url).live()) == (1, three[2].id)
    assert f"{url}/{path}: cannot be read: there is no such object" in done.errors


def test_verify_reads_every_byte(url: StoreUrl, three: list[Manifest], command: Command) -> None:
    whole = command("verify", url, "--all")
    assert whole.code == 0
    assert [line.split(":")[0] for line in whole.lines] == [one.id for one in reversed(three)]
    entry = max(three[1].files, key=lambda file: file.bytes)
    content = bytearray(Bucket(url).read(entry.path))
    content[len(content) // 2] ^= 1
    Bucket(url).write(entry.path, bytes(content))
    damaged = command("verify", url, "--all")
    assert (damaged.code, damaged.errors) == (1, "error: 1 of 3 snapshots damaged\n")
    assert f"  {url}/{entry.path}: its checksum is not the manifest's" in damaged.lines
    assert command("verify", url).code == 0


def test_diff(url: StoreUrl, three: list[Manifest], command: Command, run: Runner, tmp_path: Path) -> None:
    here = [run(tmp_path / "here", posts=posts) for posts in (300, 400)]
    there = command("diff", url, three[0].id)
    known = command("diff", tmp_path / "here", here[0].id)
    assert there.code == 0
    assert there.lines[2:] == known.lines[2:]
    assert len(there.lines) > 10


def test_prune_keeps_what_is_pinned_live_or_was_lately(
    url: StoreUrl, three: list[Manifest], command: Command
) -> None:
    first, second, third = (one.id for one in three)
    bucket = Bucket(url)
    lately = command("prune", url, "--keep", 1)
    assert [row[1] for row in split(lately.lines)[:3]] == ["kept: live"] + ["kept: live within 3,600 seconds"] * 2
    assert command("pin", url, first).code == 0
    tried = command("prune", url, "--keep", 1, "--grace", 0, "--dry-run")
    assert split(tried.lines)[:3] == [[third, "kept: live"], [second, "would be removed"], [first, "kept: pinned"]]
    assert ids(bucket) == {first, second, third}
    before = bucket.contents(first), bucket.contents(third)
    done = command("prune", url, "--keep", 1, "--grace", 0)
    assert done.code == 0
    freed = sum(entry.bytes for entry in three[1].files)
    assert ids(bucket) == {first, third}
    assert (bucket.contents(first), bucket.contents(third)) == before
    assert int(done.lines[-1].split(" removed, ")[1].split(" ")[0].replace(",", "")) >= freed
    assert command("unpin", url, first).code == 0
    assert command("prune", url, "--keep", 1, "--grace", 0).code == 0
    assert ids(bucket) == {third}


def test_prune_after_current_was_edited_by_hand_takes_all_for_live_lately(
    url: StoreUrl, three: list[Manifest], command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "lookalike.outputs.interface.SWITCH_SECONDS", -1
    )  # as if the switch had been longer after its mark
    done = command("prune", url, "--keep", 1, "--grace", 3600)
    assert "kept: live within 3,600 seconds" in done.lines[1]
    assert ids(Bucket(url)) == {one.id for one in three}


def test_prune_removes_nothing_while_the_live_snapshot_lacks_a_file(
    url: StoreUrl, three: list[Manifest], command: Command
) -> None:
    Bucket(url).remove(three[2].files[0].path)
    before = Bucket(url).listing()
    done = command("prune", url, "--keep", 1, "--grace", 0)
    assert done.code == 1
    assert "there is no such object" in done.errors
    assert Bucket(url).listing() == before


def test_prune_keeps_files_that_a_kept_snapshot_names(url: StoreUrl, run: Runner, command: Command) -> None:
    bucket = Bucket(url)
    first, second = run(url), run(url)
    shared = next(entry for entry in second.files if entry.table == "pairs")
    twin = next(entry for entry in first.files if entry.checksum == shared.checksum)
    name = f"snapshots/{second.id}/manifest.json"
    changed = json.loads(bucket.read(name).decode().replace(shared.path, twin.path))
    bucket.write(name, json.dumps(changed).encode())
    bucket.write("CURRENT", f"{second.id}\n".encode())  # without the checksum of the manifest
    done = command("prune", url, "--keep", 1, "--grace", 0)
    assert done.code == 0
    assert {key for key in bucket.listing() if first.id in key} == {twin.path}
    assert done.lines[-1] == f"{twin.bytes:,} bytes of them stay, because kept snapshots use these files"


@pytest.mark.parametrize("what", ["rollback", "pin", "unpin", "prune"])
def test_what_changes_something_ends_while_a_run_holds_the_output(
    url: StoreUrl, run: Runner, command: Command, what: str
) -> None:
    first, second = run(url), run(url, posts=350)
    before = Bucket(url).listing()
    with Lease(ObjectStore(url)):
        done = command(what, url, *(["--keep", 1] if what == "prune" else [first.id]))
    assert done.code == 4
    assert done.errors.startswith(f"error: another run holds the output {url}: process ")
    assert Bucket(url).live() == second.id
    assert Bucket(url).listing() == before


def test_an_output_with_nothing_in_it_is_told(url: StoreUrl, command: Command) -> None:
    for arguments in (["list", url], ["show", url], ["verify", url], ["rollback", url]):
        done = command(*arguments)
        assert (done.code, done.errors) == (1, f"error: {url}: no snapshot has been published here\n")


def test_a_url_of_another_kind_is_refused(command: Command) -> None:
    done = command("list", "ftp://host/out")
    assert done.code == 2
    assert "is not a supported store" in done.errors
