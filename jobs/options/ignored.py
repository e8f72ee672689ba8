"""The list of hashtags that a run ignores."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Any, Final

from lookalike.errors import UsageError
from lookalike.hashtags import normalise

_SEPARATORS: Final = "|,;"


@dataclasses.dataclass(frozen=True)
class IgnoreList:
    """The keys of the hashtags, and the file that they were read from. Without a file there are none."""

    path: Path | None = None
    keys: frozenset[str] = frozenset()

    @classmethod
    def read(cls, path: Path | None) -> IgnoreList:
        """The file has one hashtag on a line, in any spelling, with or without `#`. Blank lines are skipped.

        Raises UsageError if the file cannot be read, or with the first line that is not a hashtag.
        """
        if path is None:
            return cls()
        try:
            lines = path.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n")
        except OSError as error:
            raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
        return cls(path, frozenset(key for number, line in enumerate(lines, 1) if (key := _key(path, number, line))))

    def record(self) -> dict[str, Any] | None:
        """For the manifest. sha256 is of the sorted keys in UTF-8, each followed by a line end."""
        if self.path is None:
            return None
        content = "".join(f"{key}\n" for key in sorted(self.keys))
        sha256 = hashlib.sha256(content.encode()).hexdigest()
        return {"path": str(self.path.resolve()), "hashtags": len(self.keys), "sha256": sha256}


def _key(path: Path, number: int, line: bytes) -> str:
    """The key of the hashtag in a line; "" if it is blank."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise UsageError(f"{path}: line {number} is not UTF-8") from None
    key = normalise(text)
    mark = next((mark for mark in _SEPARATORS if mark in text), None)
    wrong = "is not a hashtag" if mark is None else f"holds a {mark}, which separates hashtags; write one on a line"
    if mark is not None or (text.strip() and not key):
        raise UsageError(f"{path}: line {number}, {text.strip()[:80]!r}, {wrong}")
    return key
