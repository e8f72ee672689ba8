"""Where posts and accounts can be besides folders: URLs of object stores and of HDFS, tables of a catalogue."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from lookalike.namenodes import default_host

HDFS: Final = "hdfs"
TABLE: Final = "table:"  # before the name of a table of Spark's catalogue

_SCHEMES: Final = ("s3", "gs", "az", "abfs", "abfss", HDFS)
_OTHER_NAMES: Final = {"s3a": "s3", "s3n": "s3"}  # that Hadoop has for them
_URL: Final = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<host>[^/]*)(?P<path>.*)", re.DOTALL)
_BUCKET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
_CONTAINER: Final = re.compile(r"([A-Za-z0-9$][A-Za-z0-9-]{0,254}@)?[A-Za-z0-9][A-Za-z0-9.-]{0,254}")
_NAME_NODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}(:[0-9]{1,5})?")
_HOSTS: Final = {"abfs": _CONTAINER, "abfss": _CONTAINER, HDFS: _NAME_NODE}
_QUERY: Final = re.compile(r"\?[A-Za-z0-9_.-]+=")  # of a signed address; a glob has ? too, but no such name after it
_SECRETS: Final = re.compile(r"(?<=://).*(?=@)|(?<=\?).*", re.DOTALL)


class InputUrl(NamedTuple):
    """scheme: of _SCHEMES. host: a bucket, a container or a name node. path: without a slash at either end."""

    scheme: str
    host: str
    path: str

    @property
    def root(self) -> str:
        """The URL of the bucket."""
        return f"{self.scheme}://{self.host}"

    def __str__(self) -> str:
        """The whole URL, which holds no credentials."""
        return f"{self.root}/{self.path}" if self.path else self.root

    def is_in(self, other: InputUrl) -> bool:
        """Whether it is the other one, or below it."""
        return self.root == other.root and f"{self.path}/".startswith(f"{other.path}/" if other.path else "")


def input_path(text: str) -> str:
    """A path of the input as the job names it: that of a file:// URL, another URL in its shortest form, or as it is.

    Raises ValueError for a URL that cannot be read; its message is to be read after the URL.
    """
    match = _URL.fullmatch(text)
    if match is None:
        return text
    if match["scheme"].lower() != "file":
        return str(_parsed(match))
    if match["host"] not in ("", "localhost") or not match["path"]:
        raise ValueError("is no file of this machine; write file:///PATH")
    return match["path"]


def input_url(path: str) -> InputUrl | None:
    """The URL that a path of the input is; None for a file of this machine. Raises ValueError as input_path does."""
    match = _URL.fullmatch(path)
    return None if match is None else _parsed(match)


def without_secrets(text: str) -> str:
    """A text that the user gave, fit to be shown: without the user, password and query of a URL."""
    return _SECRETS.sub("...", text) if "://" in text else text


def _parsed(match: re.Match[str]) -> InputUrl:
    scheme = match["scheme"].lower()
    scheme = _OTHER_NAMES.get(scheme, scheme)
    if scheme not in _SCHEMES:
        known = ", ".join(f"{name}://" for name in (*_SCHEMES, "file"))
        raise ValueError(f"cannot be read; the URLs of input begin with {known}")
    host, path = match["host"], match["path"].strip("/")
    if scheme == HDFS and not host:
        host = default_host()
    if not _HOSTS.get(scheme, _BUCKET).fullmatch(host):
        what = "name node" if scheme == HDFS else "bucket"
        raise ValueError(
            f"names no {what}; write {scheme}://{what.replace(' ', '').upper()}/PATH without credentials"
        )
    if _QUERY.search(path):
        raise ValueError("has a query; write the URL without it, credentials come from the environment")
    if path and not {"", ".", ".."}.isdisjoint(path.split("/")):
        raise ValueError("has a path with an empty part, . or ..")
    if not path.isprintable():
        raise ValueError("has characters in its path that cannot be printed")
    return InputUrl(scheme, host, path)
