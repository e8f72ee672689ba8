"""The data sets with known answers: two in `tests/data`, and a real one that is not part of the project."""

import csv
import gzip
import os
from fractions import Fraction
from pathlib import Path

import pytest

from .reference import Pair

DATA = Path(__file__).resolve().parents[1] / "data"
REAL_DATA = "LOOKALIKE_REAL_DATA"  # the variable that names the folder of the real data


class Known:
    """A data set and all its pairs down to some similarity, found by an independent program."""

    def __init__(self, folder: Path, lowest: str, ending: str) -> None:
        self.folder = folder
        self.posts = folder / f"posts.tsv{ending}"
        self.accounts = folder / f"accounts.tsv{ending}"
        self._answers = folder / f"expected_pairs_{lowest}.tsv{ending}"
        missing = [path.name for path in (self.posts, self.accounts, self._answers) if not path.is_file()]
        if missing:
            pytest.fail(f"the folder {folder} lacks {', '.join(missing)}", pytrace=False)

    def pairs(self, min_similarity: str) -> list[Pair]:
        """The known pairs of at least this similarity, in the order of a snapshot with one bucket."""
        threshold = Fraction(min_similarity)
        lengths = {row["id"]: len(row["screen_name"]) for row in _read(self.accounts)}
        pairs = []
        for row in _read(self._answers):
            a, b, distance = row["account_a"], row["account_b"], int(row["distance"])
            longer = max(lengths[a], lengths[b])
            if Fraction(longer - distance, longer) >= threshold:
                pairs.append((row["hashtag"], a, b, distance, float(row["similarity"])))
        return sorted(pairs, key=lambda pair: (pair[0], -pair[4], pair[1], pair[2]))


def tiny() -> Known:
    return Known(DATA / "tiny", "0.5", "")


def medium() -> Known:
    return Known(DATA / "medium", "0.7", ".gz")


def ira() -> Known:
    """Real posts, in the folder that LOOKALIKE_REAL_DATA names; skips the test if the variable is not set."""
    folder = os.environ.get(REAL_DATA)
    if not folder:
        pytest.skip(f"{REAL_DATA} does not name the folder of the real data, which are not part of the project")
    return Known(Path(folder), "0.7", ".gz")


def _read(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
