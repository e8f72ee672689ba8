"""Where a value is in a JSON object: user.id_str, entities.hashtags[].text, referenced_tweets[type=retweeted].id."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import Any, Final

_AND: Final = " + "
_STEP: Final = re.compile(r"([^.\[\]]+)(\[(?:([^\]=]+)=([^\]]+))?\])?")


@dataclass(frozen=True)
class _Step:
    """A key; of a list under it, all items count, or those whose `name` is `wanted`."""

    key: str
    listed: bool
    name: str | None
    wanted: str | None


@dataclass(frozen=True)
class JsonPath:
    """Keys with dots between them; alternatives, of which the first that has a value counts, with bars.

    Of "chat.id + id" the two values with a hyphen between them, if both are there. Lists in lists become one list.
    """

    text: str
    _ways: tuple[tuple[tuple[_Step, ...], ...], ...]

    @classmethod
    def parse(cls, text: str) -> JsonPath:
        """Raises ValueError if it is no path."""
        return cls(text, tuple(tuple(map(_steps, way.split(_AND))) for way in text.split("|")))

    def find(self, value: Any) -> Any:
        """The value in an object; None if there is none."""
        for parts in self._ways:
            found = [_follow(value, steps) for steps in parts]
            if all(one is not None and one != [] for one in found):
                return found[0] if len(found) == 1 else "-".join(map(str, found))
        return None


def _steps(way: str) -> tuple[_Step, ...]:
    steps = []
    for part in way.split("."):
        match = _STEP.fullmatch(part)
        if match is None:
            raise ValueError(f"{way!r} is no path such as user.id or entities.hashtags[].text")
        steps.append(_Step(match[1], match[2] is not None, match[3], match[4]))
    return tuple(steps)


def _follow(value: Any, steps: tuple[_Step, ...]) -> Any:
    for place, step in enumerate(steps):
        value = value.get(step.key) if isinstance(value, dict) else None
        if step.listed:
            items = value if isinstance(value, list) else []
            if step.name is not None:
                items = [one for one in items if isinstance(one, dict) and one.get(step.name) == step.wanted]
            found = [_follow(one, steps[place + 1 :]) for one in items]
            lists = (one if isinstance(one, list) else [one] for one in found if one is not None)
            return list(itertools.chain.from_iterable(lists))
    return value
