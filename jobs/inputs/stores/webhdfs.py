"""Input in HDFS."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from jobs.inputs.stores.store import FileStatus, Listing
from lookalike.errors import MissingObjectError, StoreError, UsageError
from lookalike.inputurls import InputUrl
from lookalike.outputs.webhdfs import WebHdfs


class HdfsFiles:
    """See Store."""

    def __init__(self, root: InputUrl) -> None:
        """Connect to nothing yet. UsageError if the environment names no address of WebHDFS."""
        self._hdfs = WebHdfs(root.host)

    def status(self, path: str) -> FileStatus | None:
        """See Store."""
        with _errors():
            found = self._hdfs.status(path)
        if found is None or found.is_folder:
            return None
        return FileStatus(found.bytes, found.changed * 1_000_000)

    def below(self, path: str) -> Listing:
        """See Store."""
        with _errors():
            children = self._hdfs.children(path)
        return Listing(
            {one.name: one.bytes for one in children if not one.is_folder},
            tuple(one.name for one in children if one.is_folder),
        )

    def fetch(self, path: str, start: int, end: int, version: str | None) -> memoryview:  # noqa: ARG002  # it has none
        """See Store."""
        with _errors():
            try:
                return memoryview(self._hdfs.read(path, start, end))
            except MissingObjectError:
                raise UsageError(f"{self._hdfs.name(path)}: is not there any more") from None


@contextlib.contextmanager
def _errors() -> Iterator[None]:
    """Input that cannot be read is for the user to correct."""
    try:
        yield
    except StoreError as error:
        raise UsageError(str(error)) from None
