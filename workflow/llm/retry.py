"""How long to wait before a model is asked again."""

import time
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

FIRST_WAIT_SECONDS = 0.25
LONGEST_WAIT_SECONDS = 8.0


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """What the provider asked for: `retry-after-ms`, or `retry-after` in seconds or as a date
    (RFC 9110, 10.2.3). None when it asked for nothing, or for nothing that can be read."""
    for name, divisor in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / divisor
        except ValueError:
            continue
        if seconds >= 0:  # and so neither negative nor not a number
            return seconds
    try:
        at = parsedate_to_datetime(headers.get("retry-after", ""))
    except ValueError:
        return None
    # a date without a zone is in UTC, as all dates of HTTP are
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(at.timestamp() - time.time(), 0.0)


def wait_seconds(attempt: int, *, retry_after: float | None, jitter: float) -> float:
    """Doubling from `FIRST_WAIT_SECONDS`, less up to half by `jitter` (0 to 1), so that askers
    who failed together do not return together. A provider's own wait is a floor, with jitter
    on top. `attempt` counts from 0."""
    backoff = min(FIRST_WAIT_SECONDS * 2.0**attempt, LONGEST_WAIT_SECONDS)
    if retry_after is None:
        return backoff * (1 - jitter / 2)
    return retry_after + FIRST_WAIT_SECONDS * jitter
