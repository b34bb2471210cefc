"""Token buckets and open-call counts."""

import pytest

from gateway import limits
from gateway.limits import Buckets, OpenCalls, address_key
from kit.problems import TooManyRequests
from tests.gateway.conftest import ManualClock


def test_a_bucket_holds_its_burst_and_fills_at_its_rate(clock: ManualClock) -> None:
    bucket = Buckets("x", per_minute=30, burst=2, monotonic=clock.monotonic)
    bucket.take("a")
    bucket.take("a")
    with pytest.raises(TooManyRequests) as refused:
        bucket.take("a")
    assert refused.value.headers["Retry-After"] == "2"
    bucket.take("b")
    clock.advance(2)
    bucket.take("a")
    with pytest.raises(TooManyRequests):
        bucket.take("a")
    clock.advance(3600)
    bucket.take("a")
    bucket.take("a")
    with pytest.raises(TooManyRequests):
        bucket.take("a")


def test_waiting_as_long_as_told_is_enough(clock: ManualClock) -> None:
    bucket = Buckets("x", per_minute=7, burst=1, monotonic=clock.monotonic)
    bucket.take("a")
    for _ in range(50):
        with pytest.raises(TooManyRequests) as refused:
            bucket.take("a")
        clock.advance(float(refused.value.headers["Retry-After"]))
        bucket.take("a")


def test_refusals_do_not_lengthen_the_wait(clock: ManualClock) -> None:
    bucket = Buckets("x", per_minute=60, burst=1, monotonic=clock.monotonic)
    bucket.take("a")
    for _ in range(100):
        with pytest.raises(TooManyRequests):
            bucket.take("a")
    clock.advance(1)
    bucket.take("a")


def test_the_number_of_keys_is_bounded(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_KEYS", 3)
    bucket = Buckets("x", per_minute=1, burst=1, monotonic=clock.monotonic)
    for key in "abcd":
        bucket.take(key)
    with pytest.raises(TooManyRequests):
        bucket.take("d")
    assert len(bucket._levels) == 3


def test_open_calls_are_counted_by_key_and_freed_by_an_error() -> None:
    calls = OpenCalls(1)
    with pytest.raises(KeyError), calls.one("a"):
        with pytest.raises(TooManyRequests), calls.one("a"):
            pass
        with calls.one("b"):
            raise KeyError
    with calls.one("a"):
        pass
    assert calls._open == {}


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("10.0.0.1", "10.0.0.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.2", False),
        ("testclient", "other", False),
    ],
)
def test_addresses_that_one_client_can_choose_from_share_a_key(
    one: str, other: str, is_same: bool
) -> None:
    assert (address_key(one) == address_key(other)) is is_same
