"""Damage done to valid content: bits, bytes, lengths, cuts, repetitions, and pieces of other content."""

import copy
import json
import random
import struct
from collections.abc import Callable, Sequence
from typing import Any

# What a reader of text, JSON or of a binary format may take for something special.
_TOKENS = [
    *(b"\x00", b"\n", b"\r", b"\r\n", b"\t", b",", b";", b"|", b'"', b'""', b"\\", b'\\"', b"'", b"#", b"=", b"?"),
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x1a"),
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b"null",
        b"true",
        b"1e999",
        b"-0",
        b"\\ud800",
        b"\\u0000",
        b"NaN",
        b"PAR1",
        b"PK\x03\x04",
    ),
    *(b"[" * 3000, b'{"a":' * 3000, b"9" * 500, b"\xcc\x81" * 300, b"\xf0\x9f\x98\x80", b"%00", b"%ff", b"%2e%2e/"),
]
_NUMBERS = [0, 1, -1, 2, 127, 128, 255, 256, 32767, 65535, 1 << 20, (1 << 31) - 1, 1 << 31, -(1 << 31), (1 << 63) - 1]
_VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 10**6, 1 << 31, 1 << 63, 10**400, 0.5, -0.0, 1e308, float("nan"), float("inf")),
    *("", "0", "1", "-1", "0.8", "1e-9", "1e999999999", "0." + "9" * 40, "\x00", "\ud800", "é" * 300, "../../x", "/"),
    *([], {}, [[]], [None], {"": None}),
]


def damaged(rng: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """The content with one to six changes. others: valid content of the same kind, to take pieces of."""
    for _ in range(rng.choice([1, 1, 1, 2, 6])):
        content = rng.choice(_CHANGES)(rng, content, others)
    return content[: 1 << 18]


def damaged_json(rng: random.Random, content: bytes) -> bytes:
    """A document with one to three of its values replaced, removed, doubled or moved."""
    document = json.loads(content)
    for _ in range(rng.choice([1, 1, 2, 3])):
        places = list(_places(document))
        if not places:
            break
        holder, key = rng.choice(places)
        match rng.randrange(5):
            case 0:
                del holder[key]
            case 1:
                other, name = rng.choice(places)
                holder[key] = copy.deepcopy(other[name])
            case 2 if isinstance(holder, dict):
                holder[rng.choice(["new", "", "path", "schema_version"])] = rng.choice(_VALUES)
            case 2 | 3 if isinstance(holder[key], int):
                holder[key] += rng.choice([-1, 1, 1 << 32])
            case _:
                holder[key] = copy.deepcopy(rng.choice(_VALUES))
    return json.dumps(document, ensure_ascii=rng.random() < 0.9).encode("utf-8", "surrogatepass")


def _places(document: Any) -> list[tuple[Any, Any]]:
    """Every value of the document: what holds it, and its key or place there."""
    found: list[tuple[Any, Any]] = []
    waiting = [document]
    while waiting:
        holder = waiting.pop()
        keys = list(holder) if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else []
        found += [(holder, key) for key in keys]
        waiting += [holder[key] for key in keys]
    return found


def _place(rng: random.Random, content: bytes) -> int:
    """Often near one of the ends, where formats keep their heads and lengths."""
    size = len(content)
    return rng.choice([rng.randint(0, size), rng.randint(0, min(size, 40)), size - rng.randint(0, min(size, 300))])


def _range(rng: random.Random, content: bytes) -> tuple[int, int]:
    start = _place(rng, content)
    return start, min(len(content), start + rng.choice([1, 2, 8, 50, 1000]))


def _flip(rng: random.Random, content: bytes, _: Sequence[bytes]) -> bytes:
    found = bytearray(content)
    if found:
        found[min(len(found) - 1, _place(rng, content))] ^= 1 << rng.randrange(8)
    return bytes(found)


def _insert(rng: random.Random, content: bytes, _: Sequence[bytes]) -> bytes:
    at = _place(rng, content)
    return content[:at] + rng.choice(_TOKENS) * rng.choice([1, 1, 1, 2, 70]) + content[at:]


def _overwrite(rng: random.Random, content: bytes, _: Sequence[bytes]) -> bytes:
    at, token = _place(rng, content), rng.choice(_TOKENS)
    return content[:at] + token + content[at + len(token) :]


def _write_number(rng: random.Random, content: bytes, _: Sequence[bytes]) -> bytes:
    """A length or an offset, as binary formats write it: fixed, or seven bits a byte."""
    at, number = _place(rng, content), rng.choice(_NUMBERS)
    fixed = struct.pack(rng.choice("<>") + "q", number)[: rng.choice([1, 2, 4, 8])]
    packed = bytearray()
    rest = number & ((1 << 64) - 1)
    while rest >= 128:
        packed.append(rest & 127 | 128)
        rest >>= 7
    packed.append(rest)
    written = rng.choice([fixed, bytes(packed)])
    return content[:at] + written + content[at + len(written) :]


def _remove(rng: random.Random, content: bytes, _: Sequence[bytes]) -> bytes:
    start, end = _range(rng, content)
    return content[:start] + content[end:]


def _cut(rng: random.Random, content: bytes, _: Sequence[bytes]) -> bytes:
    return content[: _place(rng, content)]


def _repeat(rng: random.Random, content: bytes, _: Sequence[bytes]) -> bytes:
    start, end = _range(rng, content)
    return content[:end] + content[start:end] * rng.choice([1, 1, 3, 100]) + content[end:]


def _splice(rng: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """The beginning of this and the end of another, or a piece of another inside."""
    other = rng.choice(others)
    start, end = _range(rng, other)
    at = _place(rng, content)
    return content[:at] + rng.choice([other[start:], other[start:end] + content[at:]])


_CHANGES: list[Callable[[random.Random, bytes, Sequence[bytes]], bytes]] = [
    *(_flip, _flip, _insert, _insert, _overwrite, _write_number, _write_number, _remove, _cut, _repeat, _splice),
]
