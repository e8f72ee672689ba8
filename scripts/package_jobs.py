"""Write the zip of the job that a cluster's Python processes import: jobs/ and lookalike/.

    package_jobs.py ZIP

The same sources give the same bytes, and a ZIP that already holds them is left alone.
"""

import argparse
import io
import os
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (1980, 1, 1, 0, 0, 0)  # the first time that a zip can tell: file times must not change the bytes


def packed(packages: Sequence[Path]) -> bytes:
    """Return a zip of the packages' files, compiled ones left out, each below its package's own name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for package in packages for path in package.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                entry = zipfile.ZipInfo(path.relative_to(ROOT).as_posix(), OLDEST)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, path.read_bytes())
    return buffer.getvalue()


def replace_if_changed(target: Path, content: bytes) -> bool:
    """Write content to target in one step, unless it is there already; return whether it was written."""
    if target.exists() and target.read_bytes() == content:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    unfinished.write_bytes(content)
    unfinished.replace(target)
    return True


def main(argv: list[str]) -> int:
    """Write the zip that the argument names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("zip", type=Path, metavar="ZIP")
    replace_if_changed(parser.parse_args(argv).zip, packed([ROOT / "jobs", ROOT / "lookalike"]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
