"""All layers together, in their order."""

import asyncio
import gc
import weakref
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.keys import add_key
from serving.middleware.protect import protect
from serving.ops.connections import Connections
from serving.ops.metrics import Metrics
from serving.ops.server import configure_server
from serving.settings import SettingsError
from serving.state import State
from tests.serving.opscall import call, hello, scope_of, settings_of

ORIGIN = "https://desk.example"


def protected(folder: Path, app: ASGIApp = hello, **settings: Any) -> ASGIApp:
    return protect(app, State.of(settings_of(folder, **settings), Metrics()))


def test_without_further_settings_a_request_reaches_the_application(tmp_path: Path) -> None:
    answer = call(protected(tmp_path), "/api/v1/snapshot")
    assert (answer.status, answer.body) == (200, b"hello")
    assert answer.header("ratelimit") is None
    assert answer.header("vary") is None


def test_health_needs_no_key_and_has_no_limit(tmp_path: Path) -> None:
    add_key(tmp_path / "keys", "one")
    app = protected(tmp_path, api_keys_file=tmp_path / "keys", rate_limit_per_minute=1, rate_burst=1)
    for path in ("/livez", "/readyz", "/metrics"):
        assert [call(app, path).status for _ in range(3)] == [200] * 3
    assert [call(app, "/api/x").status for _ in range(2)] == [401, 429]


def test_a_page_of_a_listed_origin_can_read_why_it_was_refused(tmp_path: Path) -> None:
    add_key(tmp_path / "keys", "one")
    app = protected(tmp_path, api_keys_file=tmp_path / "keys", cors_origins=(ORIGIN,))
    answer = call(app, "/api/x", headers=[("Origin", ORIGIN)])
    assert (answer.status, answer.header("access-control-allow-origin")) == (401, ORIGIN)
    preflight = [("Origin", ORIGIN), ("Access-Control-Request-Method", "GET")]
    assert call(app, "/api/x", method="OPTIONS", headers=preflight).status == 200


def test_what_is_too_long_is_refused_before_its_key_is_looked_at(tmp_path: Path) -> None:
    add_key(tmp_path / "keys", "one")
    app = protected(tmp_path, api_keys_file=tmp_path / "keys", max_url_bytes=256)
    assert call(app, "/" + "x" * 300).status == 414


def test_a_page_gets_a_policy_under_which_nothing_inline_runs(tmp_path: Path) -> None:
    answer = call(protected(tmp_path), "/docs")
    policy = dict(rule.strip().split(" ", 1) for rule in str(answer.header("content-security-policy")).split(";"))
    assert (
        policy["default-src"] == policy["base-uri"] == policy["form-action"] == policy["frame-ancestors"] == "'none'"
    )
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in str(policy)
    assert answer.header("referrer-policy") == "no-referrer"
    assert answer.header("cross-origin-opener-policy") == "same-origin"


def test_bad_keys_end_the_start_naming_the_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^LOOKALIKE_API_KEYS_FILE: .*/keys: cannot be read: No such file"):
        protected(tmp_path, api_keys_file=tmp_path / "keys")


def test_a_request_that_has_ended_is_forgotten_without_the_garbage_collector(tmp_path: Path) -> None:
    """uvicorn's `send` holds the scope; a scope that held `send` would be garbage only a collection can find."""
    kept: list[weakref.ref[Any]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        kept.append(weakref.ref(scope["state"]["record"]))
        await hello(scope, receive, send)

    class Cycle:
        def __init__(self, scope: Scope) -> None:
            self.scope = scope

        async def send(self, message: Message) -> None:
            pass

        async def receive(self) -> Message:
            raise AssertionError

    async def scenario() -> None:
        guarded = protected(tmp_path, app)
        for _ in range(3):
            cycle = Cycle(scope_of("/api/x"))
            await guarded(cycle.scope, cycle.receive, cycle.send)
            del cycle

    gc.disable()
    try:
        asyncio.run(scenario())
        assert [reference() for reference in kept] == [None] * 3
    finally:
        gc.enable()


class Lifespan:
    """uvicorn's end of the lifespan, as far as the service reaches for it."""

    def __init__(self, config: uvicorn.Config) -> None:
        self.config = config
        self.sent: list[Message] = []
        self._next = iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive(self) -> Message:
        return {"type": next(self._next)}

    async def send(self, message: Message) -> None:
        self.sent.append(message)


async def _run(app: ASGIApp, lifespan: Lifespan) -> None:
    await app({"type": "lifespan"}, lifespan.receive, lifespan.send)


async def living(_scope: Scope, receive: Receive, send: Send) -> None:
    for _ in range(2):
        message = await receive()
        await send({"type": message["type"] + ".complete"})


@pytest.mark.parametrize("headers", [[], [("server", "mine")]])
def test_the_lifespan_takes_uvicorns_banner_away_and_nothing_else(
    tmp_path: Path, headers: list[tuple[str, str]]
) -> None:
    config = uvicorn.Config(living, headers=headers, log_config=None)
    config.load()
    lifespan = Lifespan(config)
    asyncio.run(_run(protected(tmp_path, living), lifespan))
    assert config.encoded_headers == [(name.encode(), value.encode()) for name, value in headers]
    assert [message["type"] for message in lifespan.sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]


def test_another_server_is_left_alone_and_its_log_says_what_is_missing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def receive() -> Message:
        raise AssertionError

    with caplog.at_level("WARNING"):
        configure_server(receive, Connections(settings_of(tmp_path), Metrics()))
    assert "this server is not uvicorn" in caplog.text
