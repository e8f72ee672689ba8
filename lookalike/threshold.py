"""The similarity threshold as an exact fraction, so that no pair at the border is lost to rounding."""

from __future__ import annotations

import dataclasses
import re
from fractions import Fraction

# q * d and (q - p) * m are computed in int64: with q <= 10^9 a name may have 2^33 code points.
MAX_DECIMALS = 9
_DECIMAL = re.compile(r"[+]?(\d+(\.\d*)?|\.\d+)", re.ASCII)


@dataclasses.dataclass(frozen=True)
class Threshold:
    """A similarity in [0, 1] as the fraction numerator / denominator.

    Two names of which the longer has m code points and whose Levenshtein distance is d are similar iff
    denominator * d <= (denominator - numerator) * m.
    """

    numerator: int
    denominator: int

    def __post_init__(self) -> None:
        if not 0 <= self.numerator <= self.denominator or not 0 < self.denominator <= 10**MAX_DECIMALS:
            raise ValueError(f"a threshold lies between 0 and 1, not at {self.numerator}/{self.denominator}")

    @classmethod
    def parse(cls, text: str) -> Threshold:
        """The threshold that a decimal such as "0.8" names exactly; ValueError for anything else."""
        if len(text) > 40 or not _DECIMAL.fullmatch(text):
            raise ValueError(f"{text[:40]!r} is not a decimal number such as 0.8")
        value = Fraction(text)
        if value > 1:
            raise ValueError(f"{text} is not between 0 and 1")
        if value.denominator > 10**MAX_DECIMALS:
            raise ValueError(f"{text} has more than {MAX_DECIMALS} decimals")
        return cls(value.numerator, value.denominator)

    def is_met(self, distance: int, longer: int) -> bool:
        """Whether two names at this distance, the longer of `longer` code points, are similar."""
        return self.denominator * distance <= (self.denominator - self.numerator) * longer

    def max_distance(self, longer: int) -> int:
        """The greatest distance at which a name of `longer` code points has a similar shorter name."""
        return (self.denominator - self.numerator) * longer // self.denominator
