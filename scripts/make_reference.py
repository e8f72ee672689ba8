"""Write the pages of docs/reference that are made from the code. `make reference` calls it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))  # Python puts a script's own folder first

from scripts.reference import (  # noqa: E402  # needs the right path
    api,
    exitcodes,
    options,
    presets,
    settings,
    snapshotformat,
)

FOLDER: Final = ROOT / "docs" / "reference"
PAGES: Final[dict[str, Callable[[], str]]] = {
    "options.md": options.page,
    "settings.md": settings.page,
    "snapshot-format.md": snapshotformat.page,
    "api.md": api.page,
    "exit-codes.md": exitcodes.page,
    "presets.md": presets.page,
}


def main() -> None:
    """Write all pages."""
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
