"""A WebHDFS of this machine's files: a name node that sends clients on to a data node, both in this process."""

from __future__ import annotations

import contextlib
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

_ROOT = "/webhdfs/v1/"
CUT = -1  # the answer breaks off in the middle
LOST = -2  # what was asked for is done, and there is no answer


@dataclass(frozen=True)
class Asked:
    """A request. node: name or data."""

    node: str
    path: str
    operation: str
    user: str | None
    offset: int = 0
    length: int | None = None


# A status and the exception in Java, CUT, LOST, or None for the right answer.
Fault = Callable[[Asked], tuple[int, str] | int | None]


@dataclass
class FakeHdfs:
    """folder: is / there. port: of the name node."""

    folder: Path
    port: int = 0
    data_port: int = 0
    fault: Fault = lambda _: None
    asked: list[Asked] = field(default_factory=list)
    changing: threading.Lock = field(default_factory=threading.Lock)

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
        content = _body(handler)
        if isinstance(fault, tuple):
            _send(handler, fault[0], {"RemoteException": {"exception": fault[1], "message": "secret /user/path"}})
        elif handler.command != "GET" and (node == "data" or asked.operation not in ("CREATE", "APPEND")):
            with self.changing:
                answer = self.change(asked.operation, file, query, content)
            if fault == LOST:
                handler.close_connection = True
            else:
                _send(handler, *answer)
        elif not (file.exists() or asked.operation == "CREATE") or not parts.path.startswith(_ROOT):
            _send(handler, 404, _exception("FileNotFoundException"))
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

    def change(self, operation: str, file: Path, query: dict[str, str], content: bytes) -> tuple[int, Any]:
        """Do what is asked for; status and body of the answer."""
        if operation == "CREATE":
            if file.exists() and query["overwrite"] == "false":
                return 403, _exception("FileAlreadyExistsException")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            return 201, b""
        if operation == "APPEND":
            with file.open("ab") as opened:
                opened.write(content)
            return 200, b""
        if operation == "MKDIRS":
            file.mkdir(parents=True, exist_ok=True)
            return 200, {"boolean": True}
        if operation == "DELETE":
            return self._delete(file, all_below=query["recursive"] == "true")
        target = self.folder / query["destination"].removeprefix("/")
        if not file.exists() or not target.parent.exists():
            return 404, _exception("FileNotFoundException")
        if target.exists() and (query["renameoptions"] == "NONE" or target.is_dir()):
            return 403, _exception("FileAlreadyExistsException")
        file.rename(target)
        return 200, b""

    def _delete(self, file: Path, *, all_below: bool) -> tuple[int, Any]:
        if not file.exists():
            return 200, {"boolean": False}
        if file.is_file():
            file.unlink()
        elif all_below:
            shutil.rmtree(file)
        elif any(file.iterdir()):
            return 403, _exception("PathIsNotEmptyDirectoryException")
        else:
            file.rmdir()
        return 200, {"boolean": True}


def _exception(name: str) -> dict[str, Any]:
    return {"RemoteException": {"exception": name, "message": "of /a/path"}}


def _body(handler: BaseHTTPRequestHandler) -> bytes:
    """The content of a request, in one piece or in chunks."""
    if handler.headers.get("transfer-encoding") != "chunked":
        return handler.rfile.read(int(handler.headers.get("content-length") or 0))
    content = b""
    while size := int(handler.rfile.readline(), 16):
        content += handler.rfile.read(size)
        handler.rfile.readline()
    handler.rfile.readline()
    return content


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
        def do_any(self) -> None:
            hdfs.answer(self, node)

        do_GET = do_PUT = do_POST = do_DELETE = do_any  # noqa: N815  # the names of http.server

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 64  # clients that come together
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
