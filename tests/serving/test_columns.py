"""Models of answers whose fields are the columns of tables."""

import dataclasses
from typing import Any

import pyarrow as pa
import pytest

from lookalike.tables import (
    ACCOUNT_HASHTAGS,
    ACCOUNTS,
    GENERATION,
    HASHTAGS,
    LOOKALIKES,
    MEMBERS,
    PAIRS,
    TIME,
    Column,
    Table,
)
from serving.api.accounts import Account, AccountHashtag, Lookalike
from serving.api.columns import Shown, meaning, with_columns
from serving.api.compare import SharedUse
from serving.api.evidence import EVIDENCE
from serving.api.fields import Model
from serving.api.hashtags import Hashtag
from serving.api.pairs import Pair, PairSide

BIRDS = Table(
    name="birds",
    meaning="birds that were seen",
    columns=(
        Column("ring", pa.string(), "what is written on its ring"),
        Column("wing_span", pa.int32(), "from tip to tip", unit="millimetres"),
        Column("weight", pa.float64(), "its weight; null if it flew away", nullable=True),
        Column("is_adult", pa.bool_(), "whether it can breed"),
        Column("seen_at", TIME, "when it was seen; null if nobody wrote it down", nullable=True),
        GENERATION,
    ),
)


@with_columns(Shown(BIRDS, without=("is_adult",), renamed={"ring": "id"}), after="snapshot")
class Bird(Model):
    """One bird."""

    snapshot: str
    name: str


def schema_of(model: type[Model]) -> dict[str, Any]:
    return model.model_json_schema(mode="serialization")


def test_a_model_has_the_columns_in_the_order_of_the_table_at_the_place_named() -> None:
    assert list(Bird.model_fields) == ["snapshot", "id", "wing_span", "weight", "seen_at", "name"]
    schema = schema_of(Bird)
    assert (schema["title"], schema["description"]) == ("Bird", "One bird.")
    assert schema["additionalProperties"] is False
    assert schema["required"] == list(Bird.model_fields)


def test_type_nullability_and_text_of_a_field_are_those_of_its_column() -> None:
    fields = schema_of(Bird)["properties"]
    assert fields["id"] == {"type": "string", "title": "Id", "description": "What is written on its ring."}
    assert fields["wing_span"] == {
        "type": "integer",
        "minimum": 0,
        "title": "Wing Span",
        "description": "From tip to tip, in millimetres.",
    }
    assert [each["type"] for each in fields["weight"]["anyOf"]] == ["number", "null"]
    assert fields["weight"]["description"] == "Its weight; null if it flew away."
    text, null = fields["seen_at"]["anyOf"]
    assert (text["type"], text["format"], null) == ("string", "date-time", {"type": "null"})
    assert fields["seen_at"]["description"] == "When it was seen; null if nobody wrote it down."


def test_a_new_column_is_a_new_field() -> None:
    column = Column("eggs", pa.int64(), "eggs in its nest", nullable=True)
    wider = dataclasses.replace(BIRDS, columns=(*BIRDS.columns, column))

    @with_columns(Shown(wider))
    class Wider(Model):
        """One bird."""

    assert list(Wider.model_fields) == ["ring", "wing_span", "weight", "is_adult", "seen_at", "eggs"]
    eggs = schema_of(Wider)["properties"]["eggs"]
    assert eggs["description"] == "Eggs in its nest."
    assert eggs["anyOf"] == [{"type": "integer", "minimum": 0}, {"type": "null"}]


def test_a_column_that_a_model_declares_keeps_its_place_and_gets_the_columns_text_if_it_has_none() -> None:
    @with_columns(Shown(BIRDS))
    class Declared(Model):
        """One bird."""

        weight: float | None
        wing_span: int

    assert list(Declared.model_fields) == ["ring", "wing_span", "weight", "is_adult", "seen_at"]
    assert schema_of(Declared)["properties"]["wing_span"] == {
        "type": "integer",
        "title": "Wing Span",
        "description": "From tip to tip, in millimetres.",
    }


def test_a_declared_field_that_differs_from_its_column_is_refused() -> None:
    class WrongType(Model):
        wing_span: float

    class NeverNull(Model):
        weight: float

    class OftenNull(Model):
        ring: str | None

    for model in (WrongType, NeverNull, OftenNull):
        with pytest.raises(TypeError, match=rf"{model.__name__}\.\w+: is .*, but the column \w+ is "):
            with_columns(Shown(BIRDS))(model)


def test_a_type_that_json_has_no_word_for_is_refused() -> None:
    table = dataclasses.replace(BIRDS, columns=(Column("song", pa.binary(), "its song"),))
    with pytest.raises(TypeError, match="column song: no answer has values of the type binary"):
        with_columns(Shown(table))(Model)


def test_columns_that_a_table_does_not_have_are_refused() -> None:
    with pytest.raises(ValueError, match=r"birds: has no columns \['egg', 'nest'\]"):
        Shown(BIRDS, without=("egg",), renamed={"nest": "home"})


def test_rows_get_the_names_of_the_fields() -> None:
    shown = Shown(BIRDS, without=("weight", "seen_at"), renamed={"ring": "id"})
    row = {"generation": 0, "is_adult": True, "ring": "a1", "seen_at": None, "weight": 2.5, "wing_span": 300}
    assert shown.values(row) == {"id": "a1", "wing_span": 300, "is_adult": True}
    rows = pa.Table.from_pylist([row], BIRDS.schema)
    assert shown.select(rows).to_pylist() == [{"id": "a1", "wing_span": 300, "is_adult": True}]


OWN_TEXTS = {"Hashtag.pairs", "Account.lookalike_count", "Lookalike.similarity", "Pair.similarity"}


@pytest.mark.parametrize(
    ("model", "table", "without", "renamed"),
    [
        (Hashtag, HASHTAGS, (), {}),
        (Account, ACCOUNTS, (), {"hashtags": "hashtag_count", "lookalikes": "lookalike_count"}),
        (AccountHashtag, ACCOUNT_HASHTAGS, ("account_id",), {}),
        (SharedUse, ACCOUNT_HASHTAGS, ("account_id", "hashtag"), {}),
        (Lookalike, LOOKALIKES, ("account_id",), {"other_id": "account_id", "other_name": "screen_name"}),
        (PairSide, MEMBERS, ("hashtag",), {}),
        (Pair, PAIRS, ("account_a", "account_b"), {}),
    ],
)
def test_an_answer_has_every_column_of_its_table_with_its_text(
    model: type[Model], table: Table, without: tuple[str, ...], renamed: dict[str, str]
) -> None:
    fields = schema_of(model)["properties"]
    shown = [name for name in table.names if name not in (*without, "account_number", "generation")]
    texts = {renamed.get(column.name, column.name): meaning(column) for column in table.columns}
    names = [renamed.get(name, name) for name in shown]
    assert [name for name in fields if name in names] == names
    assert {name for name in names if fields[name]["description"] != texts[name]} == {
        name for name in names if f"{model.__name__}.{name}" in OWN_TEXTS
    }
    assert not {"account_number", "generation"} & set(fields)


def test_the_evidence_in_columns_has_the_same_names_as_the_pairs_in_json() -> None:
    pair, side = ([*schema_of(model)["properties"]] for model in (Pair, PairSide))
    sides = {f"{'account' if name == 'account_id' else name}_{each}" for name in side for each in "ab"}
    assert set(EVIDENCE.names) == {*pair, *sides} - {"a", "b"}
    assert EVIDENCE.names == [
        *("hashtag", "account_a", "account_b", "screen_name_a", "screen_name_b", "distance", "similarity"),
        *("posts_a", "posts_b", "reposts_a", "reposts_b", "first_post_a", "first_post_b"),
        *("last_post_a", "last_post_b", "created_at_a", "created_at_b", "created_gap_seconds"),
    ]
