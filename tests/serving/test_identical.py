"""A snapshot with identical names as groups: each answer is that of the same snapshot with all pairs."""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots import groupedpairs
from lookalike.snapshots.reader import Snapshot
from tests.examples import seeds
from tests.snapshots.publishing import publish_sample
from tests.snapshots.samples import Sample, build_sample, with_groups

from .conftest import run_job
from .running import PATH, Client, Service, ServiceFactory
from .test_live import write_accounts
from .v1tables import pages

PAIRS = "/api/v1/hashtags/{}/pairs"


def crowded(rng: random.Random) -> Sample:
    """Hashtags with many accounts of few names."""
    pool = ["".join(rng.choices("abé", k=rng.randint(2, 7))) for _ in range(12)]
    names = {f"{rng.getrandbits(64):016x}": rng.choice(pool) for _ in range(60)}
    sizes = {"big": 60, "few": 9, "mid": 30, "one": 1}
    uses = [(hashtag, sorted(rng.sample(sorted(names), size))) for hashtag, size in sizes.items()]
    return build_sample(names, uses, rng, floor="0.5", buckets=2)


def body(client: Client, path: str, **parameters: Any) -> Any:
    """What an answer says, but for what differs from snapshot to snapshot."""
    answer = client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    content = answer.json()
    content.pop("snapshot", None)
    if content.get("next_cursor") is not None:
        content["next_cursor"] = "..."
    return content


def check_alike(one: Service, other: Service, sample: Sample, rng: random.Random) -> None:
    accounts = [row["account_id"] for row in sample.accounts]
    for row in sample.hashtags:
        hashtag = row["hashtag"]
        for least in (None, "0.3", "0.6666666666666666", "1"):
            given = {} if least is None else {"min_similarity": least}
            path = PAIRS.format(hashtag)
            for format in ("ndjson", "csv", "arrow"):
                answers = [service.client.get(path, params=given | {"format": format}) for service in (one, other)]
                if format == "arrow":  # the batches may be others
                    assert (
                        pa.ipc.open_stream(answers[0].content).read_all()
                        == pa.ipc.open_stream(answers[1].content).read_all()
                    )
                else:
                    assert answers[0].content == answers[1].content
            limit = rng.choice([30, 77, 500])
            paged = [pages(service.client, path, "pairs", limit=limit, **given) for service in (one, other)]
            assert paged[0] == paged[1]
            asked: dict[str, Any] = {"hashtag": hashtag} | given
            for part in (
                {},
                {"limit": 5},
                {"offset": rng.randint(0, 400)},
                {"offset": rng.randint(0, 99), "limit": 9},
            ):
                answers = [service.client.get(PATH, params=asked | part) for service in (one, other)]
                assert answers[0].content == answers[1].content
        path = f"/api/v1/hashtags/{hashtag}"
        assert body(one.client, path) == body(other.client, path)
    for account in rng.sample(accounts, 5):
        path = f"/api/v1/accounts/{account}"
        assert body(one.client, path) == body(other.client, path)
        limit = rng.choice([5, 40])
        alike = [pages(service.client, path, "lookalikes", limit=limit) for service in (one, other)]
        assert alike[0] == alike[1]
    for a, b in itertools.product(rng.sample(accounts, 4), repeat=2):
        assert body(one.client, "/api/v1/compare", a=a, b=b) == body(other.client, "/api/v1/compare", a=a, b=b)
    assert body(one.client, "/api/v1/hashtags") == body(other.client, "/api/v1/hashtags")


@seeds(1)
def test_every_answer_is_that_of_a_snapshot_with_all_pairs(
    tmp_path: Path, serve: ServiceFactory, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    rng = random.Random(seed)
    monkeypatch.setattr("os.fsync", lambda _: None)
    monkeypatch.setattr(groupedpairs, "_PIECE", rng.choice([3, 50, 1 << 14]))
    sample = crowded(rng)
    publish_sample(tmp_path / "pairs", sample)
    publish_sample(tmp_path / "group", with_groups(sample))
    # A small cache: what does not fit in it is streamed.
    settings: dict[str, Any] = {"cache_bytes": 1 << 20} if seed else {}
    check_alike(serve(tmp_path / "pairs", **settings), serve(tmp_path / "group", **settings), sample, rng)


def test_prefix_blocking_and_folded_names_are_as_the_job_had_them(tmp_path: Path, serve: ServiceFactory) -> None:
    inputs = write_accounts(tmp_path, ["Maga1", "maga1", "maga2", "aaga1", "AAGA1", "maga1"])
    options: dict[str, Any] = {"fold": "case", "blocking": "prefix", "prefix_length": 2, "min_similarity": "0.8"}
    services = []
    for identical in ("pairs", "group"):
        run_job(*inputs, tmp_path / identical, identical=identical, **options)
        services.append(serve(tmp_path / identical))
    ids = Snapshot.open(FolderOutput(tmp_path / "group")).members("same").column("account_id").to_pylist()
    answers = [
        [
            service.client.pairs("same"),
            *(body(service.client, f"/api/v1/accounts/{account}") for account in ids),
            *(body(service.client, "/api/v1/compare", a=a, b=b) for a, b in itertools.combinations(ids, 2)),
        ]
        for service in services
    ]
    assert answers[0] == answers[1]
    assert len(answers[0][0]) == 7
    assert body(services[1].client, "/api/v1/snapshot")["counts"]["grouped"] == {"pairs": 1, "identical": 3}


def test_look_alikes_of_an_account_under_too_many_others_are_refused(tmp_path: Path, serve: ServiceFactory) -> None:
    run_job(*write_accounts(tmp_path, ["maga"] * 4), tmp_path / "out", identical="group")
    client = serve(tmp_path / "out", lookalikes_max_members=3).client
    account = Snapshot.open(FolderOutput(tmp_path / "out")).members("same").column("account_id")[0].as_py()
    answer = client.get(f"/api/v1/accounts/{account}")
    assert answer.status_code == 422
    assert answer.json()["detail"].endswith("up to 3 accounts together; those of this one have 4.")
    assert client.get("/api/v1/accounts/nobody").status_code == 404
    assert len(client.pairs("same")) == 6
    assert client.pairs("nobodyusedthis") == []
