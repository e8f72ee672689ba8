"""What pip installs is locked: every package, in one version, by the hashes of its files."""

import importlib.metadata
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts.package_environment import distributions

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DIRECT = {"requirements.txt": PROJECT["project"]["dependencies"]}
DIRECT |= {
    file: PROJECT["dependency-groups"][group]
    for file, group in {
        "requirements-connect.txt": "connect",
        "scripts/requirements-build.txt": "build",
        "scripts/requirements-java.txt": "java",
        "scripts/requirements-audit.txt": "audit",
        "deploy/schedule/requirements-airflow.txt": "airflow",
        "tests/deploy/requirements-schemas.txt": "schemas",
    }.items()
}
DIRECT["requirements-dev.txt"] = DIRECT["requirements.txt"] + PROJECT["dependency-groups"]["dev"]
each_file = pytest.mark.parametrize("file", sorted(DIRECT))


class Locked(NamedTuple):
    """A line of a file, and those of its hashes."""

    requirement: Requirement
    hashes: frozenset[str]

    @property
    def version(self) -> str:
        (one,) = self.requirement.specifier
        assert one.operator == "=="
        return one.version


def locked(file: str) -> dict[str, Locked]:
    """What a file locks, by name. Nothing else is in it: no option, no address."""
    text = re.sub(r"^ *#.*\n", "", (ROOT / file).read_text(encoding="utf-8"), flags=re.MULTILINE)
    found: dict[str, Locked] = {}
    for line in text.replace("\\\n", "").splitlines():
        stated, *hashes = line.split(" --hash=sha256:")
        requirement = Requirement(stated)
        assert hashes, line
        assert all(re.fullmatch("[0-9a-f]{64} *", one) for one in hashes), line
        found[canonicalize_name(requirement.name)] = Locked(requirement, frozenset(one.strip() for one in hashes))
    return found


def needed(direct: Iterable[str]) -> dict[str, str]:
    """The installed version of these and of all that they need on this Python, by name."""
    found: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(Requirement(text), "") for text in direct]
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        package = importlib.metadata.distribution(name)
        assert package.version in requirement.specifier, f"{requirement}, not {package.version}"
        found[name] = package.version
        for wanted in ["", *requirement.extras]:
            if (name, wanted) not in seen:
                seen.add((name, wanted))
                waiting += [(Requirement(text), wanted) for text in package.requires or []]
    return found


def versions(file: str) -> dict[str, str]:
    """What a file installs on this Python."""
    return {
        name: one.version
        for name, one in locked(file).items()
        if one.requirement.marker is None or one.requirement.marker.evaluate()
    }


@each_file
def test_what_the_project_asks_for_is_locked_in_that_version(file: str) -> None:
    asked = {canonicalize_name(one.name): str(one.specifier) for one in map(Requirement, DIRECT[file])}
    found = locked(file)
    assert {name: f"=={found[name].version}" for name in asked} == asked, "run make lock"


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_what_is_installed_is_what_is_locked_and_nothing_is_missing(file: str) -> None:
    assert needed(DIRECT[file]) == versions(file)


def test_spark_connect_changes_no_version_of_what_a_run_needs() -> None:
    run, connect = locked("requirements.txt"), locked("requirements-connect.txt")
    both = run.keys() & connect.keys()
    assert {name: connect[name] for name in both} == {name: run[name] for name in both}


def test_what_tests_need_is_what_a_run_needs_and_more() -> None:
    run, tests = locked("requirements.txt"), locked("requirements-dev.txt")
    assert {name: tests[name] for name in run} == run


def test_a_clusters_environment_is_of_locked_packages() -> None:
    packed = {canonicalize_name(package.name): package.version for package in distributions()}
    assert packed.items() <= versions("requirements.txt").items()


def test_every_installation_compares_hashes() -> None:
    """And builds nothing with packages that it does not compare."""
    installing = []
    for path in (ROOT / "Makefile", *(ROOT / "scripts").glob("*.sh")):
        text = path.read_text(encoding="utf-8").replace("\\\n", "")
        installing += re.findall(r"^.*pip install .*$", text, re.MULTILINE)
    assert len(installing) == 7
    for line in installing:
        assert "--require-hashes" in line
        assert "--only-binary :all:" in line or "--no-build-isolation" in line


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """The file of a package that needs another one."""
    path = tmp_path / "index/sample-1.0-py3-none-any.whl"
    path.parent.mkdir()
    for name, needs in (("sample", "Requires-Dist: other\n"), ("other", "")):
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needs}"
        with zipfile.ZipFile(path.with_name(f"{name}-1.0-py3-none-any.whl"), "w") as wheel:
            wheel.writestr(f"{name}.py", "")
            wheel.writestr(f"{name}-1.0.dist-info/METADATA", metadata)
            wheel.writestr(f"{name}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            wheel.writestr(f"{name}-1.0.dist-info/RECORD", "")
    return path


def install(index: Path, *lines: str) -> subprocess.CompletedProcess[str]:
    """As the Makefile does, from a folder of files."""
    requirements = index.parent / "requirements.txt"
    requirements.write_text("".join(line + "\n" for line in lines))
    command = [sys.executable, "-m", "pip", "--isolated", "install", "--no-index", "--find-links", str(index)]
    target = ["--target", str(index.parent / "site"), "--disable-pip-version-check", "--no-cache-dir"]
    return subprocess.run(
        [*command, *target, "--require-hashes", "-r", requirements], capture_output=True, text=True, check=False
    )


def line_of(package: Path) -> str:
    return f"{package.name.partition('-')[0]}==1.0 --hash=sha256:{sha256(package.read_bytes()).hexdigest()}"


def test_a_file_with_another_hash_is_not_installed(package: Path) -> None:
    other = package.with_name("other-1.0-py3-none-any.whl")
    lines = [line_of(package), line_of(other)]
    with zipfile.ZipFile(package, "a") as wheel:
        wheel.writestr("more.py", "")
    done = install(package.parent, *lines)
    assert done.returncode == 1
    assert "DO NOT MATCH THE HASHES" in done.stderr
    assert not (package.parents[1] / "site").exists()


def test_a_package_that_is_not_locked_is_not_installed(package: Path) -> None:
    done = install(package.parent, line_of(package))
    assert done.returncode == 1
    assert "all requirements must have their versions pinned" in done.stderr


def test_what_is_locked_is_installed(package: Path) -> None:
    done = install(package.parent, *(line_of(path) for path in package.parent.iterdir()))
    assert (done.returncode, done.stderr) == (0, "")
    assert {path.name for path in (package.parents[1] / "site").glob("*.py")} == {"sample.py", "other.py"}
