"""Token buckets against a plain one, and what counts as one client."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.middleware.rate import Buckets
from serving.ops.addresses import client_of


class PlainBucket:
    """The textbook's: so many tokens, filled up with time."""

    def __init__(self, per_minute: int, burst: int) -> None:
        self.rate, self.burst, self.tokens, self.last = per_minute / 60, burst, float(burst), 0.0

    def take(self, now: float) -> bool:
        self.tokens = min(self.burst, self.tokens + (now - self.last) * self.rate)
        self.last = now
        if self.tokens < 1 - 1e-6:
            return False
        self.tokens -= 1
        return True


# Seconds in 64ths: exact in binary, so that both arithmetics see the same moments.
STEPS = st.lists(st.integers(0, 640).map(lambda steps: steps / 64), max_size=80)


@given(st.sampled_from([1, 6, 60, 240, 3840]), st.integers(1, 20), STEPS)
def test_it_allows_what_a_plain_token_bucket_allows(per_minute: int, burst: int, steps: list[float]) -> None:
    buckets, plain, now = Buckets(per_minute, burst), PlainBucket(per_minute, burst), 0.0
    for step in steps:
        now += step
        verdict = buckets.take("a", now)
        assert verdict.allowed == plain.take(now)
        if verdict.allowed:
            assert verdict.remaining == pytest.approx(int(plain.tokens + 1e-6))


@given(st.integers(1, 100_000), st.integers(1, 50))
def test_after_the_wait_that_it_names_the_next_request_passes(per_minute: int, burst: int) -> None:
    buckets, now = Buckets(per_minute, burst), 1000.0
    for _ in range(burst):
        assert buckets.take("a", now).allowed
    refused = buckets.take("a", now)
    assert not refused.allowed
    assert 0 < refused.wait <= 60 / per_minute + 1e-6
    assert not buckets.take("a", now + refused.wait * 0.9).allowed
    assert buckets.take("a", now + refused.wait).allowed


def test_clients_do_not_share() -> None:
    buckets = Buckets(60, 1)
    assert buckets.take("a", 0.0).allowed
    assert not buckets.take("a", 0.0).allowed
    assert buckets.take("b", 0.0).allowed


def test_a_flood_of_clients_keeps_within_the_bound_and_full_buckets_go_first() -> None:
    buckets = Buckets(60, 10, capacity=100)
    for number in range(60):
        buckets.take(f"early {number}", 0.0)  # full again after a second
    for _ in range(5):
        buckets.take("busy", 2.0)
    for number in range(10_000):
        buckets.take(f"late {number}", 2.0)
        assert len(buckets) <= 100
        if number == 30:
            assert buckets.take("busy", 2.0).remaining == 4


@pytest.mark.parametrize(
    ("host", "client"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:0db8:0001:0002::/64"),
        ("2001:db8:1:2::9", "2001:0db8:0001:0002::/64"),
        ("2001:db8:1:3::9", "2001:0db8:0001:0003::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80:0000:0000:0000::/64"),
        ("not:an:address" * 10, ("not:an:address" * 10)[:64]),
        ("testclient", "testclient"),
    ],
)
def test_an_ipv6_subscriber_is_one_client(host: str, client: str) -> None:
    assert client_of(host) == client
