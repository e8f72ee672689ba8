"""Input in HDFS, by WebHDFS: a name node tells over HTTP what is there, and which data node to read it from.

The tasks of a cluster are Python, so that they cannot use Hadoop's own client, which is Java. The client of fsspec
waits for ever for a node that does not answer, and takes an error of a data node for the content of the file.
"""

from __future__ import annotations

import contextlib
import getpass
import http.client
import json
import os
import time
import urllib.error
import urllib.request
from typing import Any, Final
from urllib.parse import quote, urlencode

from jobs.inputs.stores.store import FileStatus, Listing
from lookalike.errors import UsageError
from lookalike.inputurls import InputUrl
from lookalike.namenodes import ADDRESSES, web_addresses

_SECONDS: Final = 60  # that a node may be silent
PAUSES: Final = (0.1, 0.5, 2.0, 5.0, 5.0)  # seconds between the tries of a request
_HINT: Final = f"{ADDRESSES} can name another address of WebHDFS"
_NOT_NOW: Final = frozenset({"StandbyException", "RetriableException", "SafeModeException"})


class WebHdfs:
    """See Store."""

    def __init__(self, root: InputUrl) -> None:
        """Connect to nothing yet. UsageError if the environment names no address of WebHDFS."""
        self._root = root
        self._addresses = web_addresses(root.host)
        self._who = _who()

    def status(self, path: str) -> FileStatus | None:
        """See Store."""
        found = self._object(path, "GETFILESTATUS", "FileStatus")
        if found is None or found["type"] != "FILE":
            return None
        return FileStatus(int(found["length"]), int(found["modificationTime"]) * 1_000_000)

    def below(self, path: str) -> Listing:
        """See Store."""
        found = self._object(path, "LISTSTATUS", "FileStatuses")
        children = [] if found is None else found["FileStatus"]
        return Listing(
            {one["pathSuffix"]: int(one["length"]) for one in children if one["type"] == "FILE"},
            tuple(one["pathSuffix"] for one in children if one["type"] == "DIRECTORY"),
        )

    def fetch(self, path: str, start: int, end: int, version: str | None) -> memoryview:  # noqa: ARG002  # it has none
        """See Store."""
        content = self._ask(path, "OPEN", end - start, offset=start, length=end - start)
        if content is None:
            raise UsageError(f"{self._name(path)}: is not there any more")
        return memoryview(content)

    def _name(self, path: str) -> str:
        return str(self._root._replace(path=path))

    def _object(self, path: str, operation: str, key: str) -> Any:
        """A part of the answer to a question; None if there is no such file."""
        content = self._ask(path, operation)
        if content is None:
            return None
        try:
            return json.loads(content)[key]
        except (ValueError, KeyError, TypeError):
            raise UsageError(f"{self._name(path)}: {self._asked()} gives no answer of WebHDFS") from None

    def _ask(self, path: str, operation: str, size: int | None = None, **parameters: int) -> bytes | None:
        """The content of an answer, of `size` bytes if that is known; None if there is no such file."""
        query = urlencode({"op": operation, **self._who, **parameters})
        reason = ""
        for pause in (*PAUSES, None):
            for address in list(self._addresses):
                try:
                    return _content(f"{address}/webhdfs/v1/{quote(path)}?{query}", size)
                except _RefusedError as refusal:
                    reason = refusal.reason
                    if refusal.is_missing:
                        return None
                    if refusal.is_final:
                        raise UsageError(f"{self._name(path)}: {self._meaning(refusal)}") from None
                except (OSError, http.client.HTTPException) as error:
                    reason = _words(error)
                if len(self._addresses) > 1:  # the other name node may be the active one
                    self._addresses = [*(one for one in self._addresses if one != address), address]
            if pause is not None:
                time.sleep(pause)
        raise UsageError(f"{self._name(path)}: {self._asked()} fails ({reason}); {_HINT}")

    def _asked(self) -> str:
        return " and ".join(sorted(self._addresses))

    def _meaning(self, refusal: _RefusedError) -> str:
        if refusal.status == 401:
            return f"{self._asked()} wants Kerberos, which the job does not have; mount it as a folder"
        if refusal.status == 403:
            user = self._who.get("doas") or self._who.get("user.name")
            who = "" if user is None else f" to {user}"
            return f"access denied{who} ({refusal.reason}); see HADOOP_USER_NAME in the environment"
        if refusal.status == 404:
            return f"{self._asked()} is no WebHDFS ({refusal.reason}); {_HINT}"
        return f"{self._asked()} refuses to read it ({refusal.reason})"


class _RefusedError(Exception):
    """An answer that is none. reason: the kind of exception in Java, or the status."""

    def __init__(self, status: int, reason: str) -> None:
        self.status, self.reason = status, reason

    @property
    def is_missing(self) -> bool:
        return self.reason == "FileNotFoundException"

    @property
    def is_final(self) -> bool:
        """Whether another try is of no use."""
        return self.status < 500 and self.reason not in _NOT_NOW


def _content(url: str, size: int | None) -> bytes:
    """What a GET gives, redirects followed. Raises _RefusedError, OSError, HTTPException."""
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS) as answer:
            content: bytes = answer.read()
    except urllib.error.HTTPError as error:
        with error:
            raise _RefusedError(error.code, _exception_in(error.read(1 << 16)) or f"status {error.code}") from None
    if size is not None and len(content) != size:
        raise OSError(f"{len(content)} bytes instead of {size}")
    return content


def _exception_in(content: bytes) -> str | None:
    try:
        name = json.loads(content)["RemoteException"]["exception"]
    except (ValueError, KeyError, TypeError):
        return None
    return name if isinstance(name, str) and name.isidentifier() else None


def _words(error: Exception) -> str:
    """Why there was no answer."""
    if isinstance(error, urllib.error.URLError) and isinstance(error.reason, Exception):
        error = error.reason
    if isinstance(error, TimeoutError):
        return "timeout"
    return (isinstance(error, OSError) and (error.strerror or str(error))) or type(error).__name__


def _who() -> dict[str, str]:
    """Who asks, and for whom, as Hadoop's own tools find it; tasks of Spark ask for who has started the run."""
    user = os.environ.get("HADOOP_USER_NAME") or os.environ.get("SPARK_USER")
    with contextlib.suppress(OSError, KeyError):  # a process in a container may have no name
        user = user or getpass.getuser()
    named = {"user.name": user, "doas": os.environ.get("HADOOP_PROXY_USER")}
    return {name: value for name, value in named.items() if value}
