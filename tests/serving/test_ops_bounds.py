"""What is too long, and pages of other origins."""

import pytest

from serving.middleware.bounds import Bounds
from serving.middleware.protect import Bypass, let_pages_read
from tests.serving.opscall import Answer, Observed, call, hello

bounded = Observed(Bounds(hello, url_bytes=300, parameter_bytes=100)).app
ORIGIN = "https://desk.example"
cors = Observed(let_pages_read(hello, (ORIGIN,))).app
PREFLIGHT = [("Access-Control-Request-Method", "GET"), ("Access-Control-Request-Headers", "x-api-key")]


@pytest.mark.parametrize(("length", "status"), [(300, 200), (301, 414), (5000, 414)])
@pytest.mark.parametrize("start", ["/", "/%C3%A9/", "/?" + 2 * ("a" * 90 + "&")])
def test_a_url_is_bounded_as_it_is_sent(start: str, length: int, status: int) -> None:
    assert call(bounded, start + "c" * (length - len(start))).status == status


def test_a_long_url_is_told_its_bound() -> None:
    assert call(bounded, "/" + "x" * 400).problem["detail"] == "The URL is longer than 300 bytes."


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("hashtag=" + "x" * 100, 200),
        ("hashtag=" + "x" * 101, 422),
        ("hashtag=" + "%C3%A9" * 40, 200),  # 80 bytes, written in 240
        ("a=" + "x" * 90 + "&b=" + "x" * 90, 200),
        ("hashtag=" + "x+" * 60, 422),
    ],
)
def test_a_parameter_is_bounded_as_it_is_meant(query: str, status: int) -> None:
    answer = call(bounded, "/?" + query)
    assert answer.status == status
    if status == 422:
        assert answer.problem["parameter"] == "hashtag"
        assert answer.problem["detail"] == "hashtag: is longer than 100 bytes"


@pytest.mark.parametrize(
    ("length", "status"), [("0", 200), ("65536", 200), ("65537", 413), ("9" * 5000, 413), ("-1", 200), ("x", 200)]
)
def test_a_large_body_is_not_waited_for(length: str, status: int) -> None:
    answer = call(bounded, headers=[("Content-Length", length)])
    assert answer.status == status
    assert answer.header("connection") == ("close" if status == 413 else None)


def test_paths_that_bypass_reach_the_application_past_the_rest() -> None:
    app = Observed(Bypass(Bounds(hello, url_bytes=1, parameter_bytes=1), hello, paths=("/livez",))).app
    assert call(app, "/livez").status == 200
    assert call(app, "/livez/").status == 414


def allowed(answer: Answer) -> tuple[str | None, str | None]:
    return answer.header("access-control-allow-origin"), answer.header("vary")


def test_a_page_of_a_listed_origin_may_read_the_answer() -> None:
    answer = call(cors, headers=[("Origin", ORIGIN)])
    assert (answer.status, allowed(answer)) == (200, (ORIGIN, "Origin"))
    assert "ETag" in str(answer.header("access-control-expose-headers"))


@pytest.mark.parametrize("origin", [None, "https://desk.example.evil.example", "null", "HTTPS://DESK.EXAMPLE"])
def test_others_may_not_and_caches_are_told(origin: str | None) -> None:
    answer = call(cors, headers=[] if origin is None else [("Origin", origin)])
    assert (answer.status, allowed(answer)) == (200, (None, "Origin"))


def test_a_preflight_of_a_listed_origin_is_answered_without_asking_the_application() -> None:
    answer = call(cors, method="OPTIONS", headers=[("Origin", ORIGIN), *PREFLIGHT])
    assert (answer.status, answer.header("access-control-allow-origin"), answer.body) == (200, ORIGIN, b"OK")
    assert str(answer.header("vary")).startswith("Origin")
    assert answer.header("access-control-allow-methods") == "GET, HEAD, OPTIONS"
    assert "X-API-Key" in str(answer.header("access-control-allow-headers"))
    assert answer.header("access-control-allow-credentials") is None
    assert answer.header("access-control-max-age") == "600"


def test_a_preflight_of_another_origin_or_for_another_method_is_refused() -> None:
    answer = call(cors, method="OPTIONS", headers=[("Origin", "https://else.example"), *PREFLIGHT])
    assert (answer.status, answer.body) == (400, b"Disallowed CORS origin")
    assert answer.header("access-control-allow-origin") is None
    delete = [("Origin", ORIGIN), ("Access-Control-Request-Method", "DELETE")]
    answer = call(cors, method="OPTIONS", headers=delete)
    assert (answer.status, answer.body) == (400, b"Disallowed CORS method")


def test_any_origin_may_read_if_the_settings_say_so() -> None:
    app = Observed(let_pages_read(hello, ("*",))).app
    assert allowed(call(app, headers=[("Origin", "https://else.example")])) == ("*", "Origin")
    assert allowed(call(app)) == (None, "Origin")
    assert call(app, method="OPTIONS", headers=[("Origin", "https://else.example"), *PREFLIGHT]).status == 200
