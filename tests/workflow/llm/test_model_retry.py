"""Waiting times."""

import time
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime, formatdate

import pytest

from workflow.llm.retry import retry_after_seconds, wait_seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "inf"}, float("inf")),
        ({"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT"}, 0.0),
    ],
)
def test_what_the_provider_asked_for(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_seconds(headers) == seconds


def test_a_date_is_a_wait_from_now() -> None:
    for text in (
        formatdate(time.time() + 60, usegmt=True),
        formatdate(time.time() + 60),  # -0000: no zone is known
        format_datetime(datetime.now(timezone(timedelta(hours=5))) + timedelta(seconds=60)),
    ):
        seconds = retry_after_seconds({"retry-after": text})
        assert seconds is not None and 55 < seconds <= 61


def test_the_wait_doubles_up_to_a_bound_and_is_spread() -> None:
    longest = [wait_seconds(n, retry_after=None, jitter=0) for n in range(8)]
    assert longest == [0.25, 0.5, 1, 2, 4, 8, 8, 8]
    assert [wait_seconds(n, retry_after=None, jitter=1) for n in range(8)] == [
        one / 2 for one in longest
    ]


def test_nobody_returns_before_the_provider_said() -> None:
    assert wait_seconds(0, retry_after=3, jitter=0) == 3
    assert 3 < wait_seconds(0, retry_after=3, jitter=1) < 4
