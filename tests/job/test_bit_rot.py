"""Flipped bits in the live snapshot: the next run uses none of it, and says so."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from jobs.exchange import worker
from lookalike.outputs.comparedfolder import ComparedFolder
from lookalike.outputs.entries import FileEntry
from lookalike.tables import TABLES
from tests.examples import seeds

from .running import Job, Result
from .story import Story, mode_of

USED = [name for name in TABLES if name not in ("names", "identical")]  # which a run makes of this input


@pytest.fixture
def story(quick_job: Job, tmp_path: Path) -> Story:
    """With rows in all tables, and new posts for all buckets."""
    story = Story(quick_job, tmp_path)
    story.post("rejected.tsv", "20 nobody #maga", " u1 #maga", "21 u5 #Third", "22 u6 #third")
    return story


def more(story: Story) -> None:
    story.post("two.tsv", "7 u6 #maga", "8 u7 #Other", "9 u8 #third", "10 u8 #fourth", "11 nobody #maga")


def entry_of(result: Result, table: str) -> FileEntry:
    return max((entry for entry in result.manifest.files if entry.table == table), key=lambda entry: entry.rows)


def flip(result: Result, entry: FileEntry, bit: int) -> bytes:
    """Flip a bit of a file; returns its content before."""
    path = result.output / entry.path
    whole = path.read_bytes()
    content = bytearray(whole)
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)
    return whole


@pytest.mark.parametrize("table", USED)
@pytest.mark.parametrize("with_posts", [True, False])
def test_a_flipped_bit_makes_a_run_read_all(story: Story, table: str, with_posts: bool) -> None:
    base = story.run()
    if with_posts:
        more(story)
    entry = entry_of(base, table)
    flip(base, entry, random.Random(table).randrange(8 * entry.bytes))
    name, reason = mode_of(story.run())
    expected = f"the live snapshot is damaged: {base.output}/{entry.path}: its checksum is not the manifest's"
    assert (name, reason) == ("full", expected)


@seeds(3)
def test_whatever_bit_is_flipped_the_result_is_right(story: Story, seed: int) -> None:
    base = story.run()
    rng = random.Random(seed)
    entry = rng.choice([entry for entry in base.manifest.files if entry.table in USED])
    flip(base, entry, rng.randrange(8 * entry.bytes))
    more(story)
    assert mode_of(story.run())[0] == "full"  # and the result is that of all input


def test_what_is_decoded_is_compared(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a file that is damaged after it was compared nothing is used, either."""
    base = story.run()
    more(story)
    open_file = ComparedFolder.open_file
    damaged = []

    def open_and_damage(folder: ComparedFolder, entry: FileEntry, *rest: Any, **named: Any) -> Any:
        opened = open_file(folder, entry, *rest, **named)
        if entry not in damaged:
            flip(base, entry, 8 * entry.bytes // 3)
            damaged.append(entry)
        return opened

    monkeypatch.setattr(ComparedFolder, "open_file", open_and_damage)
    worker.open_snapshot.cache_clear()
    told = f"the live snapshot is damaged: {base.output}/{{}}: its checksum is not the manifest's"
    assert mode_of(story.run()) == ("full", told.format(damaged[0].path))


def test_a_live_manifest_that_was_edited_is_not_built_on(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    base = story.run()
    manifest = base.output / "snapshots" / base.manifest.id / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"buckets": 3', '"buckets": 4'))
    more(story)
    name, reason = mode_of(story.run(buckets=4))
    assert name == "full"
    assert "its checksum is not the one in CURRENT" in reason
    assert "Counts are not compared with it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("written", "edited", "field", "options"),
    [
        ('"buckets": 3', '"buckets": 4', "buckets", {"buckets": 4}),
        ('"floor": "0.8"', '"floor": "0.5"', "floor", {"min_similarity": "0.5"}),
        ('"fold": "none"', '"fold": "case"', "configuration", {"fold": "case"}),
    ],
)
def test_without_a_checksum_in_current_an_edited_manifest_is_not_built_on(
    story: Story, written: str, edited: str, field: str, options: dict[str, object]
) -> None:
    base = story.run()
    manifest = base.output / "snapshots" / base.manifest.id / "manifest.json"
    text = manifest.read_text()
    assert written in text
    manifest.write_text(text.replace(written, edited))
    (base.output / "CURRENT").write_text(f"{base.manifest.id}\n")
    name, reason = mode_of(story.run(**options))
    assert name == "full"
    assert f"its {field} is not the one that" in reason


def test_the_output_of_an_earlier_version_is_built_on(story: Story) -> None:
    """Its CURRENT holds the id alone."""
    base = story.run()
    (base.output / "CURRENT").write_text(f"{base.manifest.id}\n")
    more(story)
    second = story.run()
    assert mode_of(second)[0] == "incremental"
    assert (base.output / "CURRENT").read_text().startswith(f"{second.manifest.id} blake3:")
