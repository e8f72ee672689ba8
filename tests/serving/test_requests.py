"""What holds for every path: HEAD, paths that are not UTF-8, redirects, long hashtags."""

import asyncio
from pathlib import Path
from urllib.parse import quote

import pytest

from lookalike.hashtags import MOST_BYTES
from serving.middleware.bounds import Bounds
from serving.middleware.head import HeadAsGet
from tests.serving.opscall import Observed, ask, call, hello, scope_of
from tests.snapshots.publishing import publish_sample
from tests.snapshots.samples import make_sample

from .conftest import Published
from .running import PATH, Service, ServiceFactory

PAIRS = "/api/v1/hashtags/{}/pairs"


@pytest.mark.parametrize(
    "target",
    [
        "/api/v1/hashtags",
        "/api/v1/hashtags/covid19",
        "/api/v1/hashtags/covid19/pairs",
        "/api/v1/hashtags/covid19/pairs?format=csv",
        "/api/v1/hashtags/covid19/pairs?format=arrow",
        "/api/v1/hashtags/nobodyusedthis",
        "/api/v1/hashtags?limit=0",
        "/api/v1/accounts/{}",
        "/api/v1/compare?a={}&b={}",
        "/api/v1/snapshot",
        f"{PATH}?hashtag=covid19",
        "/livez",
        "/readyz",
        "/metrics",
        "/docs",
        "/docs/docs.css",
        "/docs/docs.js",
        "/openapi.json",
        "/nothing",
    ],
)
def test_head_answers_as_get_without_a_body(medium_snapshot: Published, medium_service: Service, target: str) -> None:
    _, a, b, *_ = medium_snapshot.known.pairs("0.8")[0]
    head, get = (medium_service.client.request(method, target.format(a, b)) for method in ("HEAD", "GET"))
    assert (head.status_code, head.content) == (get.status_code, b"")
    varying = {"date", "x-request-id", "transfer-encoding", *(["content-length"] if target in ("/metrics",) else [])}
    if get.status_code >= 400:
        varying.add("content-length")  # the problem names the request
    assert {name: value for name, value in head.headers.items() if name not in varying} == {
        name: value for name, value in get.headers.items() if name not in varying
    }


def test_head_counts_under_the_path_that_it_asks_for() -> None:
    async def routed(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        scope["route"] = type("Route", (), {"path_format": "/api/v1/snapshot"})
        await hello(scope, receive, send)
        del scope["state"]["route"]

    observed = Observed(HeadAsGet(routed))
    assert call(observed.app, method="HEAD").body == b""
    assert (observed.last["labels.route"], observed.last["http.request.method"]) == ("/api/v1/snapshot", "HEAD")


def test_of_a_streamed_answer_head_sends_no_more_than_the_start() -> None:
    async def endless(scope, _receive, send) -> None:  # type: ignore[no-untyped-def]
        assert scope["method"] == "GET"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(100):
            await send({"type": "http.response.body", "body": b"x" * 100, "more_body": True})

    sent = []

    async def see(message) -> None:  # type: ignore[no-untyped-def]
        sent.append(message)

    scope = scope_of("/", method="HEAD")
    asyncio.run(ask(Observed(HeadAsGet(endless)).app, scope, see))
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[1].get("more_body", False) is False


def test_another_method_is_told_both(medium_service: Service) -> None:
    for path in ("/api/v1/snapshot", PATH, "/livez"):
        answer = medium_service.client.post(path)
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "path", ["/api/v1/hashtags/%FF", "/api/v1/accounts/a%C3", "/api/v1/hashtags/%ED%A0%80/pairs"]
)
def test_a_path_that_is_not_utf_8_is_refused_as_a_query_is(medium_service: Service, path: str) -> None:
    answer = medium_service.client.get(path)
    assert (answer.status_code, answer.json()["detail"]) == (422, "path: is not UTF-8")
    query = medium_service.client.get("/api/v1/hashtags?query=%FF")
    assert (query.status_code, query.json()["detail"]) == (422, "query: is not UTF-8")


def test_a_slash_that_is_sent_as_2f_ends_no_part_of_a_path(tmp_path: Path, serve: ServiceFactory) -> None:
    names = ["a", "a/pairs", "a/b", "/"]
    publish_sample(tmp_path / "output", make_sample(dict.fromkeys(names, 9), floor="0.5"))
    client = serve(tmp_path / "output").client
    for name in names:
        one = client.get("/api/v1/hashtags/" + quote(name, safe=""))
        assert (one.status_code, one.json()["hashtag"]) == (200, name)
        assert client.get(PAIRS.format(quote(name, safe=""))).json()["hashtag"] == name
    assert client.get("/api/v1/hashtags/a/pairs").json()["pairs"] != []
    assert client.get("/api/v1/hashtags/a/b").json()["hashtag"] == "a/b"
    assert client.get("/nowhere%2fat/all").status_code == 404
    assert client.get("/livez%2f").status_code == 404


def test_a_replacement_character_that_is_meant_is_no_mistake() -> None:
    bounded = Observed(Bounds(hello, url_bytes=300, parameter_bytes=100)).app
    assert call(bounded, "/%EF%BF%BD").status == 200
    assert call(bounded, "/100%25").status == 200
    assert call(bounded, "/%FF").problem["parameter"] == "path"


@pytest.mark.parametrize("path", ["/docs/", "/api/v1/snapshot/", "/api/v1/hashtags/", "//evil.example/", "/livez/"])
def test_no_answer_leads_to_where_the_host_header_says(medium_service: Service, path: str) -> None:
    answer = medium_service.client.get(medium_service.url + path, headers={"host": "evil.example"})
    assert "evil.example" not in answer.headers.get("location", "")
    if path == "/docs/":
        assert (answer.status_code, answer.headers["location"]) == (307, "../docs")
        assert medium_service.client.get(path, follow_redirects=True).url.path == "/docs"


@pytest.mark.parametrize("long", ["a" * 257, "é" * 1000, "𝄞" * (MOST_BYTES // 4)])
def test_a_long_hashtag_that_is_listed_can_be_asked_for(tmp_path: Path, serve: ServiceFactory, long: str) -> None:
    publish_sample(tmp_path / "output", make_sample({long: 20, "short": 5}, floor="0.5"))
    client = serve(tmp_path / "output").client
    listed = [each["hashtag"] for each in client.get("/api/v1/hashtags").json()["hashtags"]]
    assert listed == [long, "short"]
    assert client.get("/api/v1/hashtags/" + quote(long)).json()["hashtag"] == long
    assert [
        each["hashtag"] for each in client.get("/api/v1/hashtags", params={"query": long}).json()["hashtags"]
    ] == [long]
    pairs = client.get(PAIRS.format(quote(long)), params={"limit": 1000}).json()["pairs"]
    assert len(client.pairs(long, "0.5")) == len(pairs) > 0
