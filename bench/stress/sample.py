"""A small input in three parts, and an output whose live snapshot has rows in all its tables.

They are of two generations, unless identical names are groups: then a run reads all posts.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final, Literal

from bench.stress import localrun
from bench.stress.children import forked
from bench.stress.data import Recipe, write_data
from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots.reader import Snapshot
from lookalike.tables import TABLES

Identical = Literal["pairs", "group"]

ACCOUNTS: Final = 150
BUCKETS: Final = 2
_PARTS: Final = 3  # of the posts: those of the first run, of the second, and of the run that is tried
_NEW: Final = 30  # posts of the second part, and of the third: few, so that runs add generations
_ABSENT: Final = {"pairs": {"identical"}, "group": {"lookalikes"}}  # tables
_REJECTED: Final = "\tnot a date\tnobody\tFalse\ttext\tvote\n"


class Sample:
    """folder: of the input and of `output`. posts: the files, one a part."""

    def __init__(self, folder: Path, seed: int = 0, *, identical: Identical = "pairs") -> None:
        """Nothing is written yet. identical: the option of the job."""
        self._identical = identical
        self.folder, self._seed = folder, seed
        self.output = folder / "output"
        self.posts = [folder / f"posts{part}.tsv" for part in range(_PARTS)]
        self.accounts = folder / "accounts.tsv"

    def make(self) -> None:
        """Write the input, and publish the first two parts. Raises RuntimeError if a run fails."""
        shutil.rmtree(self.folder, ignore_errors=True)
        write_data(_recipe(self._seed), self.folder)
        self._add_names()
        header, *rows = (self.folder / "posts.tsv").read_text(encoding="utf-8").splitlines(keepends=True)
        cuts = [0, len(rows) - 2 * _NEW, len(rows) - _NEW, len(rows)]
        for part, path in enumerate(self.posts):
            path.write_text(header + "".join(rows[cuts[part] : cuts[part + 1]]) + _REJECTED, encoding="utf-8")
        for parts, mode in ((1, "full"), (2, "incremental" if self._identical == "pairs" else "full")):
            ended = forked(lambda parts=parts, mode=mode: localrun.run(self.arguments(self.output, mode, parts)))  # type: ignore[misc]  # mypy does not infer its type
            if ended.code:
                raise RuntimeError(f"the {mode} run ended with {ended.code}:\n{ended.printed}")
        manifest = Snapshot.open(FolderOutput(self.output)).manifest
        missing = TABLES.keys() - _ABSENT[self._identical] - {entry.table for entry in manifest.files if entry.rows}
        if missing or manifest.mode.name != mode:
            raise RuntimeError(f"no rows of {sorted(missing)} after a run that was {manifest.mode}")

    def arguments(self, output: Path, mode: str, parts: int = _PARTS) -> list[str | Path]:
        """Of a run over so many parts."""
        options: list[str | Path] = ["--posts", *self.posts[:parts], "--accounts", self.accounts, "--output", output]
        options += ["--mode", mode, "--buckets", str(BUCKETS), "--quoting", "none", "--max-reject-fraction", "1"]
        return [*options, "--min-similarity", "0.7", "--identical", self._identical, "--no-progress"]

    def _add_names(self) -> None:
        """Give some accounts an earlier name, for the table of names."""
        header, *rows = self.accounts.read_text(encoding="utf-8").splitlines(keepends=True)
        earlier = [
            f"{row.split(chr(9))[0]}\t2019-01-01 00:00:00+00:00\tbefore_{n}\n" for n, row in enumerate(rows[:30])
        ]
        self.accounts.write_text("".join([header, *earlier, *rows]), encoding="utf-8")


def _recipe(seed: int) -> Recipe:
    return Recipe(
        seed=seed,
        accounts=ACCOUNTS,
        hashtags=40,
        exponent=1.0,
        strange=0.1,
        repeated=0.05,
        short=0.0,
        long=0.0,
        threshold="0.7",
        block_size=200,
        buckets=BUCKETS,
    )
