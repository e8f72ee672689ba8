"""HDFS and YARN on this machine: Hadoop's own daemons, from the jars that `make .cache/hadoop/.installed` gets."""

from __future__ import annotations

import json
import os
import re
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from string import punctuation
from urllib.parse import quote
from xml.sax.saxutils import escape

from tests.cluster.daemons import Daemons
from tests.job.command import ROOT
from tests.serving.running import free_ports

JARS = ROOT / ".cache/hadoop/lib"
# What Hadoop's scripts of containers call, and Spark's; every Linux has these.
TOOLS = (
    *(
        "bash",
        "sh",
        "env",
        "cat",
        "chmod",
        "cp",
        "df",
        "dirname",
        "du",
        "find",
        "getconf",
        "gzip",
        "head",
        "hostname",
    ),
    *("id", "kill", "ln", "ls", "mkdir", "mv", "nice", "ps", "readlink", "rm", "sed", "setsid", "tar", "uname"),
    *("stat", "whoami"),
)
USER = "analyst"  # who submits; may write below /work, which is his
_NAMES = "org.apache.hadoop.mapreduce.MiniHadoopClusterManager"
_RESOURCES = "org.apache.hadoop.yarn.server.resourcemanager.ResourceManager"
_NODE = "org.apache.hadoop.yarn.server.nodemanager.NodeManager"


class Hadoop(Daemons):
    """A name node and a data node in one process, a resource manager, and two node managers; a context manager.

    conf: the folder for HADOOP_CONF_DIR. url: hdfs://HOST:PORT. web: the address of WebHDFS.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, TOOLS)
        self.conf = folder / "conf"
        self.url = self.web = ""
        self._addresses: dict[str, str] = {}

    def set_up(self) -> None:
        """Start everything."""
        self._start_files()
        self._start_resources()
        self.keep_nodes(2)

    def keep_nodes(self, count: int) -> None:
        """Replace the node managers that have died."""
        self.bury()
        living = [name for name in self.names if name.startswith("node-")]
        added = [f"node-{time.monotonic_ns()}-{number}" for number in range(count - len(living))]
        for name in added:
            self._start_node(name)
        for name in added:
            log = self.folder / name / "log"
            self.wait_for(name, lambda log=log: re.search("Registered with ResourceManager as", log.read_text()))  # type: ignore[misc]  # bound now, not later

    def ask(self, path: str, operation: str, *, user: str = USER, method: str = "PUT", **parameters: str) -> bytes:
        """A request to the name node itself, without a data node."""
        query = "".join(f"&{name}={quote(value)}" for name, value in parameters.items())
        url = f"{self.web}/webhdfs/v1/{quote(path)}?op={operation}&user.name={user}{query}"
        with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=60) as answer:
            content: bytes = answer.read()
        return content

    def put(self, path: str, content: bytes, *, user: str = USER) -> None:
        """Write a file as `hdfs dfs -put` does: the name node says to which data node."""
        where = json.loads(self.ask(path, "CREATE", user=user, overwrite="true", noredirect="true"))["Location"]
        request = urllib.request.Request(quote(where, safe=punctuation), data=content, method="PUT")
        request.add_header("content-type", "application/octet-stream")
        urllib.request.urlopen(request, timeout=60).close()

    def _start_files(self) -> None:
        """The name node makes a new file system, whose root belongs to the one who starts it."""
        written = self.folder / "files" / "site.xml"
        settings = {"dfs.replication": "1", "dfs.namenode.fs-limits.min-block-size": "0", "dfs.blocksize": "1048576"}
        settings |= {f"hadoop.proxyuser.proxy.{whom}": "*" for whom in ("hosts", "users")}
        options = [f"-D{name}={value}" for name, value in settings.items()]
        options += ["-nomr", "-datanodes", "1", "-format", "-writeConfig", str(written)]
        self._start_java("files", self.folder / "no-conf", _NAMES, options)
        site = self.wait_for("files", lambda: re.fullmatch(r"(?s).+</configuration>\s*", _text(written)))[0]
        self.url = _setting(site, "fs.defaultFS").replace("localhost", "127.0.0.1")
        self.web = "http://" + _setting(site, "dfs.namenode.http-address").replace("localhost", "127.0.0.1")
        for folder, owner, permission in (("work", USER, "755"), ("tmp", USER, "1777"), ("user", USER, "755")):
            self._make_folder(folder, owner, permission)

    def _make_folder(self, path: str, owner: str, permission: str) -> None:
        superuser = "root"
        self.ask(path, "MKDIRS", user=superuser)
        self.ask(path, "SETOWNER", user=superuser, owner=owner, group=owner)
        self.ask(path, "SETPERMISSION", user=superuser, permission=permission)

    def _start_resources(self) -> None:
        names = ("", ".scheduler", ".resource-tracker", ".admin", ".webapp")
        self._addresses = {
            f"yarn.resourcemanager{name}.address": f"127.0.0.1:{port}"
            for name, port in zip(names, free_ports(len(names)), strict=True)
        }
        self._configure(self.conf, {})
        log = self._start_java("resources", self.conf, _RESOURCES, [])
        self.wait_for("resources", lambda: re.search("Transitioned to active state", log.read_text()))

    def _configure(self, folder: Path, more: Mapping[str, str]) -> None:
        """Write the configuration of YARN into a folder; the addresses are the same in all of them."""
        folder.mkdir(parents=True, exist_ok=True)
        _write_site(folder / "core-site.xml", {"fs.defaultFS": self.url, "hadoop.tmp.dir": str(folder / "tmp")})
        _write_site(folder / "hdfs-site.xml", {"dfs.namenode.http-address": self.web.removeprefix("http://")})
        settings = {
            "yarn.resourcemanager.hostname": "127.0.0.1",
            **self._addresses,
            "yarn.scheduler.minimum-allocation-mb": "256",
            "yarn.nm.liveness-monitor.expiry-interval-ms": "10000",
            **more,
        }
        _write_site(folder / "yarn-site.xml", settings)

    def _start_node(self, name: str) -> None:
        folder = self.folder / name
        settings = {
            "yarn.nodemanager.hostname": "127.0.0.1",
            "yarn.nodemanager.address": "127.0.0.1:0",
            "yarn.nodemanager.localizer.address": "127.0.0.1:0",
            "yarn.nodemanager.collector-service.address": "127.0.0.1:0",
            "yarn.nodemanager.webapp.address": "127.0.0.1:0",
            "yarn.nodemanager.local-dirs": str(folder / "local"),
            "yarn.nodemanager.log-dirs": str(folder / "logs"),
            "yarn.nodemanager.resource.memory-mb": "5120",
            "yarn.nodemanager.resource.cpu-vcores": "2",
            "yarn.nodemanager.vmem-check-enabled": "false",  # files that are mapped are not memory
            "yarn.nodemanager.disk-health-checker.max-disk-utilization-per-disk-percentage": "100",
        }
        self._configure(folder / "conf", settings)
        self._start_java(name, folder / "conf", _NODE, [])

    def _start_java(self, name: str, conf: Path, main: str, options: list[str]) -> Path:
        folder = self.folder / name
        java = [f"{os.environ['JAVA_HOME']}/bin/java", "-Xmx300m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
        java += ["--add-opens", "java.base/java.lang=ALL-UNNAMED", f"-Dtest.build.data={folder / 'data'}"]
        java += [f"-Dhadoop.log.dir={folder / 'logs'}", "-cp", f"{conf}:{JARS}/*"]
        return self.start(name, [*java, main, *options], {"HADOOP_CONF_DIR": str(conf)})


def _write_site(file: Path, settings: Mapping[str, str]) -> None:
    rows = "".join(
        f"<property><name>{name}</name><value>{escape(value)}</value></property>" for name, value in settings.items()
    )
    file.write_text(f"<configuration>{rows}</configuration>")


def _setting(site: str, name: str) -> str:
    match = re.search(rf"<name>{re.escape(name)}</name><value>([^<]*)", site)
    assert match is not None, f"{name} is not configured"
    return match[1]


def _text(file: Path) -> str:
    return file.read_text() if file.exists() else ""
