"""Who may ask, and how often."""

from pathlib import Path

import pytest

from serving.keys import KeyRing, add_key
from serving.middleware.admission import Admission
from serving.middleware.protect import OPEN_PATHS
from serving.middleware.rate import Buckets
from serving.ops.metrics import Metrics
from tests.serving.opscall import Observed, call, hello


def guarded(*, ring: KeyRing | None = None, buckets: Buckets | None = None) -> Observed:
    metrics = Metrics()
    layer = Admission(hello, ring=ring, buckets=buckets, open_paths=OPEN_PATHS, metrics=metrics)
    return Observed(layer, metrics=metrics)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def test_a_request_without_a_key_is_told_how_to_bring_one(file: Path) -> None:
    add_key(file, "one")
    observed = guarded(ring=KeyRing(file))
    answer = call(observed.app, "/api/v1/snapshot")
    assert answer.status == 401
    assert answer.header("www-authenticate") == 'Bearer realm="lookalike"'
    assert answer.problem["detail"] == "A key is needed: Authorization: Bearer KEY, or X-API-Key: KEY."
    assert observed.counted('lookalike_http_requests_refused_total{reason="key"}') == 1


@pytest.mark.parametrize("key", ["one.wrong", "two.wrong", "", "é"])
def test_a_wrong_key_is_refused_in_the_same_words_whatever_is_wrong_with_it(file: Path, key: str) -> None:
    add_key(file, "one")
    answer = call(guarded(ring=KeyRing(file)).app, "/api/v1/snapshot", headers=[("X-API-Key", key)])
    assert (answer.status, answer.problem["detail"]) == (401, "The key is not valid.")


def test_a_valid_key_passes_in_either_header_and_its_name_is_logged_but_not_its_secret(file: Path) -> None:
    key = add_key(file, "one")
    observed = guarded(ring=KeyRing(file))
    for header in (("Authorization", f"Bearer {key}"), ("X-API-Key", key)):
        assert call(observed.app, "/api/v1/snapshot", headers=[header]).body == b"hello"
        assert observed.last["labels.key"] == "one"
    assert key.partition(".")[2] not in "".join(observed.lines)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/docs", 200),
        ("/docs/docs.js", 200),
        ("/openapi.json", 200),
        ("/docsother", 401),
        ("/openapi.json2", 401),
        ("/", 401),
        ("/api/get_similar_accounts", 401),
        ("//docs", 401),
    ],
)
def test_only_what_holds_no_data_is_open(file: Path, path: str, status: int) -> None:
    add_key(file, "one")
    assert call(guarded(ring=KeyRing(file)).app, path).status == status


def test_beyond_its_rate_a_client_is_told_when_to_come_back() -> None:
    observed = guarded(buckets=Buckets(6, 2))
    first, second, third = (call(observed.app) for _ in range(3))
    assert [first.status, second.status, third.status] == [200, 200, 429]
    assert first.header("ratelimit-policy") == '"requests";q=2;w=20'
    assert [answer.header("ratelimit") for answer in (first, second)] == [
        '"requests";r=1;t=10',
        '"requests";r=0;t=20',
    ]
    assert third.header("retry-after") == "10"
    assert third.header("ratelimit") == '"requests";r=0;t=20'
    assert third.problem["type"] == "urn:lookalike:problem:too-many-requests"
    assert observed.counted('lookalike_http_requests_refused_total{reason="rate"}') == 1


def test_a_rate_is_an_addresss_or_a_keys(file: Path) -> None:
    one, two = add_key(file, "one"), add_key(file, "two")
    observed = guarded(ring=KeyRing(file), buckets=Buckets(1, 1))

    def status(key: str, client: str) -> int:
        return call(observed.app, "/api/x", headers=[("X-API-Key", key)], client=client).status

    assert [status(one, "192.0.2.1"), status(one, "192.0.2.2")] == [200, 429]
    assert status(two, "192.0.2.1") == 200


def test_guessing_keys_is_limited_by_address(file: Path) -> None:
    key = add_key(file, "one")
    observed = guarded(ring=KeyRing(file), buckets=Buckets(1, 2))
    guesses = [call(observed.app, "/api/x", headers=[("X-API-Key", f"one.{n}")]).status for n in range(4)]
    assert guesses == [401, 401, 429, 429]
    assert call(observed.app, "/api/x", headers=[("X-API-Key", key)]).status == 200


def test_no_address_can_use_up_the_rate_of_a_key(file: Path) -> None:
    key = add_key(file, "one")
    observed = guarded(ring=KeyRing(file), buckets=Buckets(1, 1))
    assert call(observed.app, "/docs", client="one").status == 200
    assert call(observed.app, "/api/x", headers=[("X-API-Key", key)]).status == 200


def test_a_client_without_an_address_is_limited_too() -> None:
    observed = guarded(buckets=Buckets(1, 1))
    assert [call(observed.app, client=None).status for _ in range(2)] == [200, 429]
