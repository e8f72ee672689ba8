"""The commands that tell of all snapshots or check them, and what all commands have in common."""

import json
import shlex
from pathlib import Path

import pytest

from jobs.snapshots.__main__ import main
from lookalike.errors import SnapshotError, UsageError
from lookalike.snapshots.reader import Snapshot

from .commands import Command, Ran, split
from .publishing import publish_on
from .samples import make_sample

SAMPLE = make_sample({"a": 5, "b": 8}, buckets=1, accounts=20)
OTHER = make_sample({"a": 6}, buckets=2, accounts=20, seed=2)
ROOT = Path(__file__).resolve().parents[2]
UNKNOWN = "20200101T000000Z-000000"


def size(snapshot: Snapshot) -> int:
    own = (entry for entry in snapshot.manifest.files if entry.snapshot == snapshot.manifest.id)
    return sum(entry.bytes for entry in own)


def test_list_has_a_line_for_each_snapshot_the_newest_first(command: Command, tmp_path: Path) -> None:
    first = publish_on(1, tmp_path, SAMPLE)
    second = publish_on(2, tmp_path, SAMPLE, naming=first)
    third = publish_on(3, tmp_path, OTHER)
    command("pin", tmp_path, first.manifest.id)
    command("rollback", tmp_path, first.manifest.id)
    ran = command("list", tmp_path)
    assert ran.code == 0
    pairs, others = f"{len(SAMPLE.pairs)}", f"{len(OTHER.pairs)}"
    assert split(ran.lines) == [
        ["snapshot", "made", "floor", "pairs", "hashtags", "accounts", "own bytes"],
        [third.manifest.id, "2026-11-03 12:00:00 UTC", "0.5", others, "1", "20", f"{size(third):,}"],
        [second.manifest.id, "2026-11-02 12:00:00 UTC", "0.5", pairs, "2", "20", "0"],
        [first.manifest.id, "2026-11-01 12:00:00 UTC", "0.5", pairs, "2", "20", f"{size(first):,}", "live, pinned"],
    ]


def test_list_tells_what_cannot_be_read(command: Command, tmp_path: Path) -> None:
    first, second = (publish_on(day, tmp_path, SAMPLE).manifest.id for day in (1, 2))
    manifest = tmp_path / "snapshots" / second / "manifest.json"
    manifest.write_text(json.dumps({"schema_version": 5, "id": "\x1b[2J"}))
    ran = command("list", tmp_path)
    assert (ran.code, ran.errors) == (0, "")
    assert split(ran.lines)[1][0] == first
    assert [line[:2] for line in split(ran.lines)[3:]] == [[second, "live"]]
    assert "id: Value error, is not a snapshot id" in ran.lines[-1]
    assert all(line.isprintable() for line in ran.lines)
    (tmp_path / "CURRENT").write_text(f"{UNKNOWN}\n")
    assert split(command("list", tmp_path).lines)[-1] == ["live", f"{UNKNOWN}, which is missing"]
    (tmp_path / "CURRENT").write_text("\x1b[2J")
    assert split(command("list", tmp_path).lines)[-1] == ["live", f"{tmp_path}/CURRENT: holds no snapshot id"]


def test_show_tells_of_the_snapshot_that_is_named(command: Command, tmp_path: Path) -> None:
    first, second = (publish_on(day, tmp_path, SAMPLE).manifest.id for day in (1, 2))
    assert command("show", tmp_path).lines[0] == f"snapshot  {second}"
    assert command("show", tmp_path, first).lines[0] == f"snapshot  {first}"


def test_verify_finds_every_damaged_file(command: Command, tmp_path: Path) -> None:
    first = publish_on(1, tmp_path, SAMPLE)
    second = publish_on(2, tmp_path, OTHER, naming=first)
    files, total = len(second.manifest.files), sum(entry.bytes for entry in second.manifest.files)
    whole = f"{second.manifest.id}: whole, {files} files of {total:,} bytes"
    assert command("verify", tmp_path) == Ran(0, [whole], "")
    changed, short, gone = (tmp_path / entry.path for entry in first.manifest.files[:3])
    data = bytearray(changed.read_bytes())
    data[7] ^= 1
    changed.write_bytes(data)
    short.write_bytes(b"PAR1")
    gone.unlink()
    sizes = {tmp_path / entry.path: entry.bytes for entry in first.manifest.files}
    damaged = [
        f"{first.manifest.id}: damaged",
        f"  {changed}: its checksum is not the manifest's",
        f"  {short}: has 4 bytes, the manifest says {sizes[short]}",
        f"  {gone}: cannot be read: No such file or directory",
    ]
    assert command("verify", tmp_path) == Ran(0, [whole], "")
    one = command("verify", tmp_path, first.manifest.id)
    assert one == Ran(SnapshotError.exit_code, damaged, "error: 1 of 1 snapshot damaged\n")
    everything = command("verify", tmp_path, "--all")
    assert everything == Ran(1, [whole, *damaged], "error: 1 of 2 snapshots damaged\n")


def test_verify_counts_a_shared_file_in_every_snapshot_that_names_it(command: Command, tmp_path: Path) -> None:
    first = publish_on(1, tmp_path, SAMPLE)
    second = publish_on(2, tmp_path, SAMPLE, naming=first)
    (tmp_path / first.manifest.files[0].path).unlink()
    lines = command("verify", tmp_path, "--all").lines
    assert lines[::2] == [f"{second.manifest.id}: damaged", f"{first.manifest.id}: damaged"]
    assert lines[1] == lines[3]


def test_verify_calls_a_manifest_that_cannot_be_read_damaged(command: Command, tmp_path: Path) -> None:
    first, second = (publish_on(day, tmp_path, SAMPLE).manifest.id for day in (1, 2))
    manifest = tmp_path / "snapshots" / first / "manifest.json"
    manifest.write_text("{")
    ran = command("verify", tmp_path, "--all")
    assert (ran.code, ran.lines[1:]) == (1, [f"{first}: damaged", f"  {manifest}: is not a manifest"])
    assert command("verify", tmp_path).code == 0
    manifest.unlink()
    assert command("verify", tmp_path, first).errors == f"error: {tmp_path}: has no snapshot {first}\n"
    assert command("verify", tmp_path, second, "--all").code == UsageError.exit_code


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["list", "{output}/nowhere"], 1, "no snapshot has been published here"),
        (["verify", "{output}/nowhere"], 1, "no snapshot has been published here"),
        (["prune", "{output}/nowhere", "--keep", "1"], 1, "no snapshot has been published here"),
        (["prune", "{output}"], 2, "say what to keep"),
        (["prune", "{output}", "--keep", "0"], 2, "'0' is not a whole number above 0"),
        (["prune", "{output}", "--keep", "1", "--grace", "-1"], 2, "'-1' is not a whole number of seconds"),
        (["prune", "{output}", "--keep", "9" * 5000], 2, "--keep"),
        (["pin", "{output}"], 2, "ID"),
        (["pin", "{output}", UNKNOWN], 1, "No such file"),
        (["unpin", "{output}", UNKNOWN], 1, f"has no snapshot {UNKNOWN}"),
        (["show", "{output}", UNKNOWN], 1, "No such file"),
        (["rollback", "{output}", "../x\x1b[2J"], 2, r"'../x\x1b[2J' is not a snapshot id"),
        (["diff", "{output}"], 2, "A"),
        (["diff", "{output}", UNKNOWN], 1, "No such file"),
    ],
)
def test_an_error_is_one_line_and_has_its_exit_code(
    command: Command, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    publish_on(1, tmp_path, SAMPLE)
    ran = command(*[argument.format(output=tmp_path) for argument in arguments])
    assert (ran.code, ran.lines) == (code, [])
    assert ran.errors.startswith("error: ")
    assert ran.errors.count("\n") == 1
    assert ran.errors[:-1].isprintable()
    assert message in ran.errors
    assert not (tmp_path / "nowhere").exists()


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands run where there is no folder `out`."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize("name", ["show", "pairs", "list", "diff", "verify", "rollback", "pin", "unpin", "prune"])
def test_the_example_in_the_help_is_a_command_that_parses(
    command: Command, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([name, "--help"])
    assert_parses(command, capsys.readouterr().out.splitlines()[-1], name)


@pytest.mark.usefixtures("empty")
def test_the_commands_of_the_how_to_page_parse(command: Command) -> None:
    page = (ROOT / "docs/how-to/look-after-snapshots.md").read_text(encoding="utf-8")
    for line in page.split("```")[1].strip().splitlines():
        assert_parses(command, line.split("  ")[0].removeprefix(".venv/bin/"))


def assert_parses(command: Command, example: str, name: str | None = None) -> None:
    program, words = shlex.split(example)[:3], shlex.split(example)[3:]
    assert program == ["python", "-m", "jobs.snapshots"]
    assert name in (None, words[0])
    ran = command(*words)
    assert ran.code == SnapshotError.exit_code
    assert ran.errors.startswith("error: out")
