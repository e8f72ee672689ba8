"""How the reference reads its input: raw tab-separated files, row by row, and what a value means."""

import unicodedata
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

POSTS = ("id", "created_at", "author_id", "is_repost", "text", "hashtags")
ACCOUNTS = ("id", "created_at", "screen_name")
BLANK = bytes(range(33))  # what an id may not consist of alone
FLAGS = {"true": True, "t": True, "yes": True, "y": True, "1": True}
FLAGS |= {"false": False, "f": False, "no": False, "n": False, "0": False}


class Row(NamedTuple):
    """A row of an input file. values: of the table's columns, in their order; None if it has too few or many."""

    file: str
    raw: str
    values: tuple[bytes, ...] | None


def normal_form(hashtag: str) -> str:
    """Without what nobody sees, leading # and surrounding space, NFKC, case-folded; until nothing changes."""
    while True:
        shown = "".join(letter for letter in hashtag if letter in "\u200c\u200d" or not _is_unseen(letter))
        form = unicodedata.normalize("NFKC", without_hash(shown)).casefold().replace("i\u0307", "i")
        if form == hashtag:
            return form
        hashtag = form


def _is_unseen(letter: str) -> bool:
    return unicodedata.category(letter) == "Cf"


def without_hash(hashtag: str) -> str:
    """A hashtag as written, but for space around it and hash signs, wide and small ones too, before it."""
    while hashtag[:1].isspace() or hashtag.startswith(("#", "\uff03", "\ufe5f")):
        hashtag = hashtag[1:]
    return hashtag.rstrip()


def read_rows(paths: Sequence[Path], columns: tuple[str, ...]) -> Iterator[Row]:
    for path in sorted(paths):
        header, *lines = path.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n")
        names = header.removesuffix(b"\r").decode().split("\t")
        for line in (line.removesuffix(b"\r") for line in lines):
            fields = line.split(b"\t")
            values = tuple(fields[names.index(name)] for name in columns) if len(fields) == len(names) else None
            if line:
                yield Row(str(path), text_of(line), values)


def text_of(value: bytes) -> str:
    return value.decode("utf-8", "backslashreplace")


def screen_name_of(value: bytes) -> str:
    """As it is compared: composed, without @ and space around it; each byte that is not UTF-8 is one character."""
    text = value.decode("utf-8", "surrogateescape").strip()
    text = unicodedata.normalize("NFC", text.removeprefix("@").strip())
    return "".join(chr(ord(one) - 0xDC00 + 0xF700) if "\udc80" <= one <= "\udcff" else one for one in text)


def is_blank(value: bytes) -> bool:
    return not value.strip(BLANK)


def moment_of(value: bytes) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text_of(value.strip(BLANK)))
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def by_date(created: datetime | None) -> datetime:
    return datetime.min.replace(tzinfo=UTC) if created is None else created
