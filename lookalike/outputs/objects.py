"""The objects below a URL, by obstore; its errors become one line that says what to do.

Credentials and addresses are read from the environment, under the names that each store's own tools use
(AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, GOOGLE_SERVICE_ACCOUNT, AZURE_STORAGE_ACCOUNT_NAME, ...). An answer of a store
is never printed in full, because addresses in it may contain signatures.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from lookalike.errors import ConflictError, MissingBucketError, MissingObjectError, StoreError, StoreRefusedError
from lookalike.outputs.checksums import Checksum
from lookalike.outputs.patience import FIRST_PAUSE, GROWTH, LONGEST_PAUSE, PATIENT, Patience
from lookalike.outputs.store import PIECE, Found, Tag
from lookalike.outputs.urls import StoreUrl

_PARTS: Final = 4  # that are uploaded at once
_CODE: Final = re.compile(r"<Code>(\w{1,60})</Code>")
_STATUS: Final = re.compile(r"status code: (\d{3} [A-Za-z -]{1,40})")
_NO_BUCKET: Final = frozenset({"NoSuchBucket", "ContainerNotFound", "InvalidBucketName"})
# What a listing is refused with; of other requests the library tells it by the status.
_DENIED: Final = frozenset({"AccessDenied", "SignatureDoesNotMatch", "InvalidAccessKeyId", "ExpiredToken"})
_NO_CREDENTIALS: Final = ("169.254.169.254", "169.254.170.2", "metadata.google.internal", "Account must be specified")
_BROKEN_OFF: Final = "request or response body error"


class _BrokenOffError(StoreError):
    """A connection broke while the store answered."""


class ObjectStore:
    """The objects below one URL; for any number of threads. Every method may raise StoreError.

    Where credentials, permission or the bucket are missing, it is StoreRefusedError: the user can fix that.
    """

    def __init__(self, url: StoreUrl, patience: Patience = PATIENT) -> None:
        """Connect to nothing yet."""
        import obstore  # not loaded for folders

        self.url = url
        self._library: Any = obstore
        self._patience, self._answers = patience, False
        self._at_first = self._connected(patience.at_first())

    @property
    def _store(self) -> Any:
        """The store as obstore knows it, which makes requests again."""
        return self._later if self._answers else self._at_first

    @functools.cached_property
    def _later(self) -> Any:
        return self._connected(self._patience)

    def _connected(self, patience: Patience) -> Any:
        from obstore.store import from_url

        # Given here because the options below would replace what obstore reads from the environment.
        allow_http = os.environ.get("AWS_ALLOW_HTTP", "").lower() in ("1", "true", "yes")
        try:
            return from_url(
                self.url,
                client_options={
                    "allow_http": allow_http,
                    "timeout": timedelta(seconds=patience.request),
                    "connect_timeout": timedelta(seconds=min(5, patience.request)),
                },
                retry_config={
                    "max_retries": patience.retries,
                    "retry_timeout": timedelta(seconds=patience.total),
                    "backoff": {
                        "init_backoff": timedelta(seconds=FIRST_PAUSE),
                        "max_backoff": timedelta(seconds=LONGEST_PAUSE),
                        "base": GROWTH,
                    },
                },
            )
        except Exception as error:
            raise self._meaning(error, "") from None

    def name(self, key: str) -> str:
        """An object's whole address, for messages."""
        return f"{self.url}/{key}" if key else str(self.url)

    def get(self, key: str, most_bytes: int) -> tuple[bytes, Tag]:
        """A small object and its state. Raises MissingObjectError."""
        with self._errors(key):
            result = self._library.get(self._store, key)
            meta = result.meta
            if meta["size"] > most_bytes:
                raise StoreError(f"{self.name(key)}: has {meta['size']} bytes, which cannot be right")
            return bytes(result.bytes()), _tag(meta)

    def tail(self, key: str, size: int, length: int) -> bytes:
        """The last bytes of an object that must have this size."""
        with self._errors(key):
            result = self._library.get(self._store, key, options={"range": (max(0, size - length), size)})
            found = result.meta["size"]
            if found != size:
                raise StoreError(f"{self.name(key)}: has {found} bytes, the manifest says {size}")
            return bytes(result.bytes())

    def ranges(self, key: str, starts: Sequence[int], lengths: Sequence[int]) -> list[memoryview]:
        """Pieces of an object; adjacent ones are fetched in one request."""
        with self._errors(key):
            found = self._library.get_ranges(self._store, key, starts=list(starts), lengths=list(lengths))
        views = [memoryview(piece) for piece in found]
        if [view.nbytes for view in views] != list(lengths):
            raise StoreError(f"{self.name(key)}: is damaged: shorter than the manifest says")
        return views

    def part(self, key: str, start: int, end: int, e_tag: str | None) -> memoryview:
        """The bytes [start, end) of an object, which it has. e_tag: of its content, or None for any content.

        Raises MissingObjectError, and ConflictError if the content is another one.
        """
        options: Any = {"range": (start, end)}
        if e_tag is not None and not e_tag.startswith("W/"):  # a weak one cannot be a condition
            options["if_match"] = e_tag
        with self._errors(key):
            piece = memoryview(self._library.get(self._store, key, options=options).bytes())
        if piece.nbytes != end - start:
            raise StoreError(f"{self.name(key)}: the store gave {piece.nbytes} bytes instead of {end - start}")
        return piece

    def put(self, key: str, data: bytes) -> None:
        """Write an object, whatever was there."""
        with self._errors(key):
            self._library.put(self._store, key, data, use_multipart=False)

    def put_if(self, key: str, data: bytes, seen: Tag | None) -> Tag:
        """Write an object if it is still in the state seen, or if there is none; of several writers one succeeds.

        Raises ConflictError. A request is retried when its answer is lost, so the conflict may be with this very
        put: a caller that must know reads the object and compares.
        """
        known = {} if seen is None else {name: value for name, value in seen._asdict().items() if value is not None}
        mode: Any = known or "create"
        with self._errors(key):
            return _tag(self._library.put(self._store, key, data, mode=mode, use_multipart=False))

    def changed(self, key: str) -> datetime:
        """When an object was written last, by the store's clock. Raises MissingObjectError."""
        with self._errors(key):
            moment: datetime = self._library.head(self._store, key)["last_modified"]
            return moment

    def head(self, key: str) -> Found:
        """An object without its content. Raises MissingObjectError."""
        with self._errors(key):
            return _found(self._library.head(self._store, key))

    def below(self, folder: str) -> tuple[Sequence[Found], Sequence[str]]:
        """The objects directly below a folder, and the keys of the folders there, in no order."""
        result = self._asked_again(folder, lambda: self._library.list_with_delimiter(self._store, folder or None))
        return [_found(one) for one in result["objects"]], list(result["common_prefixes"])

    def list(self, prefix: str) -> list[Found]:
        """All objects below a folder, in no order."""

        def found() -> list[Found]:
            pieces = self._library.list(self._store, prefix=prefix, chunk_size=1000)
            return [_found(one) for piece in pieces for one in piece]

        return self._asked_again(prefix, found)

    def delete(self, keys: Sequence[str]) -> None:
        """Remove objects; missing ones are no error."""

        def delete() -> None:
            with contextlib.suppress(FileNotFoundError):
                self._library.delete(self._store, list(keys))

        if keys:
            self._asked_again(keys[0], delete)

    def put_pieces(self, key: str, pieces: Iterator[bytes]) -> None:
        """Write an object in parts, which are forgotten if there is an error, also one of the iterator's."""
        with self._errors(key):
            self._library.put(self._store, key, pieces, chunk_size=PIECE, max_concurrency=_PARTS)

    def pieces(self, key: str) -> Iterator[memoryview]:
        """The content of an object, some megabytes at a time."""
        with self._errors(key):
            result = self._library.get(self._store, key)
            for piece in result.stream(min_chunk_size=PIECE):
                yield memoryview(piece)

    def checksum(self, key: str, like: str) -> tuple[int, str]:
        """Size and checksum of an object, read from its beginning to its end. like: see Checksum."""
        size, checksum = 0, Checksum(like)
        for piece in self.pieces(key):
            size += piece.nbytes
            checksum.update(piece)
        return size, checksum.text()

    def _asked_again(self, key: str, ask: Callable[[], Any]) -> Any:
        """What a request gives that obstore does not make again by itself when its answer breaks off."""
        patience = self._patience if self._answers else self._patience.at_first()
        for pause in patience.pauses():
            try:
                with self._errors(key):
                    return ask()
            except _BrokenOffError:
                time.sleep(pause)
        with self._errors(key):
            return ask()

    @contextlib.contextmanager
    def _errors(self, key: str) -> Iterator[None]:
        """Turn an error of obstore into one of this project, and remember whether the store answers."""
        try:
            yield
        except StoreError:
            raise
        except Exception as error:
            meaning = self._meaning(error, key)
            if meaning is not error:
                self._answers = isinstance(meaning, MissingObjectError | ConflictError)
            raise meaning from None
        self._answers = True

    def _meaning(self, error: Exception, key: str) -> Exception:
        """What an error of obstore means: one line, without anything of the request. Another error means itself."""
        from obstore import exceptions

        name, text = self.name(key), str(error)
        if isinstance(error, exceptions.AlreadyExistsError | exceptions.PreconditionError):
            return ConflictError(f"{name}: was written by another process")
        if isinstance(error, exceptions.PermissionDeniedError | exceptions.UnauthenticatedError):
            return _denied(name, error)
        if isinstance(error, exceptions.InvalidPathError):
            return StoreRefusedError(f"{self.url}: cannot be an address in an object store")
        if not isinstance(error, exceptions.BaseError | FileNotFoundError):
            return error
        code = _CODE.search(text)
        if code is not None and code[1] in _NO_BUCKET:
            return MissingBucketError(f"{self.url}: there is no such bucket; create it first")
        if code is not None and code[1] in _DENIED:
            return _denied(name, error)
        if any(host in text for host in _NO_CREDENTIALS):
            return StoreRefusedError(f"{self.url}: no credentials for it in the environment")
        if "BadScheme" in text:
            return StoreRefusedError(f"{self.url}: its endpoint is http://; set AWS_ALLOW_HTTP=true to allow that")
        if isinstance(error, FileNotFoundError):
            return MissingObjectError(f"{name}: cannot be read: there is no such object")
        kind = _BrokenOffError if _BROKEN_OFF in text else StoreError
        return kind(f"{name}: the store fails{_reason(error)}")


def _found(meta: Any) -> Found:
    return Found(meta["path"], meta["size"], meta["last_modified"], meta["e_tag"])


def _tag(meta: Any) -> Tag:
    return Tag(meta["e_tag"], meta["version"])


def _denied(name: str, error: BaseException) -> StoreRefusedError:
    return StoreRefusedError(f"{name}: access denied{_reason(error)}; see the credentials in the environment")


def _reason(error: BaseException) -> str:
    """The part of an answer that is safe to print: its code, or its status, or that there was none."""
    text = str(error)
    for pattern in (_CODE, _STATUS):
        found = pattern.search(text)
        if found is not None:
            return f" ({found[1].strip()})"
    return (
        " (timeout)" if "timed out" in text or "TimedOut" in text else " (no answer)" if "HTTP error" in text else ""
    )
