import random
from pathlib import Path

from lookalike.errors import SnapshotError

from .commands import Command, split
from .publishing import publish_on
from .samples import Sample, build_sample, make_sample

SAMPLE = make_sample({"a": 5, "b": 8}, buckets=1, accounts=20)
OTHER = make_sample({"a": 6}, buckets=2, accounts=20, seed=2)


def eagles(names: dict[str, str], **uses: list[str]) -> Sample:
    return build_sample(names, sorted(uses.items()), random.Random(1), floor="0.8", buckets=2)


def test_diff_shows_what_was_added_removed_and_changed(command: Command, tmp_path: Path) -> None:
    names = {"a1": "young_eagle_01", "a2": "young_eagle_02", "a3": "young_eagle_03", "b": "someone"}
    before = publish_on(1, tmp_path, eagles(names, maga=["a1", "a2", "a3"], old=["b"])).manifest.id
    names |= {"a3": "young_eagle_0_3", "c\x1b": "young_eagle_0\x1b"}
    del names["b"]
    after = publish_on(2, tmp_path, eagles(names, maga=["a1", "a3", "c\x1b"], new=["a1"])).manifest.id
    ran = command("diff", tmp_path, before, "--limit", 1)
    assert (ran.code, ran.errors) == (0, "")
    assert ran.lines[:19] == [
        f"before  {before}  made 2026-11-01 12:00:00 UTC  floor 0.8",
        f"after   {after}  made 2026-11-02 12:00:00 UTC  floor 0.8",
        "",
        "          before  after  added  removed  changed",
        "pairs          3      3      2        2  1 of another distance",
        "hashtags       2      2      1        1",
        "accounts       4      4      1        1  1 renamed",
        "",
        "Pairs added (1 of 2)",
        "",
        "hashtag  similarity  distance  screen name     screen name        account  account",
        r"#maga        0.9286         1  young_eagle_01  young_eagle_0\x1b  a1       c\x1b",
        "",
        "Pairs removed (1 of 2)",
        "",
        "hashtag  similarity  distance  screen name     screen name     account  account",
        "#maga        0.9286         1  young_eagle_01  young_eagle_02  a1       a2",
        "",
        "Pairs of another distance",
    ]
    assert split(ran.lines[21:22]) == [["#maga", "1", "2", "young_eagle_01", "young_eagle_0_3", "a1", "a3"]]
    tables = "\n".join(ran.lines[23:]).split("\n\n")
    assert tables[::2] == [
        "Hashtags added",
        "Hashtags removed",
        "Accounts added",
        "Accounts removed",
        "Renamed accounts",
    ]
    rows = [split(text.splitlines())[1] for text in tables[1::2]]
    assert [(row[0], row[-1]) for row in rows] == [
        ("#NEW", "0"),
        ("#OLD", "0"),
        (r"young_eagle_0\x1b", r"c\x1b"),
        ("someone", "b"),
        ("young_eagle_03", "a3"),
    ]
    assert command("diff", tmp_path, before, after, "--limit", 1) == ran
    assert len(command("diff", tmp_path, after, after).lines) == 7


def test_diff_says_that_floors_differ(command: Command, tmp_path: Path) -> None:
    before = publish_on(1, tmp_path, SAMPLE).manifest.id
    publish_on(2, tmp_path, eagles({"a": "eagle"}, maga=["a"]))
    lines = command("diff", tmp_path, before).lines
    assert lines[2] == "The floors differ: pairs between them are in one of the two only."


def test_a_damaged_file_is_an_error_of_diff(command: Command, tmp_path: Path) -> None:
    before = publish_on(1, tmp_path, SAMPLE)
    publish_on(2, tmp_path, OTHER)
    entry = next(entry for entry in before.manifest.files if entry.table == "pairs")
    (tmp_path / entry.path).write_bytes(b"PAR1")
    ran = command("diff", tmp_path, before.manifest.id)
    assert (ran.code, ran.lines) == (SnapshotError.exit_code, [])
    assert f"{entry.path}: has 4 bytes" in ran.errors
