"""What the fields of JobConfig say about the options: flag, kind of value, allowed values, default, meaning."""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo

Kind = Literal["switch", "whole number", "number", "choice", "paths", "text"]


@dataclasses.dataclass(frozen=True)
class Option:
    """What a field's type, bounds and default do not say. It is part of the field's annotation.

    group: the heading that it is listed under. meaning: what it does, in full sentences. metavar: its value in the
    help. choices: the meaning of each value of a Literal. unset: the meaning of None or of no value. allowed: the allowed values, if
    type and bounds do not say it. details: more sentences, for conf/job.yaml and the reference page only. example: a
    value for an option without a default. secret: whether its value must not be printed.
    """

    group: str
    meaning: str
    metavar: str | None = None
    choices: Mapping[str, str] = dataclasses.field(default_factory=dict)
    unset: str | None = None
    allowed: str | None = None
    details: str = ""
    example: str | None = None
    secret: bool = False


@dataclasses.dataclass(frozen=True)
class DescribedOption:
    """An option with all that its field says about it. name: of the field, and the key in YAML."""

    name: str
    field: FieldInfo
    option: Option

    @property
    def flag(self) -> str:
        """Its name on the command line."""
        return "--" + self.name.replace("_", "-")

    @property
    def kind(self) -> Kind:
        """What kind of value it takes."""
        annotation = self.field.annotation
        if get_origin(annotation) in (Union, types.UnionType):
            annotation = next(part for part in get_args(annotation) if part is not type(None))
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        if get_origin(annotation) is Literal:
            return "choice"
        if get_origin(annotation) is tuple:
            return "paths"
        kinds: dict[Any, Kind] = {bool: "switch", int: "whole number", float: "number"}
        return kinds.get(annotation, "text")

    @property
    def values(self) -> tuple[str, ...]:
        """The values of a choice."""
        return tuple(get_args(self.field.annotation)) if self.kind == "choice" else ()

    @property
    def allowed(self) -> str:
        """The allowed values, in words that follow "must be"."""
        if self.option.allowed is not None:
            return self.option.allowed
        if self.kind == "switch":
            return "true or false"
        if self.kind == "choice":
            return " or ".join((", ".join(self.values[:-1]), self.values[-1]))
        if self.kind == "text":
            return "a path"
        least = _bound(self.field, annotated_types.Ge, "ge")
        most = _bound(self.field, annotated_types.Le, "le")
        return f"a {self.kind} " + (f"of at least {least}" if most is None else f"from {least} to {most}")

    @property
    def default(self) -> str | None:
        """The default in YAML; None if the option is required."""
        value = self.field.default
        if self.field.is_required():
            return None
        if self.kind == "choice":
            return str(value)
        return json.dumps(value if value is None or self.kind != "text" else str(value))

    @property
    def default_shown(self) -> str | None:
        """The default for a person; None if the option is required."""
        if self.field.default is None or self.field.default == ():
            return self.option.unset
        if self.kind == "switch":
            return "on" if self.field.default else "off"
        return None if self.field.is_required() else str(self.field.default)


def described_options(model: type[BaseModel]) -> Iterator[DescribedOption]:
    """The fields of a model, in their order. TypeError if one has no Option."""
    for name, field in model.model_fields.items():
        option = next((one for one in field.metadata if isinstance(one, Option)), None)
        if option is None:
            raise TypeError(f"{model.__name__}.{name} has no Option")
        yield DescribedOption(name, field, option)


def _bound(field: FieldInfo, kind: type[Any], name: str) -> Any:
    return next((getattr(one, name) for one in field.metadata if isinstance(one, kind)), None)
