"""HDFS by WebHDFS: a name node tells over HTTP what is there, and which data node to read from or write to.

The tasks of a cluster are Python, so that they cannot use Hadoop's own client, which is Java. The client of fsspec
waits for ever for a node that does not answer, and takes an error of a data node for the content of the file.
"""

from __future__ import annotations

import contextlib
import getpass
import http.client
import itertools
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any, BinaryIO, Final, NamedTuple
from urllib.parse import quote, urlencode

from lookalike.errors import MissingObjectError, StoreError, StoreRefusedError
from lookalike.namenodes import ADDRESSES, web_addresses
from lookalike.outputs.patience import PATIENT, Patience

_SILENCE: Final = 60  # seconds that a node may be silent, however long a request may take
_BLOCK: Final = 1 << 20  # bytes that are sent at once
_HINT: Final = f"{ADDRESSES} can name another address of WebHDFS"
_BUSY: Final = frozenset({"AlreadyBeingCreatedException", "RecoveryInProgressException"})  # with another's append
_NOT_NOW: Final = frozenset({"StandbyException", "RetriableException", "SafeModeException"}) | _BUSY
_TAKEN: Final = frozenset({"FileAlreadyExistsException", "PathIsNotEmptyDirectoryException"})
# Operations that are no GET, and what they do, for messages.
_METHODS: Final = {"CREATE": "PUT", "MKDIRS": "PUT", "RENAME": "PUT", "DELETE": "DELETE", "APPEND": "POST"}


class FileContent:
    """The content of an open file, piece by piece. It can be sent again."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def __len__(self) -> int:
        """Bytes."""
        return self._file.seek(0, os.SEEK_END)

    def __iter__(self) -> Iterator[bytes]:
        """From its beginning."""
        self._file.seek(0)
        return iter(lambda: self._file.read(_BLOCK), b"")


Body = bytes | FileContent


class Status(NamedTuple):
    """A file or folder. name: in its folder. changed: milliseconds since 1970, by the clock of the name node."""

    name: str
    is_folder: bool
    bytes: int
    changed: int


class WebHdfs:
    """One file system; for any number of threads. Paths have no slash at their beginning.

    Every method asks again if a node fails, see Patience, and then raises StoreError; StoreRefusedError if the user
    can correct it.
    """

    def __init__(self, host: str, patience: Patience = PATIENT) -> None:
        """Connect to nothing yet. UsageError if the environment names no address of WebHDFS.

        host: of the URL.
        """
        self._host, self._patience = host, patience
        self._seconds = min(_SILENCE, patience.request)
        self._answers = False
        self._addresses = web_addresses(host)
        self._who = _who()

    def name(self, path: str) -> str:
        """The URL of a path."""
        return f"hdfs://{self._host}/{path}" if path else f"hdfs://{self._host}"

    def status(self, path: str) -> Status | None:
        """None if nothing is there."""
        found = self._object(path, "GETFILESTATUS", "FileStatus")
        return None if found is None else _status(found)

    def children(self, path: str) -> list[Status]:
        """What is directly in a folder; nothing if there is none."""
        found = self._object(path, "LISTSTATUS", "FileStatuses")
        return [] if found is None else [_status(one) for one in found["FileStatus"]]

    def read(self, path: str, start: int | None = None, end: int | None = None) -> bytes:
        """The bytes of a file in [start, end), which it has, or all. Raises MissingObjectError."""
        size = None if start is None or end is None else end - start
        if size == 0:
            return b""
        part: dict[str, Any] = {} if size is None else {"offset": start, "length": size}
        content = self._ask(path, "OPEN", size=size, **part)
        if content is None:
            raise MissingObjectError(f"{self.name(path)}: cannot be read: there is no such object")
        return content

    def create(self, path: str, content: Body, *, over: bool = True) -> bool:
        """Write a file, and the folders that it is in; False if there is one and not `over`."""
        return self._ask(path, "CREATE", body=content, overwrite="true" if over else "false") is not None

    def append(self, path: str, content: bytes) -> bool:
        """Append to a file; whether there is one. StoreError if a data node fails, which may have done it."""
        return self._ask(path, "APPEND", body=content) is not None

    def make_folder(self, path: str) -> None:
        """Make a folder, and those that it is in."""
        self._ask(path, "MKDIRS")

    def rename(self, path: str, target: str, *, over: bool = False) -> bool:
        """Give a file or folder another name, at once; whether that was done.

        Not if it is gone, perhaps because a try whose answer was lost has done so, or if the target's folder is, or
        if there is a target. over: then replace the target, a file.
        """
        options = "OVERWRITE" if over else "NONE"
        return self._did(self._ask(path, "RENAME", destination=f"/{target}", renameoptions=options))

    def delete(self, path: str, *, all_below: bool = False) -> bool:
        """Remove a file or folder; whether it was there. Of a folder that is not empty only with all_below."""
        return self._did(self._ask(path, "DELETE", recursive="true" if all_below else "false"))

    def _did(self, content: bytes | None) -> bool:
        """Whether something was done. An operation with options gives no answer but that it succeeded."""
        return content is not None and (not content or bool(json.loads(content).get("boolean")))

    def _object(self, path: str, operation: str, key: str) -> Any:
        """A part of the answer to a question; None if there is no such file."""
        content = self._ask(path, operation)
        if content is None:
            return None
        try:
            return json.loads(content)[key]
        except (ValueError, KeyError, TypeError):
            raise StoreRefusedError(f"{self.name(path)}: {self._asked()} gives no answer of WebHDFS") from None

    def _ask(
        self, path: str, operation: str, *, size: int | None = None, body: Body | None = None, **parameters: Any
    ) -> bytes | None:
        """The content of an answer, of `size` bytes if known; None if nothing is there, or something in the way."""
        query = urlencode({"op": operation, **self._who, **parameters})
        method, reason = _METHODS.get(operation, "GET"), ""
        patience = self._patience if self._answers else self._patience.at_first()
        for pause in itertools.chain(patience.pauses(), (None,)):
            for address in list(self._addresses):
                try:
                    url = f"{address}/webhdfs/v1/{quote(path)}?{query}"
                    if body is not None:
                        content = self._send(method, url, body)
                    else:
                        content = _content(method, url, None, self._seconds, size)
                    self._answers = True
                    return content
                except _RefusedError as refusal:
                    reason = refusal.reason
                    if refusal.is_missing or reason in _TAKEN:
                        return None
                    if refusal.is_final:
                        raise StoreRefusedError(f"{self.name(path)}: {self._meaning(refusal, method)}") from None
                except _SentError as error:
                    raise StoreError(f"{self.name(path)}: writing it failed ({error})") from None
                except (OSError, http.client.HTTPException) as error:
                    reason = _words(error)
                if len(self._addresses) > 1:  # the other name node may be the active one
                    self._addresses = [*(one for one in self._addresses if one != address), address]
            if pause is not None:
                time.sleep(pause)
        self._answers = False
        raise StoreError(f"{self.name(path)}: {self._asked()} fails ({reason}); {_HINT}")

    def _send(self, method: str, url: str, body: Body) -> bytes:
        """Send content to the data node that the name node names. Raises _SentError if it cannot be sent again."""
        place = _place(method, url, self._seconds)
        try:
            return _content(method, place, body, self._seconds, None)
        except (_RefusedError, OSError, http.client.HTTPException) as error:
            reason = error.reason if isinstance(error, _RefusedError) else _words(error)
            if method == "PUT" or reason in _BUSY:
                raise
            raise _SentError(reason) from None

    def _asked(self) -> str:
        return " and ".join(sorted(self._addresses))

    def _meaning(self, refusal: _RefusedError, method: str) -> str:
        if refusal.status == 401:
            return f"{self._asked()} wants Kerberos, which the job does not have; mount it as a folder"
        if refusal.status == 403:
            user = self._who.get("doas") or self._who.get("user.name")
            who = "" if user is None else f" to {user}"
            return f"access denied{who} ({refusal.reason}); see HADOOP_USER_NAME in the environment"
        if refusal.status == 404:
            return f"{self._asked()} is no WebHDFS ({refusal.reason}); {_HINT}"
        what = "read" if method == "GET" else "write"
        return f"{self._asked()} refuses to {what} it ({refusal.reason})"


class _SentError(Exception):
    """Content may have been appended, or not, and must not be sent again. The message says why."""


class _RefusedError(Exception):
    """An answer that is none. reason: the kind of exception in Java, or the status. place: of a redirection."""

    def __init__(self, status: int, reason: str, place: str | None) -> None:
        super().__init__(reason)
        self.status, self.reason, self.place = status, reason, place

    @property
    def is_missing(self) -> bool:
        return self.reason == "FileNotFoundException"

    @property
    def is_final(self) -> bool:
        """Whether another try is of no use."""
        return self.status < 500 and self.reason not in _NOT_NOW


def _place(method: str, url: str, seconds: float) -> str:
    """Where the name node sends who wants to write. Raises as _content does."""
    try:
        _content(method, url, None, seconds, None)
    except _RefusedError as refusal:
        if refusal.status == 307 and refusal.place is not None:
            return refusal.place
        raise
    raise OSError("it names no data node")


def _content(method: str, url: str, body: Body | None, seconds: float, size: int | None) -> bytes:
    """The answer to a request, of a GET with redirections followed. Raises _RefusedError, OSError, HTTPException."""
    headers = {"content-type": "application/octet-stream"}
    if body is not None:
        headers["content-length"] = str(len(body))
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:
            content: bytes = answer.read()
    except urllib.error.HTTPError as error:
        with error:
            reason = _exception_in(error.read(1 << 16)) or f"status {error.code}"
            raise _RefusedError(error.code, reason, error.headers.get("location")) from None
    if size is not None and len(content) != size:
        raise OSError(f"{len(content)} bytes instead of {size}")
    return content


def _exception_in(content: bytes) -> str | None:
    try:
        name = json.loads(content)["RemoteException"]["exception"]
    except (ValueError, KeyError, TypeError):
        return None
    return name if isinstance(name, str) and name.isidentifier() else None


def _status(found: Any) -> Status:
    return Status(
        found["pathSuffix"], found["type"] == "DIRECTORY", int(found["length"]), int(found["modificationTime"])
    )


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
