"""Whose request it is: what proxies say counts only if they are trusted."""

from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.middleware.protect import protect
from serving.ops.addresses import forwarded_for, parse_networks
from serving.ops.metrics import Metrics
from serving.settings import Settings, SettingsError, load_settings
from serving.state import State
from tests.serving.opscall import call, settings_of

from .rawclient import BoundedServer, get

PROXIES = parse_networks(["10.0.0.0/8", "2001:db8::/32", "127.0.0.1"])


@pytest.mark.parametrize(
    ("peer", "header", "client"),
    [
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),  # a client that writes the header itself
        ("127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "1.1.1.1, 198.51.100.7", "198.51.100.7"),  # the left part is the client's
        ("127.0.0.1", "198.51.100.7, 10.1.2.3,10.9.9.9", "198.51.100.7"),
        ("127.0.0.1", "10.1.1.1, 10.2.2.2", "10.1.1.1"),
        ("127.0.0.1", "198.51.100.7:4711", "198.51.100.7"),
        ("127.0.0.1", "[2001:db9::1]:443", "2001:db9::1"),
        ("127.0.0.1", "2001:db9::1, 2001:db8::1", "2001:db9::1"),
        ("::ffff:127.0.0.1", "::ffff:198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.7, unknown", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.7, nonsense, 10.1.1.1", "10.1.1.1"),
        ("127.0.0.1", "1.1.1.1," * 10_000 + "198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "x" * 100_000, "127.0.0.1"),
        ("127.0.0.1", "10.1.1.1," * 10_000, "127.0.0.1"),
    ],
)
def test_the_right_most_address_that_is_not_trusted_is_the_client(peer: str, header: str, client: str) -> None:
    assert forwarded_for(peer, header.encode(), PROXIES) == client


async def _echo(scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["client"][0].encode()})


def protected(folder: Path, app: ASGIApp = _echo, **settings: Any) -> ASGIApp:
    return protect(app, State.of(settings_of(folder, access_log=False, **settings), Metrics()))


def test_the_header_is_used_from_a_trusted_proxy_alone(tmp_path: Path) -> None:
    app = protected(tmp_path, trusted_proxies=("127.0.0.0/8",))
    given = [("X-Forwarded-For", "1.1.1.1"), ("X-Forwarded-For", "198.51.100.7")]
    assert call(app, "/api/x", headers=given, client="127.0.0.9").body == b"198.51.100.7"
    assert call(app, "/api/x", headers=given, client="192.0.2.1").body == b"192.0.2.1"
    assert call(protected(tmp_path), "/api/x", headers=given, client="127.0.0.1").body == b"127.0.0.1"


def test_a_forged_header_gets_past_no_limit(tmp_path: Path) -> None:
    app = protected(tmp_path, rate_limit_per_minute=1, rate_burst=2)
    found = [
        call(app, "/api/x", headers=[("X-Forwarded-For", f"198.51.100.{number}")], client="127.0.0.1").status
        for number in range(4)
    ]
    assert found == [200, 200, 429, 429]


def test_behind_a_trusted_proxy_each_client_has_its_own_limit(tmp_path: Path) -> None:
    app = protected(tmp_path, rate_limit_per_minute=1, rate_burst=1, trusted_proxies=("127.0.0.1",))

    def status(forwarded: str) -> int:
        return call(app, "/api/x", headers=[("X-Forwarded-For", forwarded)], client="127.0.0.1").status

    assert [status("198.51.100.1"), status("198.51.100.1"), status("198.51.100.2")] == [200, 429, 200]
    assert status("203.0.113.9, 198.51.100.2") == 429


@pytest.mark.parametrize(("proxies", "client"), [((), b"127.0.0.1"), (("127.0.0.1",), b"198.51.100.7")])
def test_uvicorn_does_not_put_its_own_trust_in_place_of_the_setting(
    tmp_path: Path, proxies: tuple[str, ...], client: bytes
) -> None:
    """uvicorn trusts 127.0.0.1 unless it is told otherwise."""
    with BoundedServer(tmp_path, trusted_proxies=proxies) as server:
        head = get("/hello", "X-Forwarded-For: 198.51.100.7", "X-Forwarded-Proto: https", "Connection: close")
        ((_, body),) = server.exchange(head)
    assert body == b"/hello " + client


def test_proxies_are_addresses_or_networks() -> None:
    given = load_settings({"LOOKALIKE_OUTPUT": "out", "LOOKALIKE_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8,::1"})
    assert given.trusted_proxies == ("127.0.0.1", "10.0.0.0/8", "::1")
    assert Settings(output=Path("out")).trusted_proxies == ()
    with pytest.raises(SettingsError, match=r"LOOKALIKE_TRUSTED_PROXIES: .*'proxy\.example' does not appear to be"):
        load_settings({"LOOKALIKE_OUTPUT": "out", "LOOKALIKE_TRUSTED_PROXIES": "proxy.example"})
