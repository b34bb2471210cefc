"""Token buckets and open-call counts, in memory: the limits of one gateway process."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from cachetools import LRUCache

from kit.problems import TooManyRequests

MOST_KEYS = 50_000


class Buckets:
    """A token bucket for each key: `burst` at once, `per_minute` in the long run.

    At most `MOST_KEYS` are kept; the one that was used longest ago is forgotten, and starts full.
    """

    def __init__(
        self,
        name: str,
        *,
        per_minute: int,
        burst: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._per_second = per_minute / 60
        self._burst = burst
        self._monotonic = monotonic
        self._levels = LRUCache[str, tuple[float, float]](MOST_KEYS)

    def take(self, key: str) -> None:
        """One token; TooManyRequests, with the headers that say when, if there is none."""
        now = self._monotonic()
        level, at = self._levels.get(key, (float(self._burst), now))
        level = min(self._burst, level + (now - at) * self._per_second)
        self._levels[key] = (level - 1 if level >= 1 else level, now)
        if level < 1:
            wait = max(1, math.ceil((1 - level) / self._per_second))
            window = math.ceil(self._burst / self._per_second)
            raise TooManyRequests(
                f"Too many requests. Wait {wait} s before the next one.",
                retry_after=wait,
                kind="rate-limited",
                headers={  # draft-ietf-httpapi-ratelimit-headers
                    "RateLimit-Policy": f'"{self._name}";q={self._burst};w={window}',
                    "RateLimit": f'"{self._name}";r=0;t={wait}',
                },
            )


class OpenCalls:
    """How many calls of each key are under way, up to `most`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: dict[str, int] = {}

    @contextmanager
    def one(self, key: str) -> Iterator[None]:
        """Count one for the length of the block; TooManyRequests over the limit."""
        count = self._open.get(key, 0)
        if count >= self._most:
            raise TooManyRequests(
                f"You have {count} calls open already. Wait for one to end.",
                retry_after=1,
                kind="too-many-open",
            )
        self._open[key] = count + 1
        try:
            yield
        finally:
            if self._open[key] == 1:
                del self._open[key]
            else:
                self._open[key] -= 1


@dataclass(frozen=True, slots=True)
class Limits:
    """All of the gateway's: logins by client address, the others by user."""

    login: Buckets
    ask: Buckets
    call: Buckets
    open_calls: OpenCalls


def address_key(host: str | None) -> str:
    """One key a client: an IPv6 client has a whole /64 to choose its addresses from."""
    try:
        address = ip_address(host or "")
    except ValueError:
        return host or "unknown"
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(IPv6Address(int(address) >> 64 << 64))
    return str(address)
