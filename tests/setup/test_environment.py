"""The Python that is packed for a cluster."""

import ast
import importlib.metadata
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
OF_SPARK = {"pyspark", "py4j"}  # Spark's installation brings them


@pytest.fixture(scope="module")
def packer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("package_environment", ROOT / "scripts/package_environment.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def imported(path: Path) -> set[str]:
    """The top-level modules that a file imports anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return {name.partition(".")[0] for name in names}


def test_it_has_every_package_that_the_job_imports(packer: ModuleType) -> None:
    modules = set().union(*map(imported, packer.sources()))
    modules -= sys.stdlib_module_names | OF_SPARK | {"jobs", "lookalike"}
    owners = importlib.metadata.packages_distributions()
    packed = {package.name for package in packer.distributions()}
    assert [name for name in sorted(modules) if not packed & set(owners[name])] == []


def test_it_has_every_module_of_the_job(packer: ModuleType) -> None:
    names = {name for name, _ in packer.packages()}
    assert {
        f"packages/{path.relative_to(ROOT)}" for name in ("jobs", "lookalike") for path in (ROOT / name).rglob("*.py")
    } <= names


@pytest.mark.parametrize(
    ("left_out", "name"),
    [
        (True, "lib/python3.11/test/test_os.py"),
        (True, "lib/python3.11/site-packages/pip/__init__.py"),
        (True, "lib/python3.11/lib-dynload/_tkinter.cpython-311-x86_64-linux-gnu.so"),
        (True, "packages/pyarrow/include/arrow/api.h"),
        (False, "lib/python3.11/unittest/case.py"),
        (False, "packages/numba/testing/main.py"),
        (False, "lib/python3.11/lib-dynload/_ctypes.cpython-311-x86_64-linux-gnu.so"),
        (False, "packages/jobs/kernel/__pycache__/join._verify-70.py311.1.nbc"),
    ],
)
def test_what_only_tests_windows_and_builds_need_stays_here(packer: ModuleType, left_out: bool, name: str) -> None:
    assert (packer._LEFT_OUT.search(name) is not None) == left_out
