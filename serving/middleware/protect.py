"""The layers around the application: `protect` puts the layers in their order.

    Forwarded   whose request a trusted proxy passes on; only if proxies are set
    Observe     request id, access log, metrics, headers of every response, unexpected errors; the lifespan
    Bypass      health and metrics go past all but Bounds; not there if a second port serves them
    CORS        Starlette's; only if origins are set
    Bounds      long URLs, parameters and bodies
    Admission   API keys and rates; only if one of them is set
    Load        the number of requests under way, and the time of each

All are plain ASGI. Only Observe, CORS and Load are coroutines; the others decide and return what the next layer
returns, which saves time in each request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Iterable
from typing import Final

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.api import health
from serving.keys import KeyRing, KeysError
from serving.middleware.admission import Admission
from serving.middleware.bounds import Bounds
from serving.middleware.forwarded import Forwarded
from serving.middleware.load import Load
from serving.middleware.observe import Observe
from serving.middleware.rate import Buckets
from serving.ops.addresses import parse_networks
from serving.ops.connections import Connections
from serving.ops.loglines import access_line
from serving.ops.logs import configure_logging, wants_json
from serving.ops.record import Header
from serving.ops.server import Lifetime, SecondPort, is_worker
from serving.settings import Settings, SettingsError
from serving.state import State

# These need no key: they show nothing of the snapshot, and a browser sends none when it opens a page.
OPEN_PATHS = ("/docs", "/openapi.json")

# An answer of the API is data. If a browser shows one as a document, nothing in it runs or loads, and no page can
# frame it; and no browser takes it for another type of data. Two headers are enough for that, and each header costs
# time in every response.
ANSWER_HEADERS: Final[tuple[Header, ...]] = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
)

# A page loads scripts, styles and pictures from this service only, as files: nothing inline, nothing evaluated.
PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGE_HEADERS: Final[tuple[Header, ...]] = (
    (b"content-security-policy", PAGE_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
PAGES: Final = ("/docs",)


def protect(app: ASGIApp, state: State) -> ASGIApp:
    """The application inside all layers that the settings ask for. Raises SettingsError.

    Python's logging is set up here for the whole process. The second port is opened when the lifespan begins.
    """
    settings, metrics = state.settings, state.metrics
    handler = configure_logging(settings)
    handler.writer.on_drop = metrics.lines_dropped
    if metrics.folder is not None:
        handler.writer.take_turns(metrics.folder / "log.lock")

    def observed(inner: ASGIApp, lifespan: ASGIApp | None) -> Observe:
        return Observe(
            inner,
            metrics=metrics,
            line=access_line(as_json=wants_json(settings)) if settings.access_log else None,
            write=handler.writer.write,
            added=ANSWER_HEADERS,
            pages=dict.fromkeys(PAGES, PAGE_HEADERS),
            lifespan=lifespan,
        )

    def bounded(inner: ASGIApp) -> Bounds:
        return Bounds(inner, url_bytes=settings.max_url_bytes, parameter_bytes=settings.max_parameter_bytes)

    second_port = None
    if settings.ops_port is not None:
        second_port = SecondPort(
            observed(bounded(health.HealthPort(state)), None),
            host=settings.host,
            port=settings.ops_port,
            shared=is_worker(),
            connections=Connections(settings, metrics),
        )
    guarded = _guard(app, state)
    inner = guarded if settings.ops_port is not None else Bypass(guarded, bounded(app), paths=health.PATHS)
    lifetime = Lifetime(app, connections=Connections(settings, metrics), second_port=second_port, handler=handler)
    outermost = observed(inner, lifetime)
    proxies = parse_networks(settings.trusted_proxies)
    return Forwarded(outermost, proxies) if proxies else outermost


def _guard(app: ASGIApp, state: State) -> ASGIApp:
    settings, metrics = state.settings, state.metrics
    inner: ASGIApp = Load(
        app, requests=settings.max_concurrent, seconds=settings.request_timeout_seconds, metrics=metrics
    )
    ring = _key_ring(settings)
    buckets = None
    if settings.rate_limit_per_minute:
        buckets = Buckets(settings.rate_limit_per_minute, settings.rate_burst)
    if ring is not None or buckets is not None:
        inner = Admission(inner, ring=ring, buckets=buckets, open_paths=OPEN_PATHS, metrics=metrics)
    inner = Bounds(inner, url_bytes=settings.max_url_bytes, parameter_bytes=settings.max_parameter_bytes)
    if settings.cors_origins:
        inner = let_pages_read(inner, settings.cors_origins)
    return inner


def let_pages_read(app: ASGIApp, origins: Collection[str]) -> ASGIApp:
    """The application with answers that pages of other origins may read; "*" is any origin.

    Credentials are not allowed because none are needed: a page sends its key in a header.
    """
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=("GET", "HEAD", "OPTIONS"),
        allow_headers=("Authorization", "If-None-Match", "Traceparent", "X-API-Key", "X-Request-ID"),
        expose_headers=("ETag", "Link", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-ID"),
    )


def _key_ring(settings: Settings) -> KeyRing | None:
    if settings.api_keys_file is None:
        return None
    try:
        return KeyRing(settings.api_keys_file)
    except KeysError as error:
        raise SettingsError(f"LOOKALIKE_API_KEYS_FILE: {error}") from None


class Bypass:
    """Requests for `paths` go to `direct`, all others to `app`."""

    def __init__(self, app: ASGIApp, direct: ASGIApp, *, paths: Iterable[str]) -> None:
        self._app = app
        self._direct = direct
        self._paths = frozenset(paths)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass on."""
        app = self._direct if scope["path"] in self._paths else self._app
        return app(scope, receive, send)
