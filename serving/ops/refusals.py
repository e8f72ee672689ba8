"""What a connection is refused for before a request has come as far as the application, and the answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from serving.problems.documents import PROBLEM_TYPE, problem_bytes
from serving.problems.kinds import HeadersTooLarge, Problem, UriTooLong

_HOST: Final = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~%!$&'()*+,;=:[]"  # RFC 3986


def is_one_host(hosts: list[bytes]) -> bool:
    """Whether the values of Host are what a request of HTTP/1.1 needs (RFC 9112, 3.2)."""
    return len(hosts) == 1 and not hosts[0].translate(None, _HOST)


def too_large_head(url: bytes, data: bytes, fed: int, most_url: int) -> Problem:
    """What is too large of a head. data: the last of the `fed` bytes that have come; url: as far as it was read."""
    line = data.find(b"\r\n") if fed == len(data) else len(url)
    if line < 0 or line > most_url + len(b"OPTIONS  HTTP/1.1"):
        return UriTooLong(f"The URL is longer than {most_url} bytes.")
    return HeadersTooLarge()


def refusal(problem: Problem, more_headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The answer that tells a problem and closes the connection."""
    body = problem_bytes(problem)
    given = [(name.encode(), value.encode()) for name, value in problem.headers]
    headers = [
        *more_headers,
        *given,
        (b"content-type", PROBLEM_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
    ]
    lines = b"".join(b"%s: %s\r\n" % header for header in headers)
    return STATUS_LINE[problem.status] + lines + b"\r\n" + body
