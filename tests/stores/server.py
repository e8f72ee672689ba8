"""A real S3 server on this machine: SeaweedFS, with two users; neither may make buckets but `admin`."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sysconfig
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.serving.running import eventually, free_port

BUCKET = "lookalike"
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
def s3_server(folder: Path) -> Iterator[Server]:
    """Runs while the context lasts; all that it writes is in the folder."""
    data = folder / "data"
    data.mkdir()
    users = [("admin", ["Admin"]), ("job", ["Read", "Write", "List"]), ("reader", ["Read", "List"])]
    identities = [
        {"name": user, "credentials": [{"accessKey": user, "secretKey": f"secret-of-{user}"}], "actions": actions}
        for user, actions in users
    ]
    (folder / "users.json").write_text(json.dumps({"identities": identities}))
    ports = {part: free_port() for part in _PARTS}
    options = [f"-{part}.port={port}" for part, port in ports.items()]
    grpc = {part: free_port() for part in _PARTS}
    options += [f"-{part}.port.grpc={port}" for part, port in grpc.items()]
    options += ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={data}", "-filer", "-s3", "-master.telemetry=false"]
    options += [f"-s3.config={folder / 'users.json'}", "-volume.max=50", "-master.volumeSizeLimitMB=64"]
    options += ["-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.iam=false"]  # which have fixed ports
    # Not to outlive these tests, should they be killed.
    weed = ["setpriv", "--pdeathsig", "KILL", str(Path(sysconfig.get_path("scripts")) / "weed")]
    server = Server(f"http://127.0.0.1:{ports['s3']}")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*weed, "server", *options], cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in server.environ("admin").items():
                patch.setenv(name, value)
            eventually(lambda: _makes_a_bucket(process, folder / "log"))
        yield server
    finally:
        process.kill()  # it takes half a minute to end in good order, for data that nobody needs
        process.wait()
        for part in _PARTS:  # sockets that stand there whatever folder it is given
            for name in (f"{part}-{ports[part]}", f"{part}-grpc-{grpc[part]}"):
                Path(f"/tmp/seaweedfs-{name}.sock").unlink(missing_ok=True)


def _makes_a_bucket(process: subprocess.Popen[bytes], log: Path) -> bool:
    """Try to write; the server makes the bucket of an admin's object."""
    assert process.poll() is None, log.read_text()
    with contextlib.suppress(urllib.error.HTTPError):  # it answers, if only that it does not know who asks
        try:
            urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"], timeout=60).close()
        except (urllib.error.URLError, OSError) as error:
            if not isinstance(error, urllib.error.HTTPError):
                return False
            error.close()
    from lookalike.errors import StoreError
    from lookalike.outputs.objects import BRISK, ObjectStore
    from lookalike.outputs.urls import StoreUrl

    try:
        ObjectStore(StoreUrl.parse(f"s3://{BUCKET}"), BRISK).put("made", b"")
    except StoreError:
        return False
    return True
