"""Headers that tell browsers to trust the answers with nothing."""

from __future__ import annotations

from typing import Final

from serving.ops.exchange import Header

# An answer of the API is data: should a browser ever show one as a document, nothing in it runs or loads, and
# no page frames it; and no browser takes it for another kind of data, or hands it to a page of another origin
# as a script or a picture. These two say all of that. More would be repetition, and the server pays for every
# header of every response.
ANSWER_HEADERS: Final[tuple[Header, ...]] = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
)

# A page loads scripts, styles and pictures of this service alone, as files: nothing inline, nothing evaluated.
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
