import csv
import io
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pytest

from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots.reader import Snapshot
from serving.api import evidence as evidence_module
from serving.api import formats
from serving.api.evidence import EVIDENCE
from tests.snapshots.publishing import publish_sample
from tests.snapshots.samples import make_sample

from .conftest import Published
from .running import Service, ServiceFactory
from .v1tables import evidence, pages

PATH = "/api/v1/hashtags/{}/pairs"
HARD = '=a,"b"/c\n#é𝄞'  # as a hashtag: a formula, a separator, quotes, a slash, a line's end


@pytest.fixture(scope="module")
def sample_output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hashtags of thousands of pairs, over many row groups and files."""
    output = tmp_path_factory.mktemp("sample")
    sample = make_sample({"big": 200, HARD: 30, "lonely": 1, "small": 9}, buckets=2)
    publish_sample(output, sample, row_group_rows=64, parts=3)
    return output


@pytest.fixture
def sample(sample_output: Path, serve: ServiceFactory) -> Service:
    return serve(sample_output)


def flat(pair: dict[str, Any]) -> dict[str, Any]:
    """A pair as a row of EVIDENCE."""
    row = {name: value for name, value in pair.items() if name not in ("a", "b")}
    for side in "ab":
        row |= {f"account_{side}" if name == "account_id" else f"{name}_{side}": v for name, v in pair[side].items()}
    return {name: row[name] for name in EVIDENCE.names}


@pytest.mark.parametrize("hashtag", ["big", HARD, "small", "lonely"])
@pytest.mark.parametrize("min_similarity", [None, 0.75, 1])
def test_all_formats_have_the_same_evidence(
    sample: Service, sample_output: Path, hashtag: str, min_similarity: float | None
) -> None:
    expected = evidence(sample_output, hashtag, 0.5 if min_similarity is None else min_similarity)
    assert min_similarity is not None or hashtag != "big" or len(expected) > 4096
    parameters = {} if min_similarity is None else {"min_similarity": str(min_similarity)}
    path = PATH.format(quote(hashtag, safe=""))
    assert pages(sample.client, path, "pairs", limit=10_000, **parameters) == expected

    def get(format: str) -> bytes:
        answer = sample.client.get(path, params=parameters | {"format": format})
        assert answer.status_code == 200
        return answer.content

    assert [json.loads(line) for line in get("ndjson").splitlines()] == expected
    read = pa.ipc.open_stream(get("arrow")).read_all()
    assert read.schema == EVIDENCE
    written = formats.encoded("ndjson", iter([read]), {}, {})
    assert [json.loads(line) for line in b"".join(written).splitlines()] == expected
    text = get("csv").decode()
    assert text.endswith("\r\n")
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    harmless = [
        {n: "'" + v if v == HARD else "" if v is None else str(v) for n, v in flat(e).items()} for e in expected
    ]
    assert rows == harmless
    assert text.splitlines()[0] == ",".join(EVIDENCE.names)


@pytest.mark.parametrize("limit", [None, 3])
def test_a_csv_for_spreadsheets_marks_ids_as_texts(sample: Service, limit: int | None) -> None:
    path, parameters = PATH.format("small"), {"format": "csv"} | ({} if limit is None else {"limit": str(limit)})

    def read(**more: str) -> list[dict[str, str]]:
        answer = sample.client.get(path, params=parameters | more)
        if limit is not None:
            assert ("ids=text" in answer.links["next"]["url"]) == bool(more)
        return list(csv.DictReader(io.StringIO(answer.text, newline=""), strict=True))

    marked = [row | {f"account_{side}": "'" + row[f"account_{side}"] for side in "ab"} for row in read()]
    assert read(ids="text") == marked != []
    refused = sample.client.get(path, params=parameters | {"ids": "number"})
    assert (refused.status_code, refused.json()["parameter"]) == (422, "ids")


@pytest.mark.parametrize("limit", [1, 63, 64, 65])
def test_pages_go_on_where_the_last_one_ended(sample: Service, sample_output: Path, limit: int) -> None:
    for hashtag in ("small", HARD):
        path = PATH.format(quote(hashtag, safe=""))
        assert pages(sample.client, path, "pairs", limit=limit) == evidence(sample_output, hashtag, 0.5)


def test_a_page_in_another_format_links_to_the_next(sample: Service, sample_output: Path) -> None:
    expected = evidence(sample_output, "small", 0.5)
    answer = sample.client.get(PATH.format("small"), params={"limit": 5, "format": "ndjson"})
    found = answer.text
    while "next" in answer.links:
        answer = sample.client.get(answer.url.join(answer.links["next"]["url"]))
        found += answer.text
    assert [json.loads(line) for line in found.splitlines()] == expected


def test_members_of_a_viral_hashtag_are_not_all_kept(
    sample: Service, sample_output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_module, "KEPT_MEMBERS", 10)
    monkeypatch.setattr(formats, "_LOT", 100)
    answer = sample.client.get(PATH.format("big"), params={"format": "ndjson", "min_similarity": "0.6"})
    assert [json.loads(line) for line in answer.text.splitlines()] == evidence(sample_output, "big", 0.6)


def test_every_hashtag_has_the_known_pairs_with_evidence(medium_snapshot: Published, medium_service: Service) -> None:
    known = medium_snapshot.known.pairs("0.8")
    for hashtag in ("covid19", "diedsuddenly", "longcovid"):
        found = pages(medium_service.client, PATH.format(hashtag), "pairs", limit=50)
        assert found == evidence(medium_snapshot.output, hashtag, 0.8)
        told = [(hashtag, p["a"]["account_id"], p["b"]["account_id"], p["distance"], p["similarity"]) for p in found]
        assert told == [pair for pair in known if pair[0] == hashtag]


@pytest.mark.parametrize("limit", [50, 10_000])
def test_below_the_floor_pairs_are_compared_on_request(
    medium_snapshot: Published, medium_service: Service, limit: int
) -> None:
    expected = [pair for pair in medium_snapshot.known.pairs("0.7") if pair[0] == "longcovid"]
    found = pages(medium_service.client, PATH.format("longcovid"), "pairs", limit=limit, min_similarity="0.7")
    told = [("longcovid", p["a"]["account_id"], p["b"]["account_id"], p["distance"], p["similarity"]) for p in found]
    assert told == expected
    assert [p for p in found if p["similarity"] >= 0.8] == evidence(medium_snapshot.output, "longcovid", 0.8)


def test_below_the_floor_a_large_hashtag_is_refused(medium_snapshot: Published, serve: ServiceFactory) -> None:
    client = serve(medium_snapshot.output, live_max_members=100).client
    answer = client.get(PATH.format("covid19"), params={"min_similarity": "0.5"})
    assert answer.status_code == 422
    assert answer.json()["parameter"] == "min_similarity"
    assert "up to 100 accounts" in answer.json()["detail"]


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
@pytest.mark.parametrize("hashtag", ["big", "lonely"])
def test_answers_come_compressed_to_those_who_take_it(sample: Service, hashtag: str, coding: str) -> None:
    plain = sample.client.get(PATH.format(hashtag), params={"format": "ndjson"})
    packed = sample.client.get(PATH.format(hashtag), params={"format": "ndjson"}, headers={"accept-encoding": coding})
    assert packed.headers["content-encoding"] == coding
    assert packed.headers["vary"] == "Accept, Accept-Encoding"
    if coding == "gzip":
        assert packed.text == plain.text


def test_a_client_that_has_the_answer_is_told_so(sample: Service) -> None:
    first = sample.client.get(PATH.format("big"))
    again = sample.client.get(PATH.format("big"), headers={"if-none-match": first.headers["etag"]})
    other = sample.client.get(
        PATH.format("big"), headers={"if-none-match": first.headers["etag"], "accept": "text/csv"}
    )
    assert (again.status_code, again.content) == (304, b"")
    assert other.status_code == 200


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("application/x-ndjson", "application/x-ndjson"),
        ("text/csv", "text/csv; charset=utf-8; header=present"),
        ("application/vnd.apache.arrow.stream", "application/vnd.apache.arrow.stream"),
        ("text/html, */*;q=0.1", "application/json"),
    ],
)
def test_the_accept_header_chooses_the_format(sample: Service, accept: str, content_type: str) -> None:
    answer = sample.client.get(PATH.format("small"), headers={"accept": accept})
    assert answer.headers["content-type"] == content_type
    overruled = sample.client.get(PATH.format("small"), params={"format": "json"}, headers={"accept": accept})
    assert overruled.headers["content-type"] == "application/json"


def test_a_download_is_named_after_its_hashtag(sample: Service) -> None:
    answer = sample.client.get(PATH.format(quote(HARD, safe="")), params={"format": "csv"})
    name = quote(f"{HARD}-pairs.csv", safe="")
    assert answer.headers["content-disposition"] == f"attachment; filename=pairs.csv; filename*=UTF-8''{name}"


def test_a_pair_of_accounts_that_are_no_members_is_damage(sample_output: Path) -> None:
    snapshot = Snapshot.open(FolderOutput(sample_output))
    witness = evidence_module.Witness(snapshot, "big", 200)
    pairs = snapshot.pairs("big").slice(0, 1).set_column(1, EVIDENCE.field("account_a"), [["nobody"]])
    with pytest.raises(Exception, match="not among its members"):
        witness.attach(pairs)
