from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a file that each example of a test writes anew."""
    return tmp_path_factory.mktemp("rows") / "things.tsv"
