"""A snapshot of several generations answers like the same one with all rows in one."""

import itertools
from pathlib import Path
from typing import Any

import pytest

from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots.reader import Snapshot
from tests.snapshots.publishing import publish_sample
from tests.snapshots.samples import make_sample

from .running import Client, ServiceFactory

SIZES = {"big": 200, "middle": 60, "small": 9, "lonely": 1}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One of one generation, and one of three."""
    found = []
    for generations in (1, 3):
        output = tmp_path_factory.mktemp("output")
        publish_sample(output, make_sample(SIZES, buckets=2), row_group_rows=32, generations=generations)
        found.append(output)
    return found


def answers(client: Client, accounts: list[str]) -> list[Any]:
    """Of all that reads members or the hashtags of accounts, without what names the snapshot."""
    asked: list[tuple[str, dict[str, Any]]] = []
    for hashtag in SIZES:
        asked.append((f"hashtags/{hashtag}", {}))
        for similarity in ("0.4", "0.5", "0.9"):  # below the floor compared by the service itself
            asked.append((f"hashtags/{hashtag}/pairs", {"min_similarity": similarity, "limit": 1000}))
        asked.append((f"hashtags/{hashtag}/pairs", {"format": "csv"}))
    for account, other in itertools.pairwise(accounts):
        asked += [(f"accounts/{account}", {}), ("compare", {"a": account, "b": other})]
    found: list[Any] = []
    for path, parameters in asked:
        answer = client.get(f"/api/v1/{path}", params=parameters)
        assert answer.status_code == 200, answer.text
        if "json" not in answer.headers["content-type"]:
            found.append(answer.text)
            continue
        body = answer.json()
        body.pop("snapshot", None)
        body.pop("seconds", None)
        body.pop("next_cursor", None)
        found.append(body)
    return found


def test_all_answers_are_those_of_one_generation(outputs: list[Path], serve: ServiceFactory) -> None:
    plain, several = (Snapshot.open(FolderOutput(output)) for output in outputs)
    assert {(entry.table, entry.generation) for entry in several.manifest.files if entry.replaces} == {
        (table, generation) for table in ("members", "account_hashtags") for generation in (1, 2)
    }
    accounts = plain.members("middle")["account_id"].to_pylist()[:12]
    expected, found = (answers(serve(output).client, accounts) for output in outputs)
    assert found == expected
    assert any(body["pairs"] for body in expected if isinstance(body, dict) and "pairs" in body)
