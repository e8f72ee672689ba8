import pytest

from serving.api.formats import negotiate
from serving.problems.kinds import NotAcceptable


@pytest.mark.parametrize(
    ("accept", "format"),
    [
        (None, "json"),
        ("", "json"),
        ("*/*", "json"),
        ("application/*", "json"),
        ("text/*", "csv"),
        ("text/csv", "csv"),
        ("TEXT/CSV; Q=1.0", "csv"),
        ("application/x-ndjson", "ndjson"),
        ("application/ndjson", "ndjson"),
        ("application/vnd.apache.arrow.stream", "arrow"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "json"),
        ("text/csv;q=0.5, application/json;q=0.4", "csv"),
        ("text/csv;q=0.5, application/json;q=0.5", "json"),
        ("application/json;q=0, */*", "ndjson"),
        ("*/*, text/csv;q=0.1", "json"),
        ("text/csv;header=present", "csv"),
        ("rubbish, text/csv", "csv"),
        ("application/json;q=0.3, text/*;q=0.2, */*;q=0.9", "ndjson"),
    ],
)
def test_the_format_that_is_liked_best_is_chosen(accept: str | None, format: str) -> None:
    assert negotiate(accept) == format


@pytest.mark.parametrize("accept", ["text/html", "image/*", "*/*;q=0", "application/json;q=0, text/csv;q=0.000"])
def test_a_format_that_is_not_offered_is_refused(accept: str) -> None:
    with pytest.raises(NotAcceptable, match="text/csv"):
        negotiate(accept)
