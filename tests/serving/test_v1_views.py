from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots.reader import Snapshot
from lookalike.threshold import Threshold
from serving.api.alignment import compare_names
from serving.api.hashtags import bin_edges
from serving.api.snapshot import about
from tests.job.running import BUCKETS
from tests.snapshots.publishing import publish_sample
from tests.snapshots.samples import make_sample

from .conftest import Published
from .running import Service, ServiceFactory, eventually
from .v1tables import pages, rows

BASE = "/api/v1"


def get(service: Service, path: str, **parameters: Any) -> Any:
    answer = service.client.get(BASE + path, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def reasons(service: Service, a: str, b: str) -> list[str]:
    return [reason["code"] for reason in get(service, "/compare", a=a, b=b)["why_not"]]


@pytest.mark.parametrize("sort", ["pairs", "members", "name"])
@pytest.mark.parametrize("query", ["", "#Co", "VACC", "zzzz"])
def test_the_search_finds_all_that_begin_alike(
    medium_snapshot: Published, medium_service: Service, query: str, sort: str
) -> None:
    prefix = query.lstrip("#").lower()
    expected = [row for row in rows(medium_snapshot.output, "hashtags") if row["hashtag"].startswith(prefix)]
    if sort != "name":
        expected.sort(key=lambda row: -row[sort])
    assert pages(medium_service.client, f"{BASE}/hashtags", "hashtags", query=query, sort=sort, limit=400) == expected


def test_every_hashtag_is_told_in_full(tiny_snapshot: Published, tiny_service: Service) -> None:
    members = rows(tiny_snapshot.output, "members")
    pairs = rows(tiny_snapshot.output, "pairs")
    for row in rows(tiny_snapshot.output, "hashtags"):
        found = get(tiny_service, f"/hashtags/{row['hashtag']}")
        bins = found.pop("similarity_histogram")
        first = [m["first_post"] for m in members if m["hashtag"] == row["hashtag"] and m["first_post"]]
        last = [m["last_post"] for m in members if m["hashtag"] == row["hashtag"] and m["last_post"]]
        moments = {"first_post": min(first, default=None), "last_post": max(last, default=None)}
        assert found == row | moments | {
            "snapshot": Snapshot.open(FolderOutput(tiny_snapshot.output)).manifest.id,
            "floor": 0.9,
        }
        alike = [pair["similarity"] for pair in pairs if pair["hashtag"] == row["hashtag"]]
        for each in bins:
            below = 2 if each["below"] is None else each["below"]
            assert each["pairs"] == sum(each["at_least"] <= value < below for value in alike)
        assert sum(each["pairs"] for each in bins) == row["pairs"]


@pytest.mark.parametrize(
    ("floor", "first", "number"), [("0.8", ["0.8", "0.81"], 21), ("0.855", ["0.855", "0.86"], 16), ("1", ["1"], 1)]
)
def test_bins_begin_at_the_floor_and_end_at_1(floor: str, first: list[str], number: int) -> None:
    edges = bin_edges(Threshold.parse(floor))
    exact = [Fraction(edge.numerator, edge.denominator) for edge in edges]
    assert exact[:2] == [Fraction(edge) for edge in first]
    assert (exact[-1], len(exact)) == (Fraction(1), number)
    assert exact == sorted(set(exact))


def test_a_hashtag_is_found_in_any_spelling(medium_service: Service) -> None:
    found = [get(medium_service, f"/hashtags/{spelling}") for spelling in ("covid19", "%23COVID19", "\uff23ovid19")]
    assert found[0] == found[1] == found[2]


def test_every_account_has_its_rows(tiny_snapshot: Published, tiny_service: Service) -> None:
    used, alike = rows(tiny_snapshot.output, "account_hashtags"), rows(tiny_snapshot.output, "lookalikes")
    for row in rows(tiny_snapshot.output, "accounts"):
        key = row["account_id"]
        found = get(tiny_service, f"/accounts/{key}")
        assert {name: found[name] for name in ("account_id", "screen_name", "created_at", "posts")} == {
            name: row[name] for name in ("account_id", "screen_name", "created_at", "posts")
        }
        shown = ("hashtag", "posts", "reposts", "first_post", "last_post")
        mine = [{name: each[name] for name in shown} for each in used if each["account_id"] == key]
        assert found["hashtags"] == sorted(mine, key=lambda each: -each["posts"])
        others = [each for each in alike if each["account_id"] == key]
        assert found["lookalikes"] == [
            {"account_id": each["other_id"], "screen_name": each["other_name"]}
            | {name: each[name] for name in ("distance", "similarity", "hashtags")}
            for each in others
        ]
        assert (found["hashtag_count"], found["lookalike_count"]) == (len(mine), len(others))


@pytest.mark.parametrize("items", ["hashtags", "lookalikes"])
def test_the_pages_of_an_account_have_all_of_both_lists(
    medium_snapshot: Published, medium_service: Service, items: str
) -> None:
    account = max(rows(medium_snapshot.output, "accounts"), key=lambda row: row["lookalikes"])["account_id"]
    whole = get(medium_service, f"/accounts/{account}", limit=10_000)
    assert len(whole[items]) > 4
    assert pages(medium_service.client, f"{BASE}/accounts/{account}", items, limit=2) == whole[items]


def test_accounts_that_are_a_pair_are_compared_as_the_job_did(
    medium_snapshot: Published, medium_service: Service
) -> None:
    hashtags: dict[tuple[str, str], set[str]] = {}
    for hashtag, a, b, *_ in medium_snapshot.known.pairs("0.8"):
        hashtags.setdefault((a, b), set()).add(hashtag)
    similarity = {(a, b): (d, s) for _, a, b, d, s in medium_snapshot.known.pairs("0.8")}
    for (a, b), shared in list(hashtags.items())[:60]:
        found = get(medium_service, "/compare", a=a, b=b)
        assert (found["distance"], found["similarity"]) == similarity[a, b]
        assert (found["pair"], found["pair_hashtags"], found["why_not"]) == (True, len(shared), [])
        assert {each["hashtag"] for each in found["shared_hashtags"]} >= shared
        turned = get(medium_service, "/compare", a=b, b=a)
        assert turned["similarity"] == found["similarity"]
        assert [(s["b"], s["a"]) for s in turned["shared_hashtags"]] == [
            (s["a"], s["b"]) for s in found["shared_hashtags"]
        ]


def test_two_accounts_that_are_no_pair_are_told_why(medium_snapshot: Published, medium_service: Service) -> None:
    accounts = rows(medium_snapshot.output, "accounts")
    used: dict[str, set[str]] = {row["account_id"]: set() for row in accounts}
    for row in rows(medium_snapshot.output, "account_hashtags"):
        used[row["account_id"]].add(row["hashtag"])
    alone = [id for id, hashtags in used.items() if not hashtags]
    busy = [id for id, hashtags in used.items() if "covid19" in hashtags]
    pairs = {(a, b) for _, a, b, *_ in medium_snapshot.known.pairs("0.7")}
    unlike = next((a, b) for a in busy for b in busy if a < b and (a, b) not in pairs)
    assert reasons(medium_service, *unlike) == ["below_floor"]
    assert reasons(medium_service, busy[0], busy[0]) == ["same_account"]
    assert reasons(medium_service, busy[0], "nobody") == ["not_in_snapshot"]
    if alone:
        assert "no_shared_hashtag" in reasons(medium_service, busy[0], alone[0])


def test_similar_names_without_a_common_hashtag_are_no_pair(tmp_path: Path, serve: ServiceFactory) -> None:
    sample = make_sample({"one": 20, "two": 20}, accounts=60)
    publish_sample(tmp_path, sample)
    service = serve(tmp_path)
    names = {row["account_id"]: row["screen_name"] for row in sample.accounts}
    used: dict[str, set[str]] = {account: set() for account in names}
    for row in sample.members:
        used[row["account_id"]].add(row["hashtag"])
    manifest = Snapshot.open(FolderOutput(tmp_path)).manifest
    seen = set()
    for a in list(names)[:12]:
        for b in list(names)[:30]:
            if a < b:
                near = compare_names(manifest, names[a], names[b]).meets_floor
                wanted = ([] if used[a] & used[b] else ["no_shared_hashtag"]) + ([] if near else ["below_floor"])
                assert reasons(service, a, b) == wanted
                seen.add(tuple(wanted))
    assert len(seen) == 4


def test_names_are_compared_in_the_case_that_the_job_compared_them_in(medium_snapshot: Published) -> None:
    manifest = Snapshot.open(FolderOutput(medium_snapshot.output)).manifest
    folded = manifest.model_copy(update={"configuration": {"fold": "case"}})
    assert compare_names(manifest, "STRAßE", "strasse")[2:4] == (7, 0.0)
    assert compare_names(folded, "STRAßE", "strasse")[:4] == ("strasse", "strasse", 0, 1.0)


def test_the_snapshot_is_told_without_the_places_of_files(
    medium_snapshot: Published, medium_service: Service
) -> None:
    manifest = Snapshot.open(FolderOutput(medium_snapshot.output)).manifest
    answer = medium_service.client.get(f"{BASE}/snapshot")
    found = answer.json()
    assert (found["snapshot"], found["floor"], found["buckets"]) == (manifest.id, 0.8, BUCKETS)
    assert found["counts"]["similar_pairs"] == manifest.counts.similar_pairs
    assert found["configuration"]["blocking"] == "lossless"
    assert [file["name"] for file in found["inputs"]] == ["posts.tsv.gz", "accounts.tsv.gz"]
    assert str(medium_snapshot.output) not in answer.text
    assert str(medium_snapshot.known.folder) not in answer.text
    assert {table["table"]: table["rows"] for table in found["tables"]}["members"] == manifest.counts.memberships


def test_a_list_of_ignored_hashtags_is_told_without_its_place(medium_snapshot: Published) -> None:
    ignored = {"path": "/some/where/ignored.txt", "hashtags": 2, "sha256": "0" * 64}
    changes = {"configuration": {"ignore_hashtags": ignored, "verify": 3, "plan": False, "max_candidates": None}}
    told = about(Snapshot.open(FolderOutput(medium_snapshot.output)).manifest.model_copy(update=changes))
    assert told["configuration"] == {"ignore_hashtags": {"hashtags": 2, "sha256": "0" * 64}}


@pytest.mark.parametrize(
    ("path", "status", "parameter"),
    [
        ("/hashtags/nobodyusedthis", 404, "hashtag"),
        ("/hashtags/%20", 404, "hashtag"),
        ("/hashtags/%23", 404, "hashtag"),
        ("/hashtags/nobodyusedthis/pairs", 404, "hashtag"),
        ("/hashtags/covid19/pairs?min_similarity=1.1", 422, "min_similarity"),
        ("/hashtags/covid19/pairs?min_similarity=nan", 422, "min_similarity"),
        ("/hashtags/covid19/pairs?min_similarity=", 422, "min_similarity"),
        ("/hashtags/covid19/pairs?format=xml", 422, "format"),
        ("/hashtags/covid19/pairs?limit=0", 422, "limit"),
        ("/hashtags/covid19/pairs?limt=5", 422, "limt"),
        ("/hashtags/covid19?x=1", 422, "x"),
        ("/hashtags?limit=5&limit=6", 422, "limit"),
        ("/hashtags?query=%ff", 422, "query"),
        ("/hashtags?sort=posts", 422, "sort"),
        ("/hashtags?cursor=nonsense", 422, "cursor"),
        ("/hashtags?cursor=" + "A" * 68, 409, "cursor"),
        ("/hashtags?query=" + "a" * 4097, 422, "query"),
        ("/accounts/nobody", 404, "id"),
        ("/accounts/" + "a" * 5000, 404, "id"),
        ("/compare?a=1", 422, "b"),
        ("/compare?a=&b=1", 422, "a"),
        ("/snapshot?verbose=1", 422, "verbose"),
    ],
)
def test_what_cannot_be_answered_is_a_problem_that_names_the_parameter(
    medium_service: Service, path: str, status: int, parameter: str
) -> None:
    answer = medium_service.client.get(BASE + path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["status"], answer.json()["parameter"]) == (status, parameter)


def test_what_no_client_takes_is_not_acceptable(medium_service: Service) -> None:
    answer = medium_service.client.get(f"{BASE}/hashtags/covid19/pairs", headers={"accept": "text/html"})
    assert (answer.status_code, answer.json()["parameter"]) == (406, "Accept")
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_cursor_does_not_outlive_its_snapshot(tmp_path: Path, serve: ServiceFactory) -> None:
    sample = make_sample({"one": 20, "two": 20})
    old = publish_sample(tmp_path, sample).manifest.id
    service = serve(tmp_path)
    cursors = {path: get(service, path, limit=1)["next_cursor"] for path in ("/hashtags", "/hashtags/one/pairs")}
    new = publish_sample(tmp_path, sample).manifest.id
    eventually(lambda: get(service, "/snapshot")["snapshot"], lambda id: id == new)
    for path, cursor in cursors.items():
        answer = service.client.get(BASE + path, params={"cursor": cursor, "limit": 1})
        assert answer.status_code == 410
        assert old in answer.json()["detail"]
        assert new in answer.json()["detail"]


def test_a_page_has_no_more_rows_than_the_service_is_set_to(tmp_path: Path, serve: ServiceFactory) -> None:
    publish_sample(tmp_path, make_sample({"one": 20, "two": 20, "three": 3}))
    service = serve(tmp_path, max_limit=2)
    found = get(service, "/hashtags", limit=100)
    assert (len(found["hashtags"]), found["next_cursor"] is None) == (2, False)
    assert len(get(service, "/hashtags/one/pairs")["pairs"]) == 2


@pytest.mark.parametrize("format", ["json", "csv"])
def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path, serve: ServiceFactory, format: str) -> None:
    snapshot = publish_sample(tmp_path, make_sample({"one": 20}, buckets=1))
    service = serve(tmp_path)
    for entry in snapshot.manifest.files:
        if entry.table == "members":
            (tmp_path / entry.path).write_bytes(b"PAR1")
    answer = service.client.get(f"{BASE}/hashtags/one/pairs", params={"format": format})
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:lookalike:problem:damaged-snapshot")
    assert str(tmp_path) not in answer.text


@pytest.mark.parametrize("limit", ["%C2%A02", "2+", "1_0", "x", ""])
def test_a_limit_is_nothing_but_digits(tiny_service: Service, limit: str) -> None:
    answer = tiny_service.client.get(f"{BASE}/hashtags?limit={limit}")
    assert (answer.status_code, answer.json()["detail"]) == (422, "limit: must be a whole number")
