"""A WebHDFS of this machine's files: a name node that sends readers on to a data node, both in this process."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

_ROOT = "/webhdfs/v1/"
CUT = -1  # the answer breaks off in the middle


@dataclass(frozen=True)
class Asked:
    """A request. node: name or data."""

    node: str
    path: str
    operation: str
    user: str | None
    offset: int = 0
    length: int | None = None


# A status and the exception in Java, CUT, or None for the right answer.
Fault = Callable[[Asked], tuple[int, str] | int | None]


@dataclass
class FakeHdfs:
    """folder: is / there. port: of the name node."""

    folder: Path
    port: int = 0
    data_port: int = 0
    fault: Fault = lambda _: None
    asked: list[Asked] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"hdfs://127.0.0.1:{self.port}"

    def answer(self, handler: BaseHTTPRequestHandler, node: str) -> None:
        parts = urlsplit(handler.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        path = unquote(parts.path).removeprefix(_ROOT)
        length = query.get("length")
        asked = Asked(
            node,
            path,
            query["op"],
            query.get("user.name"),
            int(query.get("offset", 0)),
            None if length is None else int(length),
        )
        self.asked.append(asked)
        fault = self.fault(asked)
        file = self.folder / path
        if isinstance(fault, tuple):
            _send(handler, fault[0], {"RemoteException": {"exception": fault[1], "message": "secret /user/path"}})
        elif not file.exists() or not parts.path.startswith(_ROOT):
            missing = {"exception": "FileNotFoundException", "message": f"File does not exist: /{path}"}
            _send(handler, 404, {"RemoteException": missing})
        elif asked.operation == "GETFILESTATUS":
            _send(handler, 200, {"FileStatus": _status(file, "")})
        elif asked.operation == "LISTSTATUS":
            children = (
                [_status(child, child.name) for child in file.iterdir()] if file.is_dir() else [_status(file, "")]
            )
            _send(handler, 200, {"FileStatuses": {"FileStatus": children}})
        elif node == "name":
            handler.send_response(307)
            query["delegation"] = "secret"
            handler.send_header("location", f"http://127.0.0.1:{self.data_port}{parts.path}?{urlencode(query)}")
            handler.send_header("content-length", "0")
            handler.end_headers()
        else:
            end = None if asked.length is None else asked.offset + asked.length
            _send(handler, 200, file.read_bytes()[asked.offset : end], cut=fault == CUT)


def _status(file: Path, name: str) -> dict[str, Any]:
    status = file.stat()
    is_folder = file.is_dir()
    return {
        "pathSuffix": name,
        "type": "DIRECTORY" if is_folder else "FILE",
        "length": 0 if is_folder else status.st_size,
        "modificationTime": status.st_mtime_ns // 1_000_000,
    }


def _send(handler: BaseHTTPRequestHandler, status: int, body: Any, *, cut: bool = False) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header("content-length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content[: len(content) // 2] if cut else content)
    handler.close_connection = True


@contextlib.contextmanager
def fake_hdfs(folder: Path) -> Iterator[FakeHdfs]:
    """Answers while the context lasts."""
    hdfs = FakeHdfs(folder)
    with contextlib.ExitStack() as stack:
        ports = [stack.enter_context(_node(hdfs, node)) for node in ("name", "data")]
        hdfs.port, hdfs.data_port = ports
        yield hdfs


@contextlib.contextmanager
def _node(hdfs: FakeHdfs, node: str) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hdfs.answer(self, node)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
