"""Text in other encodings than UTF-8, and with other line ends than a line feed, converted as it is read."""

from __future__ import annotations

import codecs
import io
import unicodedata
from typing import Any, Final

# A byte that cannot be decoded becomes one character of the private use area, a different one for each byte: names
# that differ in such bytes differ by as many characters.
UNDECODED: Final = 0xF700
_HANDLER: Final = "lookalike.undecoded"
_READ_AT_ONCE: Final = 1 << 18  # bytes
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins like that of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_GUESSED_FROM: Final = 1 << 16  # bytes
_ENOUGH: Final = 32  # bytes beyond ASCII; a guess from fewer is none


def _undecoded(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(UNDECODED + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error(_HANDLER, _undecoded)


def decoded(value: bytes) -> str:
    """A value as text: UTF-8, and one character for each byte that is not."""
    return value.decode("utf-8", _HANDLER)


def find_encoding(head: bytes) -> str:
    """The encoding of a text by its first bytes: by its mark, else UTF-8 if it can be, else by a guess.

    The guess is charset-normalizer's. Where there is little to guess from, or the guess gives Latin letters, whose
    encodings short texts do not tell apart, it is cp1252, as browsers take it.
    """
    marked = _by_mark(head)
    if marked is not None:
        return marked
    by_zeros = _utf_16_by_zeros(head)
    if by_zeros is not None:
        return by_zeros
    good, bad = (0, 0) if head.isascii() else _utf_8_and_other(head)
    if good >= bad:
        return "utf-8"
    if bad < _ENOUGH:
        return "cp1252"
    import charset_normalizer  # most files do not need it

    sample = _around_other(head)
    found = charset_normalizer.from_bytes(sample).best()
    if found is None or found.encoding.startswith("utf"):
        return "cp1252"
    return "cp1252" if _is_latin(sample.decode(found.encoding, "replace")) else str(found.encoding)


def encoding_by_name(head: bytes, name: str) -> str:
    """The named encoding for a text, unless the text has another one's mark or can be nothing but UTF-8.

    The files of a run need not all be written in one encoding.
    """
    marked = _by_mark(head)
    if marked is not None or name == "utf-8":
        return marked or name
    if name == "utf-16":
        return _utf_16_by_zeros(head) or ("utf-16-le" if b"\0" in head else "utf-8")
    characters, bad = _utf_8_and_other(head)
    return "utf-8" if characters and not bad and b"\0" not in head else name


def _by_mark(head: bytes) -> str | None:
    return next((name for mark, name in _MARKS if head.startswith(mark)), None)


def _is_latin(text: str) -> bool:
    """Whether at least half of the letters beyond ASCII are Latin."""
    letters = [letter for letter in text if letter >= "\x80" and letter.isalpha()]
    return 2 * sum("LATIN" in unicodedata.name(letter, "") for letter in letters) >= len(letters)


def _utf_16_by_zeros(head: bytes) -> str | None:
    """UTF-16 without a mark: most of every other byte is zero where the text is mostly ASCII."""
    half = len(head) // 2
    if half == 0:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > half // 2 > even:
        return "utf-16-le"
    return "utf-16-be" if even > half // 2 > odd else None


def _utf_8_and_other(head: bytes) -> tuple[int, int]:
    """Characters beyond ASCII that are UTF-8, and bytes that are not; one that the end cuts counts as neither."""
    text = codecs.getincrementaldecoder("utf-8")(_HANDLER).decode(head)
    beyond = [char for char in text if char >= "\x80"]
    bad = sum(UNDECODED + 0x80 <= ord(char) <= UNDECODED + 0xFF for char in beyond)
    return len(beyond) - bad, bad


def _around_other(head: bytes) -> bytes:
    """The lines that have bytes beyond ASCII: a guess from the others would be none."""
    lines, size = [], 0
    for line in head.splitlines():
        if not line.isascii():
            lines.append(line)
            size += len(line)
            if size > _GUESSED_FROM:
                break
    return b"\n".join(lines)


class Recoded:
    """A stream of UTF-8 with line feeds, made from one in another encoding or with carriage returns alone."""

    def __init__(self, source: Any, encoding: str, *, returns: bool) -> None:
        """Convert what `source` reads. returns: a carriage return ends a line, followed by a line feed or not."""
        decoder = codecs.getincrementaldecoder(encoding)(_HANDLER)
        self._decoder = io.IncrementalNewlineDecoder(decoder, translate=True) if returns else decoder
        self._source = source
        self._waiting = memoryview(b"")
        self._at_end = False

    def read(self, count: int) -> bytes:
        """The next bytes, `count` of them unless the stream ends."""
        parts = []
        while count and (part := self._next(count)):
            parts.append(bytes(part))
            count -= len(part)
        return b"".join(parts)

    def readinto(self, buffer: Any) -> int:
        """Read into a writable buffer; the number of bytes, 0 at the end."""
        part = self._next(len(buffer))
        memoryview(buffer)[: len(part)] = part
        return len(part)

    def _next(self, count: int) -> memoryview:
        while not self._waiting and not self._at_end:
            raw = self._source.read(_READ_AT_ONCE)
            self._at_end = not raw
            text = self._decoder.decode(raw, final=self._at_end)
            self._waiting = memoryview(text.encode("utf-8"))
        part, self._waiting = self._waiting[:count], self._waiting[count:]
        return part
