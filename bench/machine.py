"""When and where something is measured."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("pyspark", "numpy", "numba", "pyarrow", "duckdb", "symscan", "rapidfuzz")


def today() -> str:
    """The date, in UTC."""
    return f"{datetime.now(UTC):%Y-%m-%d}"


def describe_machine() -> str:
    """Return one line: date, processor, cores, memory, versions."""
    return f"{today()}, {machine()}"


def machine() -> str:
    """Return one line: processor, cores, memory, versions."""
    cpu = re.search(r"model name\s*: (.*)", _content(Path("/proc/cpuinfo")))
    memory = re.search(r"MemTotal:\s*(\d+)", _content(Path("/proc/meminfo")))
    parts = [
        cpu[1] if cpu else platform.processor(),
        f"{len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()} cores",
        f"{int(memory[1]) / 2**20:.0f} GiB" if memory else "",
        platform.system(),
        f"Python {platform.python_version()}",
        *(f"{name} {version(name)}" for name in PACKAGES),
        _java_version(),
    ]
    return ", ".join(part for part in parts if part)


def _content(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _java_version() -> str:
    java = Path(os.environ["JAVA_HOME"], "bin", "java") if "JAVA_HOME" in os.environ else Path("java")
    try:
        answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=True).stderr
    except (OSError, subprocess.CalledProcessError):
        return ""
    found = re.search(r'version "([^"]+)"', answer)
    return f"Java {found[1]}" if found else ""
