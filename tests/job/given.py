"""Ten posts and accounts to change for a case, and a run over them."""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .running import Job, Result

NAMES = [
    "maga_eagle_01",
    "maga_eagle_02",
    "anna",
    "bert",
    "carl",
    "dora",
    "emil",
    "fred",
    "maple_syrup1",
    "maple_syrup2",
]
USUAL = {("vote", "u0", "u1")}
HEADER = b"id\tcreated_at\tauthor_id\tis_repost\ttext\thashtags\n"


class Given:
    """Ten posts and accounts, some of their values replaced, and a run over them."""

    def __init__(self, job: Job, folder: Path) -> None:
        self.job, self.folder = job, folder
        self.accounts = [
            {"id": f"u{i}", "created_at": "2020-01-01", "screen_name": name} for i, name in enumerate(NAMES)
        ]
        self.posts = [
            {
                "id": f"p{i}",
                "created_at": "2021-01-01",
                "author_id": f"u{i}",
                "is_repost": "False",
                "text": "x",
                "hashtags": "Vote" if i < 3 else "",
            }
            for i in range(10)
        ]

    def set(self, column: str, values: Sequence[str]) -> None:
        """Replace a column of the posts, from the first one on."""
        for post, value in zip(self.posts, values, strict=False):
            post[column] = value

    def name(self, *names: str) -> None:
        """Replace the first screen names."""
        for account, name in zip(self.accounts, names, strict=False):
            account["screen_name"] = name

    def run(self, accounts: Path | None = None, **options: Any) -> Result:
        posts = self._write("posts", self.posts)
        return self.job(posts, accounts or self._write("accounts", self.accounts), **options)

    def run_files(
        self, posts: bytes, accounts: bytes | None = None, name: str = "posts.tsv", **options: Any
    ) -> Result:
        path = self.folder / name
        path.write_bytes(posts)
        known = self.folder / "accounts.tsv"
        if accounts is None:
            self._write("accounts", self.accounts)
        else:
            known.write_bytes(accounts)
        return self.job(path, known, **options)

    def _write(self, name: str, rows: list[dict[str, str]]) -> Path:
        path = self.folder / f"{name}.tsv"
        lines = ["\t".join(rows[0]), *("\t".join(row.values()) for row in rows)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def written(self, **options: Any) -> bytes:
        """The posts as the csv module writes them."""
        path = self.folder / "written"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(self.posts[0]), **({"delimiter": "\t"} | options))
            writer.writeheader()
            writer.writerows(self.posts)
        return path.read_bytes()


def pairs(result: Result) -> set[tuple[str, str, str]]:
    return {(hashtag, a, b) for hashtag, a, b, *_ in result.pairs}


def hashtags(result: Result) -> dict[str, int]:
    return {row["hashtag"]: row["members"] for row in result.rows("hashtags")}


def similarities(result: Result) -> dict[tuple[str, str], float]:
    return {(row["account_a"], row["account_b"]): round(row["similarity"], 4) for row in result.rows("pairs")}


Warnings = Callable[[], list[str]]
