"""The least similarity of a pair as an option: an exact fraction, and the decimal that the user wrote for it."""

from __future__ import annotations

import dataclasses
from typing import Any

from lookalike.threshold import Threshold


@dataclasses.dataclass(frozen=True, eq=False)
class MinSimilarity(Threshold):
    """A threshold above 0. text: the decimal as it was written, which the manifest records.

    It is equal to every threshold of the same value: 0.80 is 0.8. No pydantic is needed to send it to tasks.
    """

    text: str

    @classmethod
    def parse(cls, text: str) -> MinSimilarity:
        """As Threshold.parse; ValueError for 0, too."""
        value = Threshold.parse(text)
        if value.numerator == 0:
            raise ValueError("0 would store every pair of accounts; it must be above 0")
        return cls(numerator=value.numerator, denominator=value.denominator, text=text)

    @classmethod
    def of(cls, given: Any) -> MinSimilarity:
        """From a command line or a YAML file. ValueError for anything but a decimal number."""
        if isinstance(given, cls):
            return given
        # YAML reads an unquoted 0.8 as a double. Its shortest form is what was written.
        is_number = isinstance(given, int | float) and not isinstance(given, bool)
        text = repr(given) if is_number else given
        if not isinstance(text, str):
            raise ValueError("is not a decimal number such as 0.8")
        return cls.parse(text)

    def __eq__(self, other: object) -> bool:
        """Whether the other is a threshold of the same value."""
        if not isinstance(other, Threshold):
            return NotImplemented
        return (self.numerator, self.denominator) == (other.numerator, other.denominator)

    def __hash__(self) -> int:
        """As of every threshold of this value."""
        return super().__hash__()

    def __str__(self) -> str:
        """The decimal as it was written."""
        return self.text
