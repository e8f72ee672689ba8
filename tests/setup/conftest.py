import shutil
import sys
from pathlib import Path

import pytest

from .launching import FAKE_JAVA, FAKE_PYTHON, ROOT, executable


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the launcher and its scripts in a folder whose name has a space, a quote and an accent."""
    project = tmp_path / "it's à project"
    for folder in ("scripts", "conf"):
        shutil.copytree(ROOT / folder, project / folder)
    shutil.copy(ROOT / "spark-submit.sh", project)
    (project / "jobs").mkdir()
    (project / "jobs/similar_accounts.py").write_text("")
    executable(project / ".venv/bin/python", FAKE_PYTHON.format(python=sys.executable))
    executable(project / ".venv/lib/python3.11/site-packages/pyspark/bin/spark-submit", '#!/bin/sh\necho real "$@"\n')
    executable(tmp_path / "jdk/bin/java", FAKE_JAVA.format(version=17))
    return project
