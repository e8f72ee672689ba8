"""Fields of answers that are columns of a table: their names, types, nullability and meaning come from the table."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from datetime import datetime
from types import NoneType, UnionType
from typing import Annotated, Any, Final, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import pyarrow as pa
from pydantic import Field, create_model

from lookalike.tables import GENERATION, TIME, Column, Table
from serving.api.fields import Count, Model, Time
from serving.api.text import iso

# Columns that join the tables of a snapshot and the runs that made it. No answer has them.
_INTERNAL: Final = frozenset({"account_number", GENERATION.name})
AnyModel = TypeVar("AnyModel", bound=Model)


@dataclasses.dataclass(frozen=True)
class Shown:
    """The columns of a table that an answer shows: all but the internal ones and `without`.

    renamed: the names of fields that differ from the names of their columns, by column.
    """

    table: Table
    without: tuple[str, ...] = ()
    renamed: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = {*self.without, *self.renamed} - set(self.table.names)
        if unknown:
            raise ValueError(f"{self.table.name}: has no columns {sorted(unknown)}")

    @functools.cached_property
    def fields(self) -> dict[str, Column]:
        """The columns in the order of the table, by the names of their fields."""
        left_out = _INTERNAL.union(self.without)
        shown = [column for column in self.table.columns if column.name not in left_out]
        return {self.renamed.get(column.name, column.name): column for column in shown}

    @property
    def names(self) -> list[str]:
        """The names of the fields."""
        return list(self.fields)

    def select(self, rows: pa.Table) -> pa.Table:
        """These columns of rows that may have more, under the names of the fields."""
        return rows.select([column.name for column in self.fields.values()]).rename_columns(self.names)

    def values(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """These values of a row that may have more, by the names of the fields; times as ISO 8601."""
        found = {name: row[column.name] for name, column in self.fields.items()}
        return {name: iso(value) if isinstance(value, datetime) else value for name, value in found.items()}


def with_columns(shown: Shown, *, after: str | None = None) -> Callable[[type[AnyModel]], type[AnyModel]]:
    """Make a decorator that gives a model a field for each column, before its own fields or after the one named.

    The model may declare a column itself, with bounds or a text of its own. It keeps the column's place, and the
    column's text if it has none. Raises TypeError if its type or nullability is not the column's.
    """

    def rebuilt(model: type[AnyModel]) -> type[AnyModel]:
        hints = get_type_hints(model, include_extras=True)
        own = [name for name in model.model_fields if name not in shown.fields]
        begin = 0 if after is None else own.index(after) + 1
        fields: dict[str, Any] = {name: hints[name] for name in own[:begin]}
        for name, column in shown.fields.items():
            declared = model.model_fields.get(name)
            if declared is None:
                fields[name] = Annotated[_annotation(column), Field(description=meaning(column))]
                continue
            _check(f"{model.__name__}.{name}", hints[name], column)
            is_described = declared.description is not None
            fields[name] = hints[name] if is_described else Annotated[hints[name], Field(description=meaning(column))]
        fields |= {name: hints[name] for name in own[begin:]}
        made: Any = create_model(
            model.__name__,
            __base__=model.__bases__,
            __doc__=model.__doc__,
            __module__=model.__module__,
            **fields,
        )
        return cast("type[AnyModel]", made)

    return rebuilt


def meaning(column: Column) -> str:
    """What a column means, as a sentence."""
    unit = f", in {column.unit}" if column.unit else ""
    return f"{column.meaning[0].upper()}{column.meaning[1:]}{unit}."


def _annotation(column: Column) -> Any:
    kind = _kind(column)
    annotation: Any = Time if column.type == TIME else Count if kind is int else kind
    return annotation | None if column.nullable else annotation


def _kind(column: Column) -> type:
    """The type of a column's values in JSON. Whole numbers are counts, never below zero."""
    kinds = (
        (pa.types.is_string, str),
        (pa.types.is_boolean, bool),
        (pa.types.is_integer, int),
        (pa.types.is_floating, float),
        (pa.types.is_timestamp, str),
    )
    for is_one, kind in kinds:
        if is_one(column.type):
            return kind
    raise TypeError(f"column {column.name}: no answer has values of the type {column.type}")


def _check(what: str, annotation: Any, column: Column) -> None:
    parts = _parts(annotation)
    expected = {_kind(column), NoneType} if column.nullable else {_kind(column)}
    if parts != expected:
        names, wanted = (sorted(str(part) for part in each) for each in (parts, expected))
        raise TypeError(f"{what}: is {names}, but the column {column.name} is {wanted}")


def _parts(annotation: Any) -> set[Any]:
    """The types of a union, without what annotates them."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _parts(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return {part for each in get_args(annotation) for part in _parts(each)}
    return {annotation}
