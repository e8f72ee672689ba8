"""A real S3 server on this machine: SeaweedFS, with some users; none may make buckets but `admin`."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sysconfig
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.serving.running import eventually, free_ports

BUCKET = "lookalike"
_VOLUME = 64  # MiB of the server's files
_PARTS = ("master", "volume", "filer", "s3")


@dataclass(frozen=True)
class Server:
    """endpoint: where it listens."""

    endpoint: str

    def environ(self, user: str = "job", secret: str | None = None, endpoint: str | None = None) -> dict[str, str]:
        """The variables by which a process finds it and says who it is."""
        return {
            "AWS_ACCESS_KEY_ID": user,
            "AWS_SECRET_ACCESS_KEY": secret or f"secret-of-{user}",
            "AWS_ENDPOINT_URL": endpoint or self.endpoint,
            "AWS_REGION": "us-east-1",
            "AWS_ALLOW_HTTP": "true",
        }


@contextlib.contextmanager
def s3_server(folder: Path, mebibytes: int = 3200) -> Iterator[Server]:
    """Runs while the context lasts; all that it writes is in the folder, and no more than so much."""
    users = [("admin", ["Admin"]), ("job", ["Read", "Write", "List"]), ("reader", ["Read", "List"])]
    users.append(("stranger", []))
    identities = [
        {"name": user, "credentials": [{"accessKey": user, "secretKey": f"secret-of-{user}"}], "actions": actions}
        for user, actions in users
    ]
    (folder / "users.json").write_text(json.dumps({"identities": identities}))
    (folder / "data").mkdir()
    weed = _Weed(folder, mebibytes // _VOLUME)
    try:
        eventually(weed.makes_a_bucket)
        yield weed.server
    finally:
        weed.kill()


class _Weed:
    """The server's process."""

    def __init__(self, folder: Path, volumes: int) -> None:
        self._folder, self._volumes = folder, volumes
        self._start()

    def makes_a_bucket(self) -> bool:
        """Try to write; the server makes the bucket of an admin's object."""
        if self._process.poll() is not None:
            told = (self._folder / "log").read_text()
            assert "address already in use" in told, told
            self.kill()
            self._start()  # with other ports, since somebody was quicker to take one of them
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.server.environ("admin").items():
                patch.setenv(name, value)
            return _answers(self.server) and _takes_an_object()

    def kill(self) -> None:
        self._process.kill()  # it takes half a minute to end in good order, for data that nobody needs
        self._process.wait()
        for name in self._sockets:  # which it leaves there whatever folder it is given
            Path(f"/tmp/seaweedfs-{name}.sock").unlink(missing_ok=True)

    def _start(self) -> None:
        numbers = free_ports(2 * len(_PARTS))
        ports = dict(zip(_PARTS, numbers[::2], strict=True))
        grpc = dict(zip(_PARTS, numbers[1::2], strict=True))
        self._sockets = [f"{part}-{ports[part]}" for part in _PARTS]
        self._sockets += [f"{part}-grpc-{grpc[part]}" for part in _PARTS]
        options = [f"-{part}.port={port}" for part, port in ports.items()]
        options += [f"-{part}.port.grpc={port}" for part, port in grpc.items()]
        options += ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={self._folder / 'data'}", "-filer", "-s3"]
        options += [
            "-master.telemetry=false",
            f"-s3.config={self._folder / 'users.json'}",
            f"-volume.max={self._volumes}",
        ]
        options += [f"-master.volumeSizeLimitMB={_VOLUME}", "-s3.iam=false"]
        options += ["-s3.port.iceberg=0", "-s3.port.lance=0"]  # which have fixed ports
        # Not to outlive these tests, should they be killed.
        weed = ["setpriv", "--pdeathsig", "KILL", str(Path(sysconfig.get_path("scripts")) / "weed")]
        self.server = Server(f"http://127.0.0.1:{ports['s3']}")
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [*weed, "server", *options], cwd=self._folder, stdout=log, stderr=subprocess.STDOUT
            )


def _answers(server: Server) -> bool:
    try:
        urllib.request.urlopen(server.endpoint, timeout=60).close()
    except urllib.error.HTTPError as error:  # if only that it does not know who asks
        error.close()
    except OSError:
        return False
    return True


def _takes_an_object() -> bool:
    from lookalike.errors import StoreError
    from lookalike.outputs.objects import ObjectStore
    from lookalike.outputs.patience import BRISK
    from lookalike.outputs.urls import StoreUrl

    try:
        ObjectStore(StoreUrl.parse(f"s3://{BUCKET}"), BRISK).put("made", b"")
    except StoreError:
        return False
    return True
