"""The URL of an output in an object store or in HDFS, and what an option or setting means: a folder or a URL."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

HDFS: Final = "hdfs"
SCHEMES: Final = ("s3", "gs", "az", "abfs", "abfss", HDFS)

_URL: Final = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>.*)", re.DOTALL)
_HOST: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
_AZURE_HOST: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,254}@[A-Za-z0-9][A-Za-z0-9.-]{0,254}")
_NAME_NODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}(:[0-9]{1,5})?")
_SEGMENT: Final = re.compile(
    r"[A-Za-z0-9!_.*'()=+,@ -]+"
)  # characters that mean the same in a key, a URL and a file name


class StoreUrl(str):
    """Such as s3://bucket/prefix, without a slash at its end. It holds no credentials, so it may be printed."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> StoreUrl:
        """Raises ValueError for what cannot be an output; its message is to be read after the name of the option."""
        match = _URL.fullmatch(text)
        if match is None:
            raise ValueError("is not a URL such as s3://bucket/prefix")
        scheme, rest = match["scheme"].lower(), match["rest"].rstrip("/")
        if scheme == "s3a":
            raise ValueError("has the scheme of Hadoop; write s3://")
        if scheme not in SCHEMES:
            known = ", ".join(f"{name}://" for name in SCHEMES)
            raise ValueError(f"is not a supported store ({known}); mount other storage as a folder")
        host, *segments = rest.split("/")
        if scheme == HDFS and not _NAME_NODE.fullmatch(host):
            raise ValueError("names no name node; write hdfs://namenode/folder")
        azure = scheme.startswith("abfs") and _AZURE_HOST.fullmatch(host)
        if scheme != HDFS and not azure and not _HOST.fullmatch(host):
            raise ValueError(
                f"names no bucket; write {scheme}://bucket/prefix, credentials come from the environment"
            )
        if any(not _SEGMENT.fullmatch(segment) or segment in (".", "..") for segment in segments):
            raise ValueError("has a prefix with other characters than letters, digits, - _ . = and single slashes")
        return cls(f"{scheme}://{rest}")

    @property
    def scheme(self) -> str:
        """One of SCHEMES."""
        return self.partition("://")[0]


OutputPlace = Path | StoreUrl  # what names an output: a folder or a URL


def parse_output(value: Any) -> OutputPlace:
    """A folder or a URL, from an option or a setting. Raises ValueError for what is neither."""
    if isinstance(value, Path | StoreUrl):
        return value
    if not isinstance(value, str) or not value:
        raise ValueError("must be a folder or a URL such as s3://bucket/prefix")
    return StoreUrl.parse(value) if "://" in value else Path(value)
