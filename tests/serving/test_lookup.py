"""The original endpoint: what it answers, in which form, and what it refuses."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from typing import Any

import pyarrow as pa
import pytest

from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots.reader import Snapshot

from .conftest import Published
from .running import PATH, Service, ServiceFactory

Answers = dict[str, list[list[Any]]]


def answers(published: Published, min_similarity: str) -> Answers:
    """The known pairs of each hashtag, as the endpoint writes them."""
    found: Answers = defaultdict(list)
    for hashtag, a, b, _, similarity in published.known.pairs(min_similarity):
        found[hashtag].append([a, b, similarity])
    return found


def hashtags(published: Published) -> list[str]:
    table = Snapshot.open(FolderOutput(published.output)).stored("hashtags", None)
    keys = [key for file in table.files for group in range(len(file.bounds)) for key in _keys(file.read(group))]
    assert len(keys) > 3
    return keys


def _keys(rows: pa.Table) -> list[str]:
    keys: list[str] = rows.column("hashtag").to_pylist()
    return keys


@pytest.mark.parametrize("min_similarity", ["1", "0.8", pytest.param("0.7", marks=pytest.mark.thorough)])
def test_every_hashtag_has_the_known_pairs(
    medium_snapshot: Published, medium_service: Service, min_similarity: str
) -> None:
    expected = answers(medium_snapshot, min_similarity)
    found = {key: medium_service.client.pairs(key, min_similarity) for key in hashtags(medium_snapshot)}
    assert {key: pairs for key, pairs in found.items() if pairs} == expected


@pytest.mark.parametrize("min_similarity", ["1", "0.95", "0.9", "0.8", "0.6666666666666666", "0.5"])
def test_every_hashtag_of_the_traps_has_the_known_pairs(
    tiny_snapshot: Published, tiny_service: Service, min_similarity: str
) -> None:
    expected = answers(tiny_snapshot, min_similarity)
    found = {key: tiny_service.client.pairs(key, min_similarity) for key in hashtags(tiny_snapshot)}
    assert {key: pairs for key, pairs in found.items() if pairs} == expected


def test_without_a_similarity_it_is_0_8(medium_snapshot: Published, medium_service: Service) -> None:
    assert medium_service.client.pairs("diedsuddenly") == answers(medium_snapshot, "0.8")["diedsuddenly"]


def test_a_similarity_sent_back_as_printed_finds_its_pair(tiny_snapshot: Published, tiny_service: Service) -> None:
    everything = answers(tiny_snapshot, "0.5")
    printed = {str(pair[2]) for pairs in everything.values() for pair in pairs} | {"0.8333333333333334"}
    for similarity in printed:
        for hashtag, pairs in everything.items():
            expected = [pair for pair in pairs if pair[2] >= float(similarity)]
            assert tiny_service.client.pairs(hashtag, similarity) == expected


@pytest.mark.parametrize("spelling", ["diedsuddenly", "#DiedSuddenly", " DIEDSUDDENLY ", "##\uff44iedsuddenly"])
def test_any_spelling_finds_the_hashtag(medium_service: Service, spelling: str) -> None:
    assert medium_service.client.pairs(spelling) == medium_service.client.pairs("diedsuddenly") != []


@pytest.mark.parametrize("min_similarity", ["0.8", "0", "1"])
@pytest.mark.parametrize("hashtag", ["nobodyusedthis", "né\0€😀", "x" * 4096, '"', "../../etc/passwd"])
def test_an_unknown_hashtag_has_no_pairs(medium_service: Service, hashtag: str, min_similarity: str) -> None:
    answer = medium_service.client.get(PATH, params={"hashtag": hashtag, "min_similarity": min_similarity})
    assert (answer.status_code, answer.content) == (200, b'{"similar_account_pairs":[]}')


@pytest.mark.parametrize("min_similarity", ["0.8", "0.7", "0.9"])
def test_pages_put_together_are_the_whole(medium_service: Service, min_similarity: str) -> None:
    client = medium_service.client
    whole = client.pairs("covid19", min_similarity)
    step = 37
    pages = [
        client.pairs("covid19", min_similarity, limit=step, offset=start) for start in range(0, len(whole), step)
    ]
    assert [pair for page in pages for pair in page] == whole
    assert client.pairs("covid19", min_similarity, offset=5) == whole[5:]
    assert client.pairs("covid19", min_similarity, offset=len(whole)) == []
    assert client.pairs("covid19", min_similarity, limit=2**31 - 1, offset=2**31 - 1) == []


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("", "hashtag"),
        ("min_similarity=0.9", "hashtag"),
        ("hashtag=", "hashtag"),
        ("hashtag=%20%23%20", "hashtag"),
        ("hashtag=" + "x" * 4097, "hashtag"),
        ("hashtag=%ff", "hashtag"),
        ("hashtag=%ed%a0%80", "hashtag"),
        ("hashtag=a&hashtag=b", "hashtag"),
        ("hashtag=a&min_similarity=", "min_similarity"),
        ("hashtag=a&min_similarity=1.01", "min_similarity"),
        ("hashtag=a&min_similarity=-0.1", "min_similarity"),
        ("hashtag=a&min_similarity=nan", "min_similarity"),
        ("hashtag=a&min_similarity=0x1", "min_similarity"),
        ("hashtag=a&min_similarity=0,8", "min_similarity"),
        ("hashtag=a&min_similarity=1e9999", "min_similarity"),
        ("hashtag=a&min_similarity=%d9%a1", "min_similarity"),
        ("hashtag=a&limit=0", "limit"),
        ("hashtag=a&limit=-1", "limit"),
        ("hashtag=a&limit=1.5", "limit"),
        ("hashtag=a&limit=99999999999", "limit"),
        ("hashtag=a&offset=-1", "offset"),
        ("hashtag=a&offset=x", "offset"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named(medium_service: Service, query: str, parameter: str) -> None:
    answer = medium_service.client.get(f"{PATH}?{query}")
    problem = answer.json()
    assert answer.status_code == problem["status"] == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["type"] == "urn:lookalike:problem:invalid-parameter"
    assert problem["parameter"] == parameter
    assert problem["detail"].startswith(f"{parameter}: ")


def test_a_similarity_may_be_written_as_numbers_are(medium_service: Service) -> None:
    client = medium_service.client
    for text in ("0.80", ".8", "8e-1", "+0.8", "0.8000000000"):
        assert client.pairs("diedsuddenly", text) == client.pairs("diedsuddenly", "0.8")
    for text in ("-0.0", "0", "5e-324"):
        assert client.pairs("nobodyusedthis", text) == []


def test_unknown_parameters_are_ignored(medium_service: Service) -> None:
    assert medium_service.client.pairs("diedsuddenly", _="1", x="") == medium_service.client.pairs("diedsuddenly")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(medium_service: Service, method: str) -> None:
    answer = medium_service.client.request(method, f"{PATH}?hashtag=a")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("coding", ["identity", "gzip", "zstd"])
@pytest.mark.parametrize("hashtag", ["diedsuddenly", "nobodyusedthis"])
def test_head_has_the_headers_of_get(medium_service: Service, hashtag: str, coding: str) -> None:
    for _ in range(2):  # before it is in the cache and after
        request: dict[str, Any] = {"params": {"hashtag": hashtag}, "headers": {"accept-encoding": coding}}
        head, get = (medium_service.client.request(method, PATH, **request) for method in ("HEAD", "GET"))
        assert head.content == b""
        unlike = {"x-request-id", "date"}
        assert {k: v for k, v in head.headers.items() if k not in unlike} == {
            k: v for k, v in get.headers.items() if k not in unlike
        }


def raw(service: Service, url: str, **headers: str) -> tuple[dict[str, str], bytes]:
    """The headers and the body as it was sent."""
    with service.client.stream("GET", url, headers=headers) as answer:
        assert answer.status_code == 200
        return dict(answer.headers), b"".join(answer.iter_raw())


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("", None),
        ("identity", None),
        ("br", None),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("zstd", "zstd"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip;q=1.0, zstd;q=0.5", "gzip"),
        ("gzip;q=0, zstd;q=0", None),
        ("*", "zstd"),
        ("*, zstd;q=0", "gzip"),
        ("GZIP", "gzip"),
        ("gzip;q=x", None),
    ],
)
def test_the_coding_is_one_that_the_client_takes(medium_service: Service, accepted: str, chosen: str | None) -> None:
    url = f"{PATH}?hashtag=covid19"
    _, plain = raw(medium_service, url)
    headers, body = raw(medium_service, url, **{"accept-encoding": accepted})
    assert headers.get("content-encoding") == chosen
    assert headers["vary"] == "accept-encoding"
    assert int(headers["content-length"]) == len(body)
    if chosen == "gzip":
        body = gzip.decompress(body)
    if chosen == "zstd":
        body = pa.decompress(body, len(plain), codec="zstd", asbytes=True)
    assert body == plain


def test_a_small_answer_is_not_compressed(medium_service: Service) -> None:
    headers, body = raw(medium_service, f"{PATH}?hashtag=covid19&limit=3", **{"accept-encoding": "gzip, zstd"})
    assert "content-encoding" not in headers
    assert len(json.loads(body)["similar_account_pairs"]) == 3


@pytest.mark.parametrize("coding", ["identity", "gzip", "zstd"])
def test_who_has_the_answer_already_is_told_so(medium_service: Service, coding: str) -> None:
    client = medium_service.client
    url = f"{PATH}?hashtag=covid19"
    accepted = {"accept-encoding": coding}
    tag = client.get(url, headers=accepted).headers["etag"]
    strong = tag.removeprefix("W/")
    for known in (tag, strong, f"W/{strong}", f'"other", {tag}', f'{tag},"other"', "*"):
        answer = client.get(url, headers=accepted | {"if-none-match": known})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["vary"] == "accept-encoding"
        assert known == "*" or answer.headers["etag"] == tag
    for other in ('"other"', "", strong.strip('"'), f'"{strong.strip(chr(34))}x"'):
        assert client.get(url, headers=accepted | {"if-none-match": other}).status_code == 200


def test_a_wrong_question_is_wrong_although_it_is_known(medium_service: Service) -> None:
    answer = medium_service.client.get(f"{PATH}?hashtag=", headers={"if-none-match": "*"})
    assert answer.status_code == 422


def test_codings_have_tags_of_their_own(medium_service: Service) -> None:
    tags = {
        medium_service.client.get(f"{PATH}?hashtag=covid19", headers={"accept-encoding": coding}).headers["etag"]
        for coding in ("identity", "gzip", "zstd")
    }
    assert len(tags) == 3


def test_a_cache_with_no_room_changes_no_answer(
    medium_snapshot: Published, serve: ServiceFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.snapshots.cache.OVERHEAD", 20_000)  # so that 52 answers fill it
    service = serve(medium_snapshot.output, cache_bytes=1 << 20, open_footers=8)
    expected = answers(medium_snapshot, "0.8")
    some = sorted(hashtags(medium_snapshot), key=lambda key: -len(expected[key]))[:150]
    for _ in range(2):
        assert {key: service.client.pairs(key) for key in some} == {key: expected[key] for key in some}
    assert 'lookalike_cache_lookups_total{result="miss"} 300.0' in service.client.get("/metrics").text


def test_the_document_describes_it(medium_service: Service) -> None:
    operation = medium_service.client.get("/openapi.json").json()["paths"][PATH]["get"]
    assert [parameter["name"] for parameter in operation["parameters"]] == [
        "hashtag", "min_similarity", "limit", "offset"
    ]  # fmt: skip


def test_pages_of_listed_origins_may_read_cached_answers_each_time(
    medium_snapshot: Published, serve: ServiceFactory
) -> None:
    """A cached answer is sent any number of times, so what one request adds to it must not stay."""
    service = serve(medium_snapshot.output, cors_origins=("https://desk.example",))
    hashtag = medium_snapshot.known.pairs("0.9")[0][0]
    for origin, allowed in 3 * [("https://desk.example", "https://desk.example"), ("https://else.example", None)]:
        answer = service.client.get(PATH, params={"hashtag": hashtag}, headers={"origin": origin})
        assert (answer.status_code, answer.headers.get("access-control-allow-origin")) == (200, allowed)
        assert answer.headers.get_list("vary") == ["accept-encoding, Origin"]
        assert answer.headers.get_list("content-type") == ["application/json"]
