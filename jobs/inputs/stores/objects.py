"""Input in an object store."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from jobs.inputs.stores.store import FileStatus, Listing
from lookalike.errors import ConflictError, MissingBucketError, MissingObjectError, StoreError, UsageError
from lookalike.inputurls import InputUrl
from lookalike.outputs.objects import ObjectStore
from lookalike.outputs.patience import PATIENT
from lookalike.outputs.urls import StoreUrl

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Objects:
    """See Store. Folders are what the keys of objects have before a slash."""

    def __init__(self, root: InputUrl) -> None:
        """Connect to nothing yet."""
        self._root = root
        with self._errors(""):
            self._objects = ObjectStore(StoreUrl(str(root)), PATIENT)

    def status(self, path: str) -> FileStatus | None:
        """See Store."""
        with self._errors(path):
            try:
                found = self._objects.head(path)
            except MissingObjectError:
                return None
        milliseconds = (found.changed - _EPOCH) // timedelta(milliseconds=1)  # listings have no finer times
        return FileStatus(found.bytes, milliseconds * 1_000_000, found.e_tag)

    def below(self, path: str) -> Listing:
        """See Store."""
        with self._errors(path):
            objects, folders = self._objects.below(path)
        files = {one.key.rpartition("/")[2]: one.bytes for one in objects if one.key != path}  # which marks a folder
        return Listing(files, tuple(folder.rpartition("/")[2] for folder in folders))

    def fetch(self, path: str, start: int, end: int, version: str | None) -> memoryview:
        """See Store."""
        with self._errors(path):
            return self._objects.part(path, start, end, version)

    @contextlib.contextmanager
    def _errors(self, path: str) -> Iterator[None]:
        """Turn what a store raises into a UsageError: input that cannot be read is for the user to correct."""
        name = self._root._replace(path=path)
        try:
            yield
        except MissingBucketError:
            raise UsageError(f"{self._root}: there is no such bucket") from None
        except MissingObjectError:
            raise UsageError(f"{name}: is not there any more") from None
        except ConflictError:
            raise UsageError(f"{name}: was changed while the job was running") from None
        except StoreError as error:
            raise UsageError(str(error)) from None
