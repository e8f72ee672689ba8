"""Where the name nodes of an hdfs:// URL answer WebHDFS, as Hadoop's own configuration or the environment say."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from lookalike.errors import UsageError

ADDRESSES: Final = "LOOKALIKE_WEBHDFS"  # the variable of the environment
_CONFIGURATION: Final = "HADOOP_CONF_DIR"
# Where Spark puts the configuration of who submits, in each container of YARN.
_SENT: Final = Path("__spark_conf__", "__hadoop_conf__")
_ADDRESS: Final = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9._-]*(:[0-9]{1,5})?(/[A-Za-z0-9._/-]*)?")
_PORT: Final = 9870
_PORTS_OF_HADOOP: Final = ("8020", "9000")  # usual ones of Hadoop's own protocol, which is not WebHDFS
_EVERYWHERE: Final = "0.0.0.0"  # of a name node that listens on all its addresses


def web_addresses(host: str) -> list[str]:
    """The addresses of WebHDFS for a URL's HOST or HOST:PORT, without slashes at their ends; one of them is active.

    UsageError if the environment names something else, or the configuration cannot be read.
    """
    given = os.environ.get(ADDRESSES)
    if given:
        addresses = [address.strip() for address in given.split(",")]
        if not all(map(_ADDRESS.fullmatch, addresses)):
            raise UsageError(f"{ADDRESSES}: must be http://HOST:PORT or several with commas between them")
        return [address.rstrip("/") for address in addresses]
    configured = list(_configured(host, _settings()))
    if configured:
        return configured
    name, _, port = host.partition(":")
    return [f"http://{name}:{_PORT}" if not port or port in _PORTS_OF_HADOOP else f"http://{host}"]


def default_host() -> str:
    """The HOST or HOST:PORT of a URL that names none, hdfs:///PATH; empty if nothing is configured."""
    scheme, _, host = _settings().get("fs.defaultFS", "").rstrip("/").partition("://")
    return host if scheme == "hdfs" else ""


def _configured(host: str, settings: Mapping[str, str]) -> Iterator[str]:
    """What the configuration says of a nameservice, or of the name node that listens there."""
    secure = settings.get("dfs.http.policy") == "HTTPS_ONLY"
    scheme, key = ("https", "dfs.namenode.https-address") if secure else ("http", "dfs.namenode.http-address")
    nodes = settings.get(f"dfs.ha.namenodes.{host}")
    if nodes is not None:
        names = [f"{key}.{host}.{node.strip()}" for node in nodes.split(",")]
    elif _with_port(host) in map(_with_port, (default_host(), settings.get("dfs.namenode.rpc-address", ""))):
        names = [key]
    else:
        return
    for name in names:
        address, _, port = settings.get(name, "").partition(":")
        if port:
            yield f"{scheme}://{host.partition(':')[0] if address == _EVERYWHERE else address}:{port}"


def _with_port(host: str) -> str:
    return host if ":" in host else f"{host}:{_PORTS_OF_HADOOP[0]}"


def _settings() -> dict[str, str]:
    """Those of the configuration's files; none if there is no configuration."""
    found: dict[str, str] = {}
    for folder in (_SENT, Path(os.environ.get(_CONFIGURATION) or _SENT)):
        for file in (folder / "core-site.xml", folder / "hdfs-site.xml"):
            try:
                content = file.read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                raise UsageError(f"{file}: {os.strerror(error.errno or 0)}") from None
            try:
                properties = ElementTree.fromstring(content).iter("property")
            except ElementTree.ParseError as error:
                raise UsageError(f"{file}: is no XML ({error}); see {_CONFIGURATION}") from None
            for one in properties:
                found.setdefault(one.findtext("name", "").strip(), one.findtext("value", "").strip())
    return found
