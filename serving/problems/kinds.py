"""What can go wrong with a request: a class for each kind of error."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

Headers = Sequence[tuple[str, str]]


class Problem(Exception):  # noqa: N818 - RFC 9457's word
    """A failure as the client sees it. `detail` is one sentence for a person, without internals."""

    status: int = 500
    code: str = "internal-error"  # the end of `type`; stable, for programs
    title: str = "Internal error"
    retry_after: int | None = None  # seconds

    def __init__(
        self,
        detail: str,
        *,
        parameter: str | None = None,
        retry_after: int | None = None,
        headers: Headers = (),
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.parameter = parameter
        self.retry_after = self.retry_after if retry_after is None else retry_after
        self.headers: list[tuple[str, str]] = list(headers)
        if self.retry_after is not None:
            self.headers.append(("retry-after", str(self.retry_after)))


class InternalError(Problem):
    """Something unexpected; only the log says what."""

    def __init__(self) -> None:
        super().__init__("The service failed on this request.")


class BadRequest(Problem):
    """The request cannot be understood."""

    status, code, title = 400, "bad-request", "Bad request"


class Unauthorized(Problem):
    """A key is missing or unknown."""

    status, code, title = 401, "unauthorized", "Unauthorized"


class Forbidden(Problem):
    """The request is understood and refused."""

    status, code, title = 403, "forbidden", "Forbidden"


class NotFound(Problem):
    """There is no such thing in the snapshot, or no such path."""

    status, code, title = 404, "not-found", "Not found"


class MethodNotAllowed(Problem):
    """The path has no such method."""

    status, code, title = 405, "method-not-allowed", "Method not allowed"


class NotAcceptable(Problem):
    """None of the formats that the client takes is offered."""

    status, code, title = 406, "not-acceptable", "Not acceptable"


class Gone(Problem):
    """A cursor of a snapshot that is no longer served."""

    status, code, title = 410, "gone", "Gone"


class ContentTooLarge(Problem):
    """The body of the request is too large."""

    status, code, title = 413, "content-too-large", "Content too large"


class UriTooLong(Problem):
    """The URL is too long."""

    status, code, title = 414, "uri-too-long", "URI too long"


class InvalidParameter(Problem):
    """A parameter that is missing, unreadable or out of bounds."""

    status, code, title = 422, "invalid-parameter", "Invalid parameter"


class RequestTimedOut(Problem):
    """The client has taken too long to send its request."""

    status, code, title = 408, "request-timed-out", "Request timed out"


class HeadersTooLarge(Problem):
    """The request has too many headers, or too large ones."""

    status, code, title = 431, "headers-too-large", "Headers too large"

    def __init__(self) -> None:
        super().__init__("The headers of the request are too many or too large.")


class TooManyRequests(Problem):
    """The client's share is used up."""

    status, code, title = 429, "too-many-requests", "Too many requests"


class NotReady(Problem):
    """No snapshot is being served yet."""

    status, code, title = 503, "not-ready", "Not ready"
    retry_after = 2


class DamagedSnapshot(Problem):
    """A file of the snapshot could not be read."""

    status, code, title = 503, "damaged-snapshot", "Damaged snapshot"
    retry_after = 10

    def __init__(self) -> None:
        super().__init__("A file of the snapshot cannot be read.")


class Overloaded(Problem):
    """Too many requests are under way."""

    status, code, title = 503, "overloaded", "Overloaded"
    retry_after = 1


class TimedOut(Problem):
    """The answer took longer than the service allows."""

    status, code, title = 504, "timed-out", "Timed out"


class OtherProblem(Problem):
    """A status without a class above."""

    def __init__(self, status: int, detail: str, headers: Headers = ()) -> None:
        super().__init__(detail, headers=headers)
        phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Error"
        self.status, self.title, self.code = status, phrase, phrase.lower().replace(" ", "-")
