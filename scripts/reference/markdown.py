"""Pieces of Markdown that several pages are made of."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Final

_WIDTH: Final = 118


def head(title: str, introduction: str, source: str) -> str:
    """The title of a page, what it is about, and a comment that names what it is made from."""
    comment = f"<!-- Made from {source} by `make reference`. Edit that and not this page. -->"
    return f"# {title}\n\n{comment}\n\n{introduction}"


def paragraph(text: str) -> str:
    """Text in lines of usual length."""
    return textwrap.fill(" ".join(text.split()), _WIDTH, break_long_words=False, break_on_hyphens=False)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def code(text: object) -> str:
    """Text in a fixed width."""
    return f"`{text}`"


def joined(parts: Iterable[str]) -> str:
    """A whole page of its blocks."""
    return "\n\n".join(part for part in parts if part) + "\n"


def sentence(text: str) -> str:
    """The text with a capital letter and a full stop."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
