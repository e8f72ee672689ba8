"""An output with two samples, the old one live, and the new one perhaps live; and what is left of others."""

from pathlib import Path

from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots.reader import Snapshot
from lookalike.snapshots.validate import validate

from .samples import make_sample

OLD = make_sample({"a": 5, "old": 12}, buckets=1, accounts=30)
NEW = make_sample({"a": 9, "new": 12}, buckets=1, seed=2, accounts=30)


def folders(output: Path) -> list[str]:
    return sorted(path.name for path in (output / "snapshots").iterdir())


def temporaries(output: Path) -> list[Path]:
    return [path for path in output.rglob("*") if path.suffix == ".tmp" or path.name.endswith(".unchecked")]


def assert_live_is_whole(output: Path, old: str) -> bool:
    """CURRENT names the old snapshot or all of the new one; return whether it is the new."""
    live = Snapshot.open(FolderOutput(output))
    validate(live)
    is_new = live.manifest.id != old
    sample = NEW if is_new else OLD
    assert live.members("a").to_pylist() == sample.expected_members("a")
    assert (live.hashtag("new") is not None) == is_new
    return is_new
