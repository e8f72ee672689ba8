"""What is known of an export: how it is told from others, and the names that the job's columns have in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from jobs.inputs.reading import NO_COLUMN


@dataclass(frozen=True)
class Preset:
    """An export of a platform or a tool.

    title: for a person. telling: columns, or paths of JSON, that together no other export has. posts, accounts: the
    name of each column of the job's in the file; columns that are not there are left out. A name that ends with "?"
    says by having a value at all that the answer is yes. hashtags: how they are written, where it is known.
    """

    name: str
    title: str
    format: Literal["text", "jsonl"]
    telling: tuple[str, ...]
    posts: Mapping[str, str]
    accounts: Mapping[str, str]
    separator: str | None = None

    def names_in(self, table: str) -> Mapping[str, str]:
        """The names of the columns of a table of the job's, "posts" or "accounts".

        The date of a post says when the author's name was seen.
        """
        if table == "posts":
            return self.posts
        return {"seen_at": self.posts["created_at"], "created_at": NO_COLUMN, **self.accounts}


def anywhere(*paths: str) -> str:
    """The paths in an item, or in one that Zeeschuimer has put under the key data."""
    return "|".join(f"{outer}{path}" for path in paths for outer in ("data.", ""))
