"""A URL names the files that the same path on this machine names."""

from __future__ import annotations

import gzip

import pytest

from jobs.inputs.paths import named_files
from lookalike.errors import UsageError

from .inputs import Twice
from .proxy import Proxy

NAMES = (
    *(
        "a.tsv",
        "f/1.tsv",
        "f/2.tsv",
        "f/_SUCCESS",
        "f/.1.crc",
        "f/empty",
        "f/deep/4.tsv",
        "f/deep/er/5.tsv",
        "g/3.tsv",
    ),
    *(
        "[x].tsv",
        ".hidden.tsv",
        ".g/6.tsv",
        "odd/100% sure?#1 é+&.tsv",
        "odd/day=1.tsv",
        "none/_only",
        "below/only/7.tsv",
    ),
)


def said(path: str) -> list[str] | str:
    try:
        return sorted(named_files(path))
    except UsageError as error:
        return str(error)


@pytest.mark.parametrize(
    "path",
    [
        *(
            "a.tsv",
            "f",
            "f/",
            "f/1.tsv",
            "f/*.tsv",
            "?/*",
            "*/[!1].tsv",
            "f/*/4.tsv",
            "f/*/*/*.tsv",
            "*",
            ".*",
            "*/*.crc",
        ),
        *(".g", ".g/*", "*g/*", ".*/*", "[x].tsv", "odd", "odd/100% sure?#1 é+&.tsv", "odd/day=*", "f/deep", "f/**"),
        *("none", "below", "gone", "gone.tsv", "gone/*", "f/*.csv", "a.tsv/b", "f/1", "*/gone.tsv", "**/3.tsv"),
    ],
)
def test_a_url_names_what_a_path_names(twice: Twice, path: str) -> None:
    for name in NAMES:
        twice.put(name, b"" if name.endswith("empty") else b"id\tvalue\n1\tone\n")
    here, there = said(twice.here(path)), said(twice.there(path))
    if isinstance(here, str):
        assert isinstance(there, str)
        assert there.replace(twice.url, "") == here.replace(str(twice.folder), "")
    else:
        named = [name.rstrip("/").replace(twice.url, "") for name in there]
        assert named == [name.rstrip("/").replace(str(twice.folder), "") for name in here]


def test_what_is_empty_is_passed_over_unless_all_is(twice: Twice) -> None:
    for name in ("one.tsv", "two.tsv.gz"):
        twice.put(name, b"" if name == "one.tsv" else gzip.compress(b""))
    assert said(twice.url) == [twice.there("one.tsv"), twice.there("two.tsv.gz")]
    twice.put("three.tsv", b"id\n")
    assert said(twice.url) == [twice.there("three.tsv")]


def test_the_bucket_itself_is_a_folder(twice: Twice) -> None:
    twice.put("a.tsv", b"id\n")
    bucket = twice.url.removesuffix("/out").rpartition("/")[0]
    assert f"{bucket}/made" in said(bucket)  # which the server began with
    assert twice.there("a.tsv") in said(f"{bucket}/*/out/*.tsv")


def test_a_glob_lists_below_what_is_fixed_of_it(twice: Twice, proxy: Proxy) -> None:
    for number in range(3):
        twice.put(f"data/{number}/part/a.tsv", b"id\n")
        twice.put(f"other/{number}/part/a.tsv", b"id\n")
    proxy.asked.clear()
    assert len(said(twice.there("data/*/part/*.tsv"))) == 3
    listed = [asked.query for asked in proxy.asked if "list-type" in asked.query]
    assert 0 < len(listed) <= 6
    assert all("%2Fout%2Fdata%2F" in query for query in listed)
