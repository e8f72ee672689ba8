"""The similarity threshold as an exact fraction, so that no pair at the border is lost to rounding."""

from __future__ import annotations

import dataclasses
import functools
import math
import re
from decimal import Decimal
from fractions import Fraction

# q * d and (q - p) * m are computed in int64: with q <= 10^9 a name may have 2^33 code points.
MAX_DECIMALS = 9
# Names have fewer code points. Two different fractions of such denominators never round to one double.
_LONGEST_NAME = 1 << 26
_DECIMAL = re.compile(r"[+]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
# As Python and JSON print doubles: also 1e-05.
_PRINTED = re.compile(r"[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,3})?", re.ASCII)


@dataclasses.dataclass(frozen=True)
class Threshold:
    """A similarity in [0, 1] as the fraction numerator / denominator.

    Two names of which the longer has m code points and whose Levenshtein distance is d are similar iff
    denominator * d <= (denominator - numerator) * m. The kernel takes denominators of up to 10^MAX_DECIMALS.

    printed: it may be a similarity that was printed, so it is compared with similarities as they are printed.
    """

    numerator: int
    denominator: int
    printed: bool = dataclasses.field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        if not 0 <= self.numerator <= self.denominator or self.denominator <= 0:
            raise ValueError(f"a threshold is between 0 and 1, not {self.numerator}/{self.denominator}")

    @classmethod
    def parse(cls, text: str) -> Threshold:
        """The threshold that a decimal such as "0.8" names exactly; ValueError for anything else.

        It may have up to MAX_DECIMALS decimals.
        """
        value = _fraction(text, _DECIMAL, 40)
        if value.denominator > 10**MAX_DECIMALS:
            raise ValueError(f"{text} has more than {MAX_DECIMALS} decimals")
        return cls(value.numerator, value.denominator)

    @classmethod
    def parse_printed(cls, text: str) -> Threshold:
        """As parse, and any text that a double in [0, 1] is printed as, such as 0.9333333333333333 or 1e-05."""
        value = _fraction(text, _PRINTED, 70)
        return cls(value.numerator, value.denominator, printed=value.denominator > 10**MAX_DECIMALS)

    def __str__(self) -> str:
        """The decimal that names it, if one of 28 digits or fewer does."""
        return f"{(Decimal(self.numerator) / Decimal(self.denominator)).normalize():f}"

    def __float__(self) -> float:
        return self.numerator / self.denominator

    def __lt__(self, other: Threshold) -> bool:
        return self.numerator * other.denominator < other.numerator * self.denominator

    def is_met(self, distance: int, longer: int) -> bool:
        """Whether two names at this distance, the longer of `longer` code points, are similar."""
        return self.denominator * distance <= (self.denominator - self.numerator) * longer

    def max_distance(self, longer: int) -> int:
        """The greatest distance at which a name of `longer` code points has a similar shorter name."""
        return (self.denominator - self.numerator) * longer // self.denominator

    @functools.cached_property
    def lowest_similarity(self) -> float:
        """The least double that a stored similarity of at least this threshold can be.

        A stored similarity is the double nearest to (m - d) / m. Rounding keeps the order, so only a stored value
        equal to the rounded threshold is in doubt: it counts if the fraction behind it reaches the threshold. Where
        the threshold is `printed`, it counts if its own shortest text does, so a client that sends a similarity back
        finds its pair again, although 5/6 itself is below 0.8333333333333334.
        """
        nearest = float(self)
        exact = Fraction(repr(nearest)) if self.printed else Fraction(nearest).limit_denominator(_LONGEST_NAME)
        reached = exact >= Fraction(self.numerator, self.denominator)
        return nearest if reached else math.nextafter(nearest, math.inf)

    def for_kernel(self) -> Threshold:
        """The greatest threshold of MAX_DECIMALS decimals that is not above: it lets no fewer pairs through."""
        if self.denominator <= 10**MAX_DECIMALS:
            return self
        return Threshold(self.numerator * 10**MAX_DECIMALS // self.denominator, 10**MAX_DECIMALS)


def _fraction(text: str, pattern: re.Pattern[str], longest: int) -> Fraction:
    if len(text) > longest or not pattern.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a decimal number such as 0.8")
    value = Fraction(text)
    if not 0 <= value <= 1:
        raise ValueError(f"{text} is not between 0 and 1")
    return value
