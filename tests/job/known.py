"""The data sets with known answers, which lie beside the project and are not part of it."""

import csv
import gzip
from fractions import Fraction
from pathlib import Path

import pytest

from .reference import Pair

DATA = Path(__file__).resolve().parents[3] / "shared/data"


class Known:
    """A data set and all its pairs down to some similarity, found by an independent program."""

    def __init__(self, name: str, lowest: str, ending: str) -> None:
        self.folder = DATA / name
        if not self.folder.is_dir():
            pytest.fail(f"these tests need the data with known answers in {self.folder}", pytrace=False)
        self.posts = self.folder / f"posts.tsv{ending}"
        self.accounts = self.folder / f"accounts.tsv{ending}"
        self._answers = self.folder / f"expected_pairs_{lowest}.tsv{ending}"

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
    return Known("tiny", "0.5", "")


def medium() -> Known:
    return Known("medium", "0.7", ".gz")


def ira() -> Known:
    return Known("ira", "0.7", ".gz")


def _read(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
