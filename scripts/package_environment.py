"""Write the archive of the Python that runs a cluster's tasks, so that its machines need Java and Spark only.

    package_environment.py [--check] ARCHIVE

In the archive: this interpreter with its standard library and the shared libraries that they need, the packages
that tasks import, and the job with all functions of it that this machine has compiled. It runs in any folder;
bin/python starts it. A packed virtual environment would not do: it is links to a Python that it does not hold.

An ARCHIVE that was made from the same is left alone. --check writes nothing, and fails unless it is so.
"""

import argparse
import gzip
import hashlib
import importlib.metadata
import io
import itertools
import os
import platform
import re
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# What the job imports. PySpark is not among it: Spark's own installation has it for the tasks.
PACKAGES = (
    *("blake3", "charset-normalizer", "numba", "numpy", "obstore", "orjson", "prometheus-client", "pyarrow"),
    *("pydantic", "PyYAML", "rapidfuzz", "regex"),
)
MADE_FROM = "made-from"  # the first file of the archive; its content is made_from()

_LEFT_OUT = re.compile(
    r"(^|/)(tests?|site-packages|dist-packages|idlelib|tkinter|turtledemo|lib2to3|ensurepip|pydoc_data|include"
    r"|config-[^/]*|(_tkinter|_curses|_curses_panel|readline|_dbm|_gdbm|nis|_test\w*|_ctypes_test|xx\w*)\.[^/]*\.so)(/|$)"
    r"|\.(pyi|pxd|pyx|hpp|h|a)$"
)
_OF_GLIBC = re.compile(r"(linux-vdso|ld-linux.*|lib(c|m|dl|rt|pthread|util|resolv))\.so\.\d+$")

_START = """\
#!/bin/sh
# Starts the Python of this folder, wherever the folder is.
here="$(cd "${{0%/*}}/.." && pwd -P)"
unset PYTHONHOME
export LD_LIBRARY_PATH="$here/lib${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}"
export PYTHONPATH="${{PYTHONPATH:+$PYTHONPATH:}}$here/packages" PYTHONNOUSERSITE=1
exec "$here/bin/{name}" "$@"
"""


def distributions() -> list[importlib.metadata.Distribution]:
    """PACKAGES and all that they require, by name."""
    found: dict[str, importlib.metadata.Distribution] = {}
    waiting = list(PACKAGES)
    while waiting:
        name = waiting.pop()
        key = re.sub(r"[-_.]+", "-", name).lower()
        if key in found:
            continue
        found[key] = importlib.metadata.distribution(name)
        for requirement in found[key].requires or []:
            wanted, _, marker = requirement.partition(";")
            if "extra" not in marker and "python_version" not in marker:
                waiting.append(re.split(r"[^\w.-]", wanted, maxsplit=1)[0])
    return [found[key] for key in sorted(found)]


def sources() -> list[Path]:
    """The modules of the job, in the order of their paths."""
    return sorted(path for name in ("jobs", "lookalike") for path in (ROOT / name).rglob("*.py"))


def made_from() -> bytes:
    """What decides the archive's content, in one line for each part."""
    jobs = hashlib.sha256()
    for path in sources():
        jobs.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    parts = [
        f"{platform.python_implementation()} {sys.version}".replace("\n", " "),
        f"{platform.machine()} {os.confstr('CS_GNU_LIBC_VERSION')}",
        *(f"{package.name} {package.version}" for package in distributions()),
        f"jobs {jobs.hexdigest()}",
        f"packed by {hashlib.sha256(Path(__file__).read_bytes()).hexdigest()}",
    ]
    return "".join(f"{part}\n" for part in parts).encode()


def up_to_date(archive: Path) -> bool:
    """Whether the archive was made from what is here now."""
    try:
        with tarfile.open(archive, "r:gz") as members:
            first = members.next()
            content = members.extractfile(first) if first is not None and first.name == MADE_FROM else None
            return content is not None and content.read() == made_from()
    except (OSError, tarfile.TarError):
        return False


def interpreter() -> Iterator[tuple[str, Path]]:
    """(path in the archive, file) of this Python and its standard library."""
    program = Path(sys.executable).resolve()
    yield f"bin/{program.name}", program
    library = Path(sysconfig.get_path("stdlib"))
    for path in sorted(library.rglob("*")):
        yield f"{library.relative_to(sys.base_prefix)}/{path.relative_to(library)}", path


def packages() -> Iterator[tuple[str, Path]]:
    """(path in the archive, file) of the packages, and of the job with what numba keeps of its functions."""
    for package in distributions():
        for file in package.files or []:
            if ".." not in file.parts:
                yield f"packages/{file.as_posix()}", Path(str(package.locate_file(file)))
    for path in sources():
        yield f"packages/{path.relative_to(ROOT)}", path
    yield from compiled()


def compiled() -> Iterator[tuple[str, Path]]:
    """Compiled functions, put where numba looks first: beside the module. It uses what fits source and processor."""
    from numba.core.caching import UserProvidedCacheLocator

    cache = Path(os.environ.get("NUMBA_CACHE_DIR") or ROOT / ".cache/numba")
    for folder in sorted({path.parent for path in sources()}):
        kept = cache / UserProvidedCacheLocator.get_suitable_cache_subpath(str(folder / "any.py"))
        for path in sorted(kept.glob("*.nb[ic]")):
            yield f"packages/{folder.relative_to(ROOT)}/__pycache__/{path.name}", path


def shared_libraries(files: list[tuple[str, Path]]) -> Iterator[tuple[str, Path]]:
    """What programs and modules among these files load from elsewhere, but for the C library."""
    packed = {path.resolve() for _, path in files}
    programs = [path for name, path in files if name.startswith("bin/") or path.suffix == ".so"]
    told = subprocess.run(["ldd", *map(str, programs)], capture_output=True, text=True, check=True).stdout
    found = dict(re.findall(r"^\s+(\S+) => (/\S+) ", told, re.MULTILINE))
    for name in sorted(found):
        path = Path(found[name]).resolve()
        if not _OF_GLIBC.match(name) and path not in packed:
            yield f"lib/{name}", path


def write(archive: Path) -> None:
    """Write the archive in one step."""
    start = _START.format(name=Path(sys.executable).resolve().name).encode()
    all_files = itertools.chain(interpreter(), packages())
    files = [(name, path) for name, path in all_files if not _LEFT_OUT.search(name) and path.is_file()]
    files += shared_libraries(files)
    archive.parent.mkdir(parents=True, exist_ok=True)
    unfinished = archive.with_name(f".{archive.name}.{os.getpid()}.tmp")
    try:
        with gzip.open(unfinished, "wb", compresslevel=3) as stream, tarfile.open(fileobj=stream, mode="w") as target:
            for name, content, mode in ((MADE_FROM, made_from(), 0o644), ("bin/python", start, 0o755)):
                member = tarfile.TarInfo(name)
                member.size, member.mode = len(content), mode
                target.addfile(member, io.BytesIO(content))
            for name, path in files:
                target.add(path.resolve(), name, recursive=False, filter=_anybodys)
        unfinished.replace(archive)
    finally:
        unfinished.unlink(missing_ok=True)


def _anybodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def main(argv: list[str]) -> int:
    """Write or check the archive that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if the archive is not up to date")
    parser.add_argument("archive", type=Path, metavar="ARCHIVE")
    options = parser.parse_args(argv)
    archive = options.archive
    current = up_to_date(archive)
    if options.check:
        return 0 if current else 1
    if not current:
        write(archive)
        glibc = os.confstr("CS_GNU_LIBC_VERSION")
        print(f"{archive}: {archive.stat().st_size >> 20} MB, for {platform.machine()} with {glibc} or later")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
