"""The hand-made process and DuckDB alone find exactly the pairs that comparing every two members finds."""

import itertools
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from bench import duckdb_alone, peers
from bench.generate import Shape, generate
from bench.handmade import find_pairs, folded
from bench.handmade import main as handmade
from bench.jobrun import values
from bench.names import screen_names
from bench.peers import allowed_edits, cdist_pairs, near_pairs
from bench.stress.data import Recipe, recipe_of, write_data
from lookalike.hashtags import normalise

FOUR_FIFTHS = Fraction("0.8")
Pair = tuple[str, str, str, int]


def read_rows(path: Path) -> list[dict[str, str]]:
    lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    header, *rows = [line.split("\t") for line in lines]
    return [dict(zip(header, row, strict=True)) for row in rows]


def brute_force(folder: Path, threshold: Fraction) -> set[Pair]:
    name_of = {row["id"]: row["screen_name"] for row in read_rows(folder / "accounts.tsv")}
    members: dict[str, set[str]] = {}
    for row in read_rows(folder / "posts.tsv"):
        for text in row["hashtags"].split("|"):
            if row["author_id"] in name_of and normalise(text):
                members.setdefault(normalise(text), set()).add(row["author_id"])
    found = set()
    for hashtag, accounts in members.items():
        for a, b in itertools.combinations(sorted(accounts), 2):
            distance = Levenshtein.distance(name_of[a], name_of[b])
            if distance <= (1 - threshold) * max(len(name_of[a]), len(name_of[b])):
                found.add((hashtag, a, b, distance))
    return found


def pairs_of(file: Path) -> list[Pair]:
    columns = pq.read_table(file).select(["hashtag", "account_a", "account_b", "distance"])
    return list(zip(*columns.to_pydict().values(), strict=True))


@pytest.mark.thorough
@pytest.mark.parametrize("threshold", ["0.8", "0.6"])
def test_generated_data_gives_the_pairs_of_brute_force(tmp_path: Path, threshold: str) -> None:
    generate(Shape(accounts=600, posts=6_000, hashtags=60), tmp_path)
    out = tmp_path / "it's.parquet"
    assert handmade([str(tmp_path), str(out), "--min-similarity", threshold]) == 0
    expected = brute_force(tmp_path, Fraction(threshold))
    assert len(expected) > 100
    assert sorted(pairs_of(out)) == sorted(expected)


# One with strange letters, repeated, short and long names; and whatever else a seed stands for.
RICH = Recipe(1, 400, 41, 1.0, 0.2, 0.05, 0.02, 0.05, "0.75", 513, 3)


@pytest.mark.parametrize(
    "recipe", [RICH, *(pytest.param(recipe_of(seed, 400), marks=pytest.mark.thorough) for seed in range(4))]
)
def test_stress_data_gives_the_pairs_of_brute_force(tmp_path: Path, recipe: Recipe) -> None:
    write_data(recipe, tmp_path)
    threshold = Fraction(recipe.threshold)
    find_pairs(tmp_path, threshold, tmp_path / "out.parquet")
    assert sorted(pairs_of(tmp_path / "out.parquet")) == sorted(brute_force(tmp_path, threshold))


def test_stress_data_holds_what_it_is_for(tmp_path: Path) -> None:
    write_data(RICH, tmp_path)
    names = [row["screen_name"] for row in read_rows(tmp_path / "accounts.tsv")]
    assert len(set(names)) < len(names) == RICH.accounts
    assert min(map(len, names)) <= 5
    assert max(map(len, names)) > 64
    assert len(set("".join(names)) - set(map(chr, range(128)))) > 20
    assert len(set("".join(names))) <= peers.SYMSCAN_LETTERS
    posts = read_rows(tmp_path / "posts.tsv")
    assert RICH.posts < len(posts) == len({row["id"] for row in posts}) + len(posts) - RICH.posts
    tags = {tag for row in posts for tag in row["hashtags"].split("|")}
    assert len({normalise(tag) for tag in tags} - {""}) == RICH.hashtags
    assert {"\uff56\uff4f\uff54\uff45", " # vote ", "#vote", "VOTE", "#"} <= tags
    write_data(RICH, tmp_path / "again")
    assert (tmp_path / "again" / "posts.tsv").read_bytes() == (tmp_path / "posts.tsv").read_bytes()


@given(st.text(alphabet="# \u3000\uff03\ufe5fAß\u0130\u00b2\ufb01\u1fb3e\u0301\x1c\xa0"))
@example("\uff03 #\u3000\ufb01RST ")
def test_a_spelling_has_the_key_that_the_job_gives_it(text: str) -> None:
    assert folded(text) == normalise(text)


NAMES = st.lists(st.text(alphabet="abcdé名", min_size=1, max_size=24), unique=True, max_size=25)


def as_set(pairs: peers.Pairs) -> list[tuple[int, int, int]]:
    return sorted((min(a, b), max(a, b), d) for a, b, d in zip(*(column.tolist() for column in pairs), strict=True))


@given(NAMES, st.sampled_from(["0.5", "0.667", "0.75", "0.8", "0.9", "1"]))
@example(["abcde", "abcdf", "abcd", "abc"], "0.8")
def test_the_two_peers_together_find_what_every_pair_by_itself_shows(names: list[str], text: str) -> None:
    threshold = Fraction(text)
    expected = [
        (a, b, distance)
        for a, b in itertools.combinations(range(len(names)), 2)
        if (distance := Levenshtein.distance(names[a], names[b]))
        <= (1 - threshold) * max(len(names[a]), len(names[b]))
    ]
    assert as_set(near_pairs(names, threshold, cores=1)) == expected
    assert as_set(cdist_pairs(names, threshold)) == expected


def test_more_letters_than_symscan_takes_are_left_to_rapidfuzz() -> None:
    names = [chr(0x4E00 + number) + "ending" for number in range(200)]
    pairs = near_pairs(names, Fraction("0.85"), cores=1)
    assert len(as_set(pairs)) == 200 * 199 // 2
    assert set(pairs[2].tolist()) == {1}


def test_blocks_of_the_matrix_meet_at_their_edges(monkeypatch: pytest.MonkeyPatch) -> None:
    names = sorted(screen_names(300, seed=2).to_pylist(), key=len)
    whole = as_set(cdist_pairs(names, FOUR_FIFTHS))
    monkeypatch.setattr(peers, "CDIST_ROWS", 7)
    assert whole
    assert as_set(cdist_pairs(names, FOUR_FIFTHS)) == whole
    later = [pair for pair in whole if pair[1] >= 200]
    assert as_set(cdist_pairs(names, FOUR_FIFTHS, first=200)) == later


def test_the_allowed_edits_are_exact_at_the_threshold() -> None:
    lengths = np.array([4, 5, 9, 10, 15, 20])
    assert allowed_edits(lengths, FOUR_FIFTHS).tolist() == [0, 1, 1, 2, 3, 4]


def test_duckdb_alone_finds_all_pairs_of_a_sample_that_is_everything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    generate(Shape(accounts=600, posts=6_000, hashtags=60), tmp_path)
    duckdb_alone.main([str(tmp_path), "--sample", "100000000"])
    whole = values(capsys.readouterr().out)
    assert whole["found"] == len(brute_force(tmp_path, FOUR_FIFTHS))
    assert whole["sampled"] == whole["sharing"] > 0
    duckdb_alone.main([str(tmp_path), "--sample", str(int(whole["sharing"]) // 3)])
    part = values(capsys.readouterr().out)
    assert 0 < part["sampled"] <= whole["sharing"] / 3
    assert (part["sharing"], part["found"] < whole["found"]) == (whole["sharing"], True)
