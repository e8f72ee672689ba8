"""The service over a bucket."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from jobs.snapshots.__main__ import main
from lookalike.outputs.urls import StoreUrl
from tests.serving.running import PATH, Service, ServiceFactory, eventually, service_process

from .proxy import Proxy
from .running import Bucket, Runner
from .server import Server

HASHTAGS = ("one", "two", "three", "vier", "nobody's")


def answers(service: Service) -> list[Any]:
    return [service.client.pairs(hashtag, similarity) for hashtag in HASHTAGS for similarity in ("0.6", "0.8", "0.3")]


def snapshot_of(service: Service) -> Any:
    return service.client.get("/readyz").json().get("snapshot")


def test_it_answers_from_a_bucket_as_from_a_folder(
    url: StoreUrl, run: Runner, serve: ServiceFactory, tmp_path: Path
) -> None:
    run(url)
    run(tmp_path / "here")
    there, here = serve(url), serve(tmp_path / "here")
    assert answers(there) == answers(here)
    for path in ("/api/v1/hashtags", "/api/v1/hashtags/one", "/api/v1/hashtags/one/pairs", "/api/v1/accounts/a0001"):
        pages = [service.client.get(path).json() for service in (there, here)]
        assert pages[0]["snapshot"] == snapshot_of(there)
        for page in pages:
            for key in ("snapshot", "next_cursor"):  # which holds the snapshot's id, too
                page.pop(key, None)
        assert pages[0] == pages[1]


def test_it_waits_for_a_first_snapshot_and_swaps_to_the_next_while_asked(
    url: StoreUrl, run: Runner, serve: ServiceFactory
) -> None:
    service = serve(url, wait=False)
    assert "no snapshot has been published yet" in eventually(lambda: service.client.get("/readyz").json()["detail"])
    run(url)
    eventually(service.client.is_ready)
    first = service.client.pairs("one", "0.6")
    done = threading.Event()

    def ask() -> list[tuple[int, int]]:
        seen: list[tuple[int, int]] = []
        with service.new_client() as client:
            while not done.is_set():
                answer = client.get(PATH, params={"hashtag": "one", "min_similarity": "0.6", "_": len(seen)})
                seen.append((answer.status_code, len(answer.json()["similar_account_pairs"])))
        return seen

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask)
        try:
            second = run(url, posts=400)
            eventually(lambda: snapshot_of(service), lambda seen: seen == second.id)
            asked_since = service.client.pairs("one", "0.6")
        finally:
            done.set()
        seen = asking.result()
    assert len(asked_since) > len(first)
    assert set(seen) <= {(200, len(first)), (200, len(asked_since))}
    assert main(["rollback", str(url)]) == 0
    eventually(lambda: service.client.pairs("one", "0.6"), lambda pairs: pairs == first)


def test_a_store_that_fails_leaves_it_ready_and_answering_what_it_has(
    url: StoreUrl, run: Runner, serve: ServiceFactory, proxy: Proxy
) -> None:
    run(url)
    service = serve(url)
    known = service.client.pairs("one", "0.6")
    proxy.fault = lambda _: 503
    refused = eventually(lambda: service.client.get("/readyz").json()["refused"])
    assert refused["snapshot"] == "CURRENT"
    assert "503" in refused["reason"]
    assert service.client.pairs("one", "0.6") == known
    assert service.client.is_ready()
    cold = service.client.get(PATH, params={"hashtag": "two", "min_similarity": "0.6"})
    assert cold.status_code in (200, 503)  # by whether its block lies beside that of the other
    proxy.fault = lambda _: None
    eventually(lambda: service.client.get("/readyz").json()["refused"] is None)
    assert service.client.pairs("two", "0.6") != []


def test_a_snapshot_that_lacks_a_file_is_refused_and_the_old_one_goes_on(
    url: StoreUrl, run: Runner, serve: ServiceFactory
) -> None:
    first, bucket = run(url), Bucket(url)
    service = serve(url)
    second = run(url, posts=400)
    eventually(lambda: snapshot_of(service), lambda seen: seen == second.id)
    bucket.write("CURRENT", f"{first.id}\n".encode())
    eventually(lambda: snapshot_of(service), lambda seen: seen == first.id)
    bucket.remove(second.files[0].path)
    bucket.write("CURRENT", f"{second.id}\n".encode())
    refused = eventually(lambda: service.client.get("/readyz").json()["refused"])
    assert refused == {
        "snapshot": second.id,
        "reason": f"{second.files[0].path}: cannot be read: there is no such object",
    }
    assert service.client.pairs("one", "0.6") != []


def test_it_may_be_one_who_can_only_read(url: StoreUrl, run: Runner, server: Server, tmp_path: Path) -> None:
    run(url)
    with service_process(url, tmp_path, server.environ("reader")) as service:
        assert service.client.pairs("one", "0.6") != []
        assert "secret-of" not in service.log


def test_wrong_credentials_are_told_by_its_health_and_log(
    url: StoreUrl, run: Runner, server: Server, serve: ServiceFactory, monkeypatch: Any
) -> None:
    run(url)
    for name, value in server.environ(secret="not this").items():
        monkeypatch.setenv(name, value)
    service = serve(url, wait=False)
    detail = eventually(lambda: service.client.get("/readyz").json()["detail"], lambda seen: "refused" in seen)
    assert "access denied (SignatureDoesNotMatch)" in detail
    assert "not this" not in detail
