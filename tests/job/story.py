"""An input that a test tells day by day."""

from pathlib import Path
from typing import Any

from .reference import expected_result
from .running import Job, Result


class Story:
    """A small input that a test tells how it goes on; accounts and posts as lines."""

    def __init__(self, job: Job, folder: Path, **options: Any) -> None:
        self._job, self._folder, self._options = job, folder, options
        self.accounts = {f"u{number}": ("2020-01-01", f"maga_eagle_{number:02d}") for number in range(9)}
        self.earlier: list[tuple[str, str, str]] = []  # rows with earlier names of accounts
        self.files: dict[str, list[str]] = {}
        self.post("one.tsv", "1 u0 #Maga", "2 u1 #maga", "3 u2 #maga", "4 u3 #Other", "5 u4 #other|#maga", "6 u5")

    def post(self, file: str, *posts: str, day: str = "2023-01-01") -> None:
        """Write a file of posts; each an id, an author and perhaps hashtags."""
        rows = [[*post.split(" "), ""][:3] for post in posts]
        lines = ["id\tcreated_at\tauthor_id\tis_repost\ttext\thashtags"]
        lines += ["\t".join([post, day, author, "false", "hi", hashtags]) for post, author, hashtags in rows]
        (self._folder / file).write_text("\n".join(lines) + "\n")
        self.files.setdefault(file, [])

    @property
    def posts(self) -> list[Path]:
        return [self._folder / file for file in self.files]

    def write_accounts(self) -> Path:
        path = self._folder / "accounts.tsv"
        rows = [*self.earlier, *((account, *row) for account, row in self.accounts.items())]
        path.write_text("\n".join(["id\tcreated_at\tscreen_name", *map("\t".join, rows)]) + "\n")
        return path

    def run(self, **options: Any) -> Result:
        """Run, and see that the result is that of all input."""
        accounts = self.write_accounts()
        settings: dict[str, Any] = {
            "quoting": "none",
            "max_reject_fraction": 1.0,
            "buckets": 3,
            "mode": "incremental",
        }
        settings |= self._options | options
        result = self._job(self.posts, accounts, output=self._folder / "out", **settings)
        known = ("min_similarity", "exclude_reposts", "fold")
        result.check(expected_result(self.posts, [accounts], **{k: v for k, v in settings.items() if k in known}))
        return result


def mode_of(result: Result) -> tuple[str, str]:
    assert result.manifest.mode is not None
    return result.manifest.mode.name, result.manifest.mode.reason


def paths(result: Result, *tables: str) -> set[str]:
    return {entry.path for entry in result.manifest.files if not tables or entry.table in tables}
