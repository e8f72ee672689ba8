"""Lists of hashtags with objects, calls or escaped letters in them, as Python, NumPy, R and JSON write them."""

from __future__ import annotations

import ast
import json
import re
from typing import Any, Final

HASHTAG_KEYS: Final = ("text", "tag", "name", "hashtagName", "hashtag")  # of an object that describes a hashtag
# What may stand before a round bracket: R's c("a"), list("a") and character(0), Python's set() and frozenset({"a"}),
# NumPy's array(["a"], dtype=object).
CALLS: Final = ("c", "list", "set", "frozenset", "array", "np.array", "character")
ANY_CALL: Final = "|".join(map(re.escape, CALLS))
_CALLED: Final = re.compile(rf"\s*(?:{ANY_CALL})?\((.*)\)\s*", re.DOTALL)
_NUMPY: Final = re.compile(r"""np\.str_\(('[^']*'|"[^"]*")\)|,\s*dtype=[^)]*""")
_NAMED: Final = re.compile(rf"""\b(?:{"|".join(HASHTAG_KEYS)})\s*=\s*("[^"]*"|'[^']*')""")
_NEIGHBOURS: Final = re.compile(r"""(?<=[^\s\[,])(['"])\s+(?=['"])""")  # items with only space between them


def joined(field: bytes) -> bytes:
    """The hashtags of a list with commas between them; the field itself if it cannot be read."""
    text = _NUMPY.sub(lambda found: found[1] or "", field.decode("utf-8", "backslashreplace"))
    while (called := _CALLED.fullmatch(text)) is not None:
        inside = called[1].strip().removesuffix(",")
        if inside in ("", "0"):
            return b""
        text = inside if inside.startswith(("[", "{", "(")) else f"[{inside}]"
    for read in (json.loads, _read_literal, _read_named):
        try:
            found = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(found, list | tuple | dict):
            items = [found] if isinstance(found, dict) else found
            return ",".join(filter(None, map(hashtag_in, items))).encode("utf-8", "replace")
    return field


def hashtag_in(value: Any) -> str:
    """The hashtag that a value of a list is, or that it describes; "" if there is none."""
    if isinstance(value, dict):
        value = next((value[key] for key in HASHTAG_KEYS if key in value), None)
    return value if isinstance(value, str) else ""


def _read_literal(text: str) -> Any:
    """A list, set or object as Python or NumPy writes it. A set is read as a list, whose order is the same each time.

    Without the commas, Python would take neighbours for one string.
    """
    if "{" not in text:
        text = _NEIGHBOURS.sub(r"\1, ", text)
    elif ":" not in text and text.startswith("{"):
        text = f"[{text[1:-1]}]"
    return ast.literal_eval(text)


def _read_named(text: str) -> list[str]:
    """The hashtags of objects as R writes them: list(text = "one", indices = c(1, 2)). ValueError for no such."""
    found = [one[1:-1] for one in _NAMED.findall(text)]
    if not found:
        raise ValueError(text)
    return found
