"""Snapshots that are damaged, half there, or of another time: what is served then, and what is said."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from lookalike.errors import SnapshotError
from lookalike.outputs.folder import FolderOutput
from lookalike.outputs.layout import CURRENT
from serving.snapshots.opened import BoundedSnapshot

from .conftest import Published
from .damages import (
    Damage,
    a_file,
    change_manifest,
    copied_snapshot,
    cut_short,
    each_damage,
    flip_a_byte,
    flip_a_byte_of_a_spelling,
    lose_spellings,
    make_current,
)
from .running import PATH, Service, ServiceFactory, eventually, service_process


def readiness(service: Service) -> Any:
    return service.client.get("/readyz").json()


@each_damage
def test_a_damaged_new_snapshot_is_refused_and_the_old_one_goes_on(
    tmp_path: Path, medium_snapshot: Published, serve: ServiceFactory, damage: Damage, reason: str
) -> None:
    output = medium_snapshot.copy(tmp_path)
    service = serve(output)
    old = readiness(service)["snapshot"]
    before = service.client.get(PATH, params={"hashtag": "covid19"})
    new = copied_snapshot(output, damage)
    seen = eventually(lambda: readiness(service), lambda seen: seen["refused"] is not None)
    assert (seen["snapshot"], seen["refused"]["snapshot"]) == (old, new)
    assert reason in seen["refused"]["reason"]
    assert str(tmp_path) not in seen["refused"]["reason"]
    assert "lookalike_snapshot_refused 1" in service.client.get("/metrics").text
    after = service.client.get(PATH, params={"hashtag": "covid19"})
    assert (after.content, after.headers["etag"]) == (before.content, before.headers["etag"])
    assert service.client.pairs("diedsuddenly") != []

    make_current(output, old)  # going back is enough
    assert eventually(lambda: readiness(service), lambda seen: seen["refused"] is None)["snapshot"] == old
    assert "lookalike_snapshot_refused 0" in service.client.get("/metrics").text


@each_damage
def test_a_damaged_snapshot_is_not_served_at_the_start_either(
    tmp_path: Path, medium_snapshot: Published, serve: ServiceFactory, damage: Damage, reason: str
) -> None:
    output = medium_snapshot.copy(tmp_path)
    copied_snapshot(output, damage)
    service = serve(output, wait=False)
    seen = eventually(lambda: readiness(service), lambda seen: "refused" in seen["detail"])
    assert reason in seen["detail"]
    answer = service.client.get(PATH, params={"hashtag": "covid19"})
    assert (answer.status_code, answer.json()["status"]) == (503, 503)
    assert "retry-after" in answer.headers


def test_a_snapshot_that_is_mended_is_served_after_all(
    tmp_path: Path, medium_snapshot: Published, serve: ServiceFactory
) -> None:
    output = medium_snapshot.copy(tmp_path)
    service = serve(output)
    kept = tmp_path / "kept.parquet"
    new = copied_snapshot(output, lambda folder: shutil.move(a_file(folder), kept))
    eventually(lambda: readiness(service)["refused"])
    (missing,) = (
        path
        for path in (medium_snapshot.output / "snapshots").glob("*/pairs/**/*.parquet")
        if not (output / "snapshots" / new).joinpath(*path.relative_to(medium_snapshot.output).parts[2:]).exists()
    )
    shutil.move(kept, (output / "snapshots" / new).joinpath(*missing.relative_to(medium_snapshot.output).parts[2:]))
    eventually(lambda: readiness(service), lambda seen: seen["snapshot"] == new and seen["refused"] is None)


@pytest.mark.parametrize("content", ["", "\n", "../../etc", "20261123T150102Z-1a2b3c/..\n", "x" * 200])
def test_a_current_that_names_no_snapshot_is_refused(
    tmp_path: Path, medium_snapshot: Published, serve: ServiceFactory, content: str
) -> None:
    output = medium_snapshot.copy(tmp_path)
    service = serve(output)
    make_current(output, content.removesuffix("\n"))
    seen = eventually(lambda: readiness(service), lambda seen: seen["refused"] is not None)
    assert seen["refused"] == {"snapshot": "CURRENT", "reason": "CURRENT: holds no snapshot id"}
    assert service.client.pairs("covid19") != []


def test_a_file_that_is_lost_while_it_is_served_is_a_problem_of_its_answers_alone(
    tmp_path: Path, medium_snapshot: Published, serve: ServiceFactory
) -> None:
    output = medium_snapshot.copy(tmp_path)
    service = serve(output)
    for file in output.glob("snapshots/*/pairs/**/*.parquet"):
        file.unlink()
    answer = service.client.get(PATH, params={"hashtag": "covid19"})
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:lookalike:problem:damaged-snapshot")
    assert str(tmp_path) not in answer.text
    assert service.client.get("/api/v1/hashtags").status_code == 200


@pytest.mark.parametrize("path", [f"{PATH}?hashtag=covid19", "/api/v1/hashtags/covid19/pairs?format=csv"])
def test_while_look_ups_fail_the_service_is_not_ready_until_the_files_are_back(
    tmp_path: Path, medium_snapshot: Published, serve: ServiceFactory, path: str
) -> None:
    output = medium_snapshot.copy(tmp_path)
    service = serve(output)
    kept = {file: file.read_bytes() for file in output.glob("snapshots/*/pairs/**/*.parquet")}
    for file in kept:
        file.unlink()
    assert service.client.get(path).status_code == 503
    detail = service.client.get("/readyz").json()["detail"]
    assert detail.startswith("Not ready: look-ups fail: snapshots/")
    for file, content in kept.items():
        file.write_bytes(content)
    eventually(service.client.is_ready)
    assert service.client.get(path).status_code == 200


@pytest.mark.parametrize("damage", [flip_a_byte_of_a_spelling, lose_spellings])
def test_a_damaged_file_that_no_look_up_reads_does_not_stop_serving(
    tmp_path: Path, medium_snapshot: Published, serve: ServiceFactory, damage: Damage
) -> None:
    output = medium_snapshot.copy(tmp_path)
    new = copied_snapshot(output, damage)
    service = serve(output)
    assert readiness(service)["snapshot"] == new
    assert service.client.pairs("covid19") != []


def test_a_service_whose_current_is_gone_answers_but_is_not_ready(
    tmp_path: Path, medium_snapshot: Published, serve: ServiceFactory
) -> None:
    output = medium_snapshot.copy(tmp_path)
    service = serve(output)
    (output / CURRENT).rename(output / "kept")
    seen = eventually(lambda: readiness(service), lambda seen: "detail" in seen)
    assert seen["detail"] == "Not ready: CURRENT is gone."
    assert service.client.pairs("covid19") != []
    (output / "kept").rename(output / CURRENT)
    eventually(service.client.is_ready)


@pytest.mark.parametrize("name", ["CURRENT", "manifest.json"])
@pytest.mark.parametrize("kind", ["pipe", "folder", "device"])
def test_what_is_no_file_is_refused_and_hangs_nothing(
    tmp_path: Path, medium_snapshot: Published, serve: ServiceFactory, name: str, kind: str
) -> None:
    output = medium_snapshot.copy(tmp_path)
    service = serve(output)

    def put(folder: Path) -> None:
        (folder / name).unlink()
        if name == CURRENT:  # its being gone is forgotten
            eventually(lambda: readiness(service), lambda seen: "detail" in seen)
        if kind == "pipe":
            os.mkfifo(folder / name)
        elif kind == "folder":
            (folder / name).mkdir()
        else:
            (folder / name).symlink_to("/dev/zero")

    if name == CURRENT:
        put(output)
    else:
        copied_snapshot(output, put)
    seen = eventually(lambda: readiness(service), lambda seen: seen.get("refused") is not None)
    assert seen["refused"]["reason"].endswith("Is a directory" if kind == "folder" else "is not a file")
    assert service.client.pairs("covid19") != []
    copied = copied_snapshot(medium_snapshot.copy(tmp_path / "again"))
    shutil.copytree(tmp_path / "again/output/snapshots" / copied, output / "snapshots" / copied)
    if (output / CURRENT).is_dir():
        (output / CURRENT).rmdir()
    make_current(output, copied)
    eventually(lambda: readiness(service), lambda seen: seen.get("snapshot") == copied and seen["refused"] is None)


def test_a_pipe_in_place_of_a_data_file_is_a_problem_and_hangs_nothing(
    tmp_path: Path, medium_snapshot: Published, serve: ServiceFactory
) -> None:
    output = medium_snapshot.copy(tmp_path)
    service = serve(output)
    kept = {file: file.read_bytes() for file in output.glob("snapshots/*/pairs/**/*.parquet")}
    for file in kept:
        file.unlink()
        os.mkfifo(file)
    for _ in range(8):  # more than there are threads to read with
        problem = service.client.get(PATH, params={"hashtag": "covid19"})
        assert (problem.status_code, problem.json()["type"]) == (503, "urn:lookalike:problem:damaged-snapshot")
    assert service.client.get("/readyz").status_code == 503
    for file, content in kept.items():
        file.unlink()
        file.write_bytes(content)
    eventually(service.client.is_ready)
    assert service.client.pairs("covid19") != []


def test_a_current_that_is_a_link_to_a_file_is_followed(
    tmp_path: Path, medium_snapshot: Published, serve: ServiceFactory
) -> None:
    output = medium_snapshot.copy(tmp_path)
    (output / CURRENT).rename(tmp_path / "elsewhere")
    (output / CURRENT).symlink_to(tmp_path / "elsewhere")
    assert serve(output).client.pairs("covid19") != []


def test_a_service_with_no_snapshot_waits_for_one(
    tmp_path: Path, medium_snapshot: Published, serve: ServiceFactory
) -> None:
    output = tmp_path / "output"
    service = serve(output, wait=False)
    answer = service.client.get("/readyz")
    assert answer.status_code == 503
    assert "no snapshot has been published yet" in answer.json()["detail"]
    assert service.client.get(PATH, params={"hashtag": "a"}).status_code == 503
    assert service.client.get("/livez").status_code == 200
    shutil.copytree(medium_snapshot.output, output)
    eventually(service.client.is_ready)
    assert service.client.pairs("covid19") != []


def test_a_large_snapshot_is_served_while_its_first_check_goes_on_and_withdrawn_if_it_fails(
    tmp_path: Path, medium_snapshot: Published, serve: ServiceFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.snapshots.holder.FIRST_CHECK_SECONDS", 0)
    output = medium_snapshot.copy(tmp_path)
    copied_snapshot(output, flip_a_byte)
    service = serve(output, wait=False)
    assert (
        "checksum"
        in eventually(lambda: readiness(service), lambda seen: "refused" in seen.get("detail", ""))["detail"]
    )


def test_a_file_is_compared_with_its_checksum_before_anything_of_it_is_decoded(
    tmp_path: Path, medium_snapshot: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while the first check of all files goes on. Each is compared once."""
    output = medium_snapshot.copy(tmp_path)
    flip_a_byte(output / "snapshots" / FolderOutput(output).live())
    snapshot = BoundedSnapshot.open(FolderOutput(output))
    damaged = a_file(output / "snapshots" / snapshot.manifest.id)
    (entry,) = (entry for entry in snapshot.manifest.files if output / entry.path == damaged)
    with monkeypatch.context() as patched:
        patched.delattr("lookalike.outputs.openparquet.LocalParquet._opened")
        with pytest.raises(SnapshotError, match="its checksum is not the manifest's"):
            snapshot.stored(entry.table, entry.bucket)
    snapshot.stored("hashtags", None)
    monkeypatch.delattr(FolderOutput, "check_file")
    snapshot.stored("hashtags", None)


@pytest.mark.parametrize("change", [{"buckets": 6}, {"floor": "0.5"}, {"created": "2020-01-01T00:00:00Z"}])
@pytest.mark.parametrize("is_named", [True, False], ids=["by CURRENT", "by id"])
def test_an_edited_manifest_is_refused(
    tmp_path: Path, medium_snapshot: Published, serve: ServiceFactory, change: dict[str, Any], is_named: bool
) -> None:
    output = medium_snapshot.copy(tmp_path)
    live = FolderOutput(output).live()
    change_manifest(output / "snapshots" / live, lambda manifest: manifest | change)
    if not is_named:
        make_current(output, live)
    service = serve(output, wait=False)
    detail = eventually(lambda: readiness(service), lambda seen: "refused" in seen.get("detail", ""))["detail"]
    assert ("its checksum is not the one in CURRENT" if is_named else "is not the one that") in detail


def test_the_log_names_what_was_refused(tmp_path: Path, medium_snapshot: Published) -> None:
    output = medium_snapshot.copy(tmp_path)
    with service_process(output, tmp_path) as service:
        new = copied_snapshot(output, cut_short)
        eventually(lambda: "snapshot refused" in service.log)
    (line,) = (line for line in service.log.splitlines() if "snapshot refused" in line)
    assert new in line or "has 100 bytes" in line
