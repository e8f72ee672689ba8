"""The list of hashtags that a run leaves out."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

from jobs.reporting.terminal import printable
from lookalike.errors import UsageError
from lookalike.hashtags import normalise


@dataclasses.dataclass(frozen=True)
class IgnoreList:
    """Keys of hashtags, and the file that named them; without a file, none."""

    path: Path | None = None
    keys: frozenset[str] = frozenset()

    @classmethod
    def read(cls, path: Path | None) -> IgnoreList:
        """One hashtag a line, in any spelling, with or without `#`; blank lines mean nothing.

        Raises UsageError if the file cannot be read, or naming the first line that is no hashtag.
        """
        if path is None:
            return cls()
        try:
            lines = path.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n")
        except OSError as error:
            raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
        return cls(path, frozenset(key for number, line in enumerate(lines, 1) if (key := _key(path, number, line))))

    def record(self) -> dict[str, Any] | None:
        """For the manifest: sha256 is that of the sorted keys in UTF-8, each followed by a line end."""
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
    wrong = "holds a |, which parts hashtags; write one a line" if "|" in text else "is no hashtag"
    if "|" in text or (text.strip() and not key):
        raise UsageError(f"{path}: line {number}, '{printable(text.strip())[:80]}', {wrong}")
    return key
