"""What a way to write several hashtags in one field is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jobs.inputs.tables import Column


@dataclass(frozen=True)
class Separator:
    """How a field is taken apart: an entry of registry.SEPARATORS.

    words: how hashtags are written, for a person. byte: between two hashtags. looks_so: whether a field, not blank
    and without space around, is written so. share: of the fields that must be, to tell that all are. rank: of several
    that can be, the one with the highest is taken, then the one that more fields tell. plain: makes such fields to
    fields with the byte between hashtags and nothing else.
    """

    name: str
    words: str
    byte: int
    looks_so: Callable[[bytes], bool]
    share: float = 0.01
    rank: int = 0
    plain: Callable[[Column], Column] | None = None
