"""Password checks off the event loop, a bounded number at a time."""

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor

from argon2.exceptions import InvalidHashError, VerificationError

from kit.passwords import HASHER
from kit.problems import Unavailable

THREADS = 2
MOST_WAITING = 64


class Passwords:
    """argon2id on threads of its own: each check costs 19 MiB and 20 ms of a core."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="password")
        self._waiting = 0
        self._nobodys_hash = HASHER.hash(secrets.token_urlsafe(32))

    async def matches(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is the one that was hashed.

        None, for somebody unknown, is checked against a hash that no password has, with the same
        parameters: it takes as long and is false. Raises Unavailable when too many are waiting.
        """
        if self._waiting >= MOST_WAITING:
            raise Unavailable("Too many people are logging in at once. Try again shortly.")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._threads, _matches, password_hash or self._nobodys_hash, password
            )
        finally:
            self._waiting -= 1

    async def rehashed(self, password_hash: str, password: str) -> str | None:
        """A new hash where the old one was made with other parameters, else None."""
        if not HASHER.check_needs_rehash(password_hash):
            return None
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, HASHER.hash, password
        )

    async def hashed(self, password: str) -> str:
        """The hash of a new password."""
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, HASHER.hash, password
        )

    def close(self) -> None:
        """Wait for none of them."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _matches(password_hash: str, password: str) -> bool:
    try:
        return HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
