"""Python environments beside the project's own, which `make test-deploy` installs."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .examples import ROOT


def run(environment: str, script: str, *arguments: str | Path, given: str = "", **variables: str) -> Any:
    """The JSON that a script of this folder ends its output with, run by the Python of an environment in .cache."""
    python = ROOT / ".cache" / environment / "bin/python"
    if not python.exists():
        pytest.fail(f"this test needs .cache/{environment}: make test-deploy", pytrace=False)
    done = subprocess.run(
        [python, Path(__file__).with_name(script), *arguments],
        input=given,
        env={"PATH": os.defpath, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
