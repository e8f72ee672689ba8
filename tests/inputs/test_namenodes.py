"""Where HDFS is looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from lookalike.errors import UsageError
from lookalike.inputurls import input_path
from lookalike.namenodes import web_addresses

ONE = {"fs.defaultFS": "hdfs://node1:8020/", "dfs.namenode.http-address": "node1:50070"}
TWO = {
    "fs.defaultFS": "hdfs://service",
    "dfs.nameservices": "service",
    "dfs.ha.namenodes.service": "a, b",
    "dfs.namenode.http-address.service.a": "node1:9870",
    "dfs.namenode.http-address.service.b": "node2:9870",
    "dfs.namenode.https-address.service.a": "node1:9871",
    "dfs.namenode.https-address.service.b": "node2:9871",
}


@pytest.fixture(autouse=True)
def unprepared(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("LOOKALIKE_WEBHDFS", "HADOOP_CONF_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def configure(folder: Path, **settings: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, values in (
        ("core-site.xml", [name for name in settings if name.startswith("fs.")]),
        ("hdfs-site.xml", [name for name in settings if not name.startswith("fs.")]),
    ):
        rows = [f"<property>\n<name>{one}</name>\n<value>{settings[one]}</value></property>" for one in values]
        (folder / name).write_text(f"<configuration>{''.join(rows)}</configuration>")


@pytest.mark.parametrize(
    ("settings", "host", "addresses"),
    [
        ({}, "node1", ["http://node1:9870"]),
        ({}, "node1:8020", ["http://node1:9870"]),
        ({}, "node1:9000", ["http://node1:9870"]),
        ({}, "node1:50070", ["http://node1:50070"]),
        (ONE, "node1:8020", ["http://node1:50070"]),
        (ONE, "node1", ["http://node1:50070"]),
        (ONE, "node2:8020", ["http://node2:9870"]),
        (ONE | {"dfs.namenode.http-address": "0.0.0.0:50070"}, "node1:8020", ["http://node1:50070"]),
        (ONE | {"dfs.namenode.rpc-address": "other:8021"}, "other:8021", ["http://node1:50070"]),
        ({"fs.defaultFS": "hdfs://node1:8020"}, "node1:8020", ["http://node1:9870"]),
        (TWO, "service", ["http://node1:9870", "http://node2:9870"]),
        (TWO | {"dfs.http.policy": "HTTPS_ONLY"}, "service", ["https://node1:9871", "https://node2:9871"]),
        (TWO, "node3", ["http://node3:9870"]),
    ],
)
@pytest.mark.parametrize("sent", [False, True])
def test_the_configuration_says_where_a_name_node_answers(
    settings: dict[str, str],
    host: str,
    addresses: list[str],
    sent: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if sent:  # as Spark does it in a container of YARN, whose machine may have a configuration of its own
        configure(tmp_path / "__spark_conf__" / "__hadoop_conf__", **settings)
    else:
        configure(tmp_path / "conf", **settings)
        monkeypatch.setenv("HADOOP_CONF_DIR", str(tmp_path / "conf"))
    assert web_addresses(host) == addresses


def test_the_configuration_that_is_sent_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(tmp_path / "__spark_conf__" / "__hadoop_conf__", **ONE)
    configure(tmp_path / "conf", **(ONE | {"dfs.namenode.http-address": "node9:9"}))
    monkeypatch.setenv("HADOOP_CONF_DIR", str(tmp_path / "conf"))
    assert web_addresses("node1:8020") == ["http://node1:50070"]


def test_the_environment_comes_before_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(tmp_path / "conf", **ONE)
    monkeypatch.setenv("HADOOP_CONF_DIR", str(tmp_path / "conf"))
    monkeypatch.setenv("LOOKALIKE_WEBHDFS", "https://proxy:14000/, http://b")
    assert web_addresses("node1:8020") == ["https://proxy:14000", "http://b"]


def test_a_url_without_a_host_is_of_the_default_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HADOOP_CONF_DIR", str(tmp_path / "conf"))
    with pytest.raises(ValueError, match="names no name node"):
        input_path("hdfs:///a/b")
    configure(tmp_path / "conf", **{"fs.defaultFS": "s3a://bucket"})
    with pytest.raises(ValueError, match="names no name node"):
        input_path("hdfs:///a/b")
    configure(tmp_path / "conf", **TWO)
    assert input_path("hdfs:///a/b") == "hdfs://service/a/b"


def test_a_configuration_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(tmp_path / "conf", **ONE)
    (tmp_path / "conf" / "hdfs-site.xml").write_text("<configuration>")
    monkeypatch.setenv("HADOOP_CONF_DIR", str(tmp_path / "conf"))
    with pytest.raises(UsageError, match=r"hdfs-site\.xml: is no XML"):
        web_addresses("node1")
