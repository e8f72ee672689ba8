"""The generated test data: deterministic, of the asked size, with families that really look alike."""

import csv
from pathlib import Path

import numpy as np
import pytest
from rapidfuzz.distance import Levenshtein

from bench import words
from bench.generate import Shape, generate, main
from bench.hashtags import popularity_by_rank, spellings_of
from bench.names import MAX_LENGTH, screen_names, screen_names_with_families

SHAPE = Shape(accounts=3_000, posts=30_000, hashtags=500)


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("generated")
    generate(SHAPE, out)
    return out


@pytest.fixture(scope="module")
def posts(folder: Path) -> list[dict[str, str]]:
    return read_rows(folder / "posts.tsv")


@pytest.fixture(scope="module")
def accounts(folder: Path) -> list[dict[str, str]]:
    return read_rows(folder / "accounts.tsv")


def test_the_same_seed_gives_the_same_files_and_another_seed_others(folder: Path, tmp_path: Path) -> None:
    generate(SHAPE, tmp_path / "again")
    generate(SHAPE, tmp_path / "other", seed=1)
    for name in ("posts.tsv", "accounts.tsv"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()
        assert (tmp_path / "other" / name).read_bytes() != (folder / name).read_bytes()


def test_more_posts_leave_the_first_ones_as_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.generate.CHUNK_ROWS", 7_000)
    generate(SHAPE, tmp_path / "more")
    generate(Shape(SHAPE.accounts, 14_000, SHAPE.hashtags), tmp_path / "fewer")
    more = [row["id"] for row in read_rows(tmp_path / "more" / "posts.tsv")]
    fewer = [row["id"] for row in read_rows(tmp_path / "fewer" / "posts.tsv")]
    assert len(set(more)) == SHAPE.posts
    assert fewer == more[:14_000]


def test_files_have_the_columns_and_rows_asked_for(
    posts: list[dict[str, str]], accounts: list[dict[str, str]]
) -> None:
    assert list(posts[0]) == ["id", "created_at", "author_id", "is_repost", "text", "hashtags"]
    assert list(accounts[0]) == ["id", "created_at", "screen_name"]
    assert (len(posts), len(accounts)) == (SHAPE.posts, SHAPE.accounts)
    assert len({row["id"] for row in posts}) == SHAPE.posts
    assert len({row["id"] for row in accounts}) == SHAPE.accounts
    assert {row["author_id"] for row in posts} <= {row["id"] for row in accounts}
    assert all(None not in row.values() and len(row) == 6 for row in posts)


def test_posts_are_as_varied_as_real_ones(posts: list[dict[str, str]]) -> None:
    without = sum(not row["hashtags"] for row in posts) / len(posts)
    assert 0.2 < without < 0.3
    assert {row["is_repost"] for row in posts} == {"True", "False"}
    assert any(row["text"].startswith('"') for row in posts)
    assert 70 < np.mean([len(row["text"]) for row in posts]) < 130
    spellings = {tag for row in posts for tag in row["hashtags"].split("|") if tag.lower() == "vote"}
    assert spellings == {"Vote", "vote", "VOTE"}


def test_the_largest_hashtag_reaches_about_a_third_of_the_accounts(posts: list[dict[str, str]]) -> None:
    members: dict[str, set[str]] = {}
    for row in posts:
        for tag in row["hashtags"].lower().split("|"):
            members.setdefault(tag, set()).add(row["author_id"])
    members.pop("", None)
    sizes = sorted((len(authors) for authors in members.values()), reverse=True)
    assert 0.27 < sizes[0] / SHAPE.accounts < 0.4
    assert sizes[1] < sizes[0]
    assert len(sizes) <= SHAPE.hashtags


def test_every_variant_is_similar_to_the_original_of_its_family() -> None:
    names, family, originals = screen_names_with_families(20_000, seed=3)
    texts = names.to_pylist()
    for index in np.flatnonzero(family >= 0):
        original = texts[originals[family[index]]]
        distance = Levenshtein.distance(texts[index], original)
        assert 5 * distance <= max(len(texts[index]), len(original)), (texts[index], original)
    sizes = np.bincount(family[family >= 0])
    assert sizes.sum() == 2_000
    assert sizes.max() > 10


def test_members_of_a_family_push_its_hashtags(posts: list[dict[str, str]], accounts: list[dict[str, str]]) -> None:
    names, family, _ = screen_names_with_families(SHAPE.accounts)
    assert [row["screen_name"] for row in accounts] == names.to_pylist()
    family_of = {row["id"]: int(number) for row, number in zip(accounts, family, strict=True)}
    firsts: dict[int, list[str]] = {}
    for row in posts:
        if row["hashtags"] and family_of[row["author_id"]] >= 0:
            firsts.setdefault(family_of[row["author_id"]], []).append(row["hashtags"].split("|")[0].lower())
    for tags in firsts.values():
        if len(tags) >= 50:
            most_used = sorted((tags.count(tag) for tag in set(tags)), reverse=True)
            assert sum(most_used[:3]) / len(tags) > 0.45


@pytest.mark.parametrize("n", [0, 1, 2, 9, 10, 11, 25, 5_000])
def test_screen_names_are_distinct_whatever_their_case(n: int) -> None:
    names = screen_names(n, seed=5).to_pylist()
    assert len({name.lower() for name in names}) == n
    assert all(1 <= len(name) <= MAX_LENGTH and name.replace("_", "a").isalnum() for name in names)


def test_hashtags_are_distinct_whatever_their_case() -> None:
    n = len(words.TOPICS) * (len(words.TOPICS) + 1) + 20_000
    spellings = spellings_of(n).to_pylist()
    assert len({tag.lower() for tag in spellings}) == n
    assert spellings[:3] == ["Vote", "vote", "VOTE"]
    assert not [
        (one, other) for one in words.TOPICS for other in words.TOPICS if one != other and other.startswith(one)
    ]


def test_popularity_falls_with_rank() -> None:
    share = np.diff(popularity_by_rank(SHAPE.accounts, SHAPE.posts, SHAPE.hashtags), prepend=0)
    assert (np.diff(share) < 0).all()
    assert share.sum() == pytest.approx(1)


def test_a_single_hashtag_gets_every_account(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--single-hashtag", "--accounts", "500", "--out", str(tmp_path)]) == 0
    rows = read_rows(tmp_path / "posts.tsv")
    assert len({row["author_id"] for row in rows}) == len(rows) == 500
    assert {row["hashtags"].lower() for row in rows} == {"vote"}
    assert "500 accounts, 500 posts" in capsys.readouterr().out


def test_a_failure_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.generate.spellings_of", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        generate(SHAPE, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["accounts.tsv"]
