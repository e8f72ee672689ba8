"""The layer that checks API keys and limits the rate of requests."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable

from starlette.types import ASGIApp, Receive, Scope, Send

from serving.keys import KeyRing, given_key
from serving.middleware.rate import Buckets
from serving.ops.addresses import client_of
from serving.ops.metrics import Metrics
from serving.ops.record import RequestRecord
from serving.problems.documents import send_problem
from serving.problems.kinds import TooManyRequests, Unauthorized

_CHALLENGE = [("www-authenticate", 'Bearer realm="lookalike"')]


class Admission:
    """Lets requests with a valid key pass (all, without a `ring`), each client's up to a rate (none without).

    A client is the name of a key. Without a valid key it is an address, so guessing keys is limited too.
    `open_paths` need no key: their answers are public, and a browser sends none when it opens a page. Each worker
    process counts for itself, so with N workers a client may send up to N times the limit.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        ring: KeyRing | None,
        buckets: Buckets | None,
        open_paths: tuple[str, ...],
        metrics: Metrics,
    ) -> None:
        self._app = app
        self._ring = ring
        self._buckets = buckets
        self._open = frozenset(open_paths)
        self._open_folders = tuple(path.rstrip("/") + "/" for path in open_paths if path != "/")
        self._metrics = metrics
        if buckets is not None:
            window = math.ceil(buckets.burst * buckets.interval)
            self._policy = (b"ratelimit-policy", f'"requests";q={buckets.burst};w={window}'.encode())

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass on or refuse. Not a coroutine: there is nothing to wait for."""
        record: RequestRecord = scope["state"]["record"]
        key = None
        if self._ring is not None:
            key = given_key(record.headers)
            if key is not None:
                record.key = self._ring.name_of(key)
        if self._buckets is not None and (wait := self._wait(scope, record, self._buckets)) is not None:
            self._metrics.refused("rate")
            problem = TooManyRequests("Too many requests; slow down.", retry_after=wait)
            return send_problem(scope, send, problem)
        if self._ring is not None and record.key is None and not self._is_open(scope["path"]):
            self._metrics.refused("key")
            detail = "A key is needed: Authorization: Bearer KEY, or X-API-Key: KEY."
            if key is not None:
                detail = "The key is not valid."
            return send_problem(scope, send, Unauthorized(detail, headers=_CHALLENGE))
        return self._app(scope, receive, send)

    def _is_open(self, path: str) -> bool:
        return path in self._open or path.startswith(self._open_folders)

    def _wait(self, scope: Scope, record: RequestRecord, buckets: Buckets) -> int | None:
        """Take a token, and say so in the response; seconds to wait if there is none."""
        client = record.key
        if client is None:
            peer = scope.get("client")
            client = "@" + (client_of(peer[0]) if peer else "")  # no name of a key has an @
        verdict = buckets.take(client, time.monotonic())
        left = f'"requests";r={verdict.remaining};t={math.ceil(verdict.refill)}'.encode()
        record.added = (*record.added, self._policy, (b"ratelimit", left))
        return None if verdict.allowed else max(1, math.ceil(verdict.wait))
