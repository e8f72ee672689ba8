"""Random posts and accounts of many kinds for the stress test, each kind and all of its data drawn from a seed.

Beyond what generate.py makes: names outside of ASCII, names that several accounts have, very short and very long
ones; hashtags of other scripts, with signs and spaces around them, in full-width letters; posts of unknown
accounts, rows that appear twice.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.hashtags import ACTIVITY, HASHTAGS_A_POST
from bench.names import screen_names

# With the letters, digits and _ of ordinary names below 128 characters, so that symscan can be given them.
_STRANGE = "éèüßøñİıſçÅ名字東京яжщאبप🙂🦅\u0301\u200dªﬁ²"
_BASES = ("vote", "Straße", "café", "ÇA", "İstanbul", "выборы", "選挙", "انتخابات", "🦅", "ﬁrst", "e\u0301t", "x²")
_WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F) if chr(code) != "|"}
_LOW = 0.7  # below it a tenth of the accounts: pairs abound, and rapidfuzz must find them
_POSTS_AN_ACCOUNT = 10


@dataclass(frozen=True)
class Recipe:
    """What one seed gives: the data's kind and the job's options. Shares are of the accounts."""

    seed: int
    accounts: int
    hashtags: int
    exponent: float  # of the Zipf law of hashtags; 0 uses all alike
    strange: float
    repeated: float
    short: float
    long: float
    threshold: str
    block_size: int
    buckets: int

    @property
    def posts(self) -> int:
        """Rows, without those that appear twice."""
        return self.accounts * _POSTS_AN_ACCOUNT

    def job_options(self) -> list[str]:
        """The job's options of this recipe."""
        options = {"min-similarity": self.threshold, "block-size": self.block_size, "buckets": self.buckets}
        return [word for name, value in options.items() for word in (f"--{name}", str(value))] + ["--quoting", "none"]


def recipe_of(seed: int, accounts: int) -> Recipe:
    """The recipe of a seed, for about so many accounts."""
    rng = random.Random(f"recipe {seed}")
    threshold = rng.choice(["0.8"] * 3 + ["0.5", "0.6", "0.667", "0.7", "0.75", "0.77", "0.85", "0.9", "0.93", "1"])
    fewer = accounts // 10 if float(threshold) < _LOW else accounts
    return Recipe(
        seed=seed,
        accounts=max(10, fewer),
        hashtags=rng.choice([1 + fewer * 3 // 10, 1 + fewer // 100, 40]),
        exponent=rng.choice([0.0, 0.6, 1.0]),
        strange=rng.choice([0.0, 0.02, 0.2]),
        repeated=rng.choice([0.0, 0.01, 0.05]),
        short=rng.choice([0.0, 0.005]),
        long=rng.choice([0.0, 0.003]),
        threshold=threshold,
        block_size=rng.choice([200, 513, 2_000, 10_000, 100_000]),
        buckets=rng.choice([1, 3, 16, 64, 200]),
    )


def write_data(recipe: Recipe, folder: Path) -> None:
    """Write the folder's posts.tsv and accounts.tsv, raw tab-separated text."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(f"data {recipe.seed}")
    names = _names(recipe, rng)
    ids = [_identity(rng) for _ in names]
    with (folder / "accounts.tsv").open("w", encoding="utf-8", newline="") as file:
        file.write("id\tcreated_at\tscreen_name\n")
        file.writelines(f"{key}\t2020-01-01 00:00:00+00:00\t{name}\n" for key, name in zip(ids, names, strict=True))
    with (folder / "posts.tsv").open("w", encoding="utf-8", newline="") as file:
        file.write("id\tcreated_at\tauthor_id\tis_repost\ttext\thashtags\n")
        file.writelines(_posts(recipe, rng, ids))


def _names(recipe: Recipe, rng: random.Random) -> list[str]:
    names: list[str] = screen_names(recipe.accounts, recipe.seed).to_pylist()

    def some(share: float) -> list[int]:
        return rng.sample(range(len(names)), int(share * len(names)))

    for place in some(recipe.short):
        names[place] = names[place][: rng.randint(1, 5)]
    longest = [""]
    for place in some(recipe.long):
        # One in two is an edit of the one before, or nothing of such length would be similar.
        before = longest[-1]
        fresh = not before or rng.random() < 0.5
        longest.append("_".join(rng.choices(names, k=rng.randint(3, 9))) if fresh else _edited(before, rng))
        names[place] = longest[-1]
    for place in some(recipe.strange):
        names[place] = _edited(names[place], rng)
    for place in some(recipe.repeated):
        names[place] = rng.choice(names)
    return names


def _edited(name: str, rng: random.Random) -> str:
    """A name with one character replaced by a strange one, or with one more."""
    at = rng.randrange(len(name))
    return name[:at] + rng.choice(_STRANGE) + name[at + rng.randint(0, 1) :]


def _posts(recipe: Recipe, rng: random.Random, ids: list[str]) -> Iterator[str]:
    numbers = np.random.default_rng([recipe.seed, 5])
    author = (len(ids) * numbers.random(recipe.posts) ** ACTIVITY).astype(np.int64).tolist()
    count = numbers.choice(len(HASHTAGS_A_POST), recipe.posts, p=HASHTAGS_A_POST).tolist()
    weight = np.arange(1, recipe.hashtags + 1) ** -recipe.exponent
    tags = iter(numbers.choice(recipe.hashtags, sum(count), p=weight / weight.sum()).tolist())
    spellings = [_spellings(number, rng) for number in range(recipe.hashtags)]
    for who, how_many in zip(author, count, strict=True):
        hashtags = "|".join(rng.choice(spellings[next(tags)]) for _ in range(how_many))
        known = ids[who] if rng.random() < 0.99 else _identity(rng)
        text = rng.choice(('"Vote', 'a "b"', "RT it"))
        line = f"{_identity(rng)}\t2024-05-06 07:08:09+00:00\t{known}\tFalse\t{text}\t{hashtags}\n"
        yield line
        if rng.random() < 0.005:
            yield line


def _spellings(number: int, rng: random.Random) -> list[str]:
    """Ways to write a hashtag that all have one key, and blank ones that have none."""
    base = _BASES[number % len(_BASES)]
    text = f"{base}{number // len(_BASES) or ''}"
    forms = [text, text, text.casefold(), f"#{text}", f" # {text} ", text.upper().replace("\u0130", "İ")]
    return [*forms, text.translate(_WIDE), rng.choice(["", "#", " "])]


def _identity(rng: random.Random) -> str:
    return f"{rng.getrandbits(64):016x}"
