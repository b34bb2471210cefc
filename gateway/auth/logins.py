"""Logging in, staying logged in, logging out."""

import asyncio
import hashlib
import math
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from contracts.approval import Person
from contracts.governance import NewChange
from gateway.auth.access_tokens import AccessTokens, Clock, session_key
from gateway.auth.identity import Identity
from gateway.auth.lockout import FORGET_AFTER, lock_after
from gateway.auth.passwords import Passwords
from gateway.directory import DirectoryReader
from gateway.store import login_failures, revoked_tokens, sessions, users
from gateway.store.users import User, on_record
from kit import governing_changes
from kit.database import Connection, Pool, connected
from kit.problems import Conflict, Forbidden, TooManyRequests, Unauthorised

WRONG_CREDENTIALS = "The user name or the password is wrong."
STRIPES = 256
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a login or a refresh gives."""

    access_token: str
    refresh_token: str
    expires_in: timedelta


class Logins:
    """Sessions over `pool`. Whoever tries a name learns nothing of whether anybody has it: the
    same statements run, the same hash is computed, the same failures are counted, the same
    answer is given."""

    def __init__(
        self,
        pool: Pool,
        *,
        passwords: Passwords,
        tokens: AccessTokens,
        directory: DirectoryReader,
        clock: Clock,
        session_lifetime: timedelta,
        free_failures: int,
        longest_lock: timedelta,
    ) -> None:
        self._pool = pool
        self._passwords = passwords
        self._tokens = tokens
        self._directory = directory
        self._clock = clock
        self._session_lifetime = session_lifetime
        self._free_failures = free_failures
        self._longest_lock = longest_lock
        # one attempt of a name at a time, so that a burst of guesses cannot outrun the count
        self._stripes = tuple(asyncio.Lock() for _ in range(STRIPES))

    async def log_in(self, username: str, password: str, new_password: str | None = None) -> Tokens:
        """A new session's tokens; with `new_password` that is the password from now on, and
        every other session of the person ends.

        Raises Unauthorised for a wrong name or password, TooManyRequests while the name is
        locked (even with the right password), Forbidden for a person without a role and for a
        password that works once and comes alone, Conflict where the new one is the old.
        """
        name_hash = hashlib.sha256(username.encode()).digest()
        async with self._stripes[hash(username) % STRIPES]:
            async with connected(self._pool) as connection:
                until = await login_failures.locked_until(connection, name_hash)
                user = await users.by_name(connection, username)
            self._refuse_locked(until)
            is_right = await self._passwords.matches(user.password_hash if user else None, password)
            if user is None or not is_right or not user.is_active:
                await self._count_failure(name_hash)
                raise Unauthorised(WRONG_CREDENTIALS, kind="wrong-credentials")
            if not user.roles:
                raise Forbidden("You have no role here. Ask an administrator for one.")
            if new_password is not None:
                return await self._start_anew(user, name_hash, password, new_password)
            if user.is_password_temporary:
                raise Forbidden(
                    "This password works once. Choose a new one: send it as new_password with "
                    "this one.",
                    kind="password-change-needed",
                )
            new_hash = await self._passwords.rehashed(user.password_hash, password)
            return await self._start(user, name_hash, new_hash)

    async def refresh(self, refresh_token: str) -> Tokens:
        """Exchange a refresh token, once, for new tokens with the user's claims as they are now.

        A token that comes a second time was copied: its whole session ends. Raises Unauthorised
        for that and for any token that is unknown, expired or revoked.
        """
        now = self._clock()
        token_hash = hashlib.sha256(refresh_token.encode()).digest()
        async with connected(self._pool) as connection, connection.transaction():
            session = await sessions.use_refresh_token(connection, token_hash, at=now)
            user = await users.by_id(connection, session.user_id) if session else None
            if session and user and user.is_active and user.roles:
                return await self._issue(connection, user, session.session_id, now)
            copied = None if session else await sessions.of_used_token(connection, token_hash)
        if copied:
            log.warning("refresh token used again", session_id=str(copied.session_id))
        over = session or copied
        if over:
            await self._end(over.session_id)
        raise Unauthorised("The refresh token is not valid. Please log in again.")

    async def log_out(self, identity: Identity) -> None:
        """End the session, or refuse the one token if it is an outside issuer's."""
        if identity.session_id is not None:
            await self._end(identity.session_id)
            return
        expires_at = datetime.fromtimestamp(identity.expires_at, UTC)
        async with connected(self._pool) as connection:
            for key in identity.token_keys:
                await revoked_tokens.add(connection, key, expires_at=expires_at)
        await self._directory.refresh()

    def _refuse_locked(self, until: datetime | None) -> None:
        left = until - self._clock() if until else timedelta(0)
        if left > timedelta(0):
            raise TooManyRequests(
                "Too many failed logins for this name. Wait before you try again.",
                retry_after=max(1, math.ceil(left.total_seconds())),
                kind="login-locked",
            )

    async def _count_failure(self, name_hash: bytes) -> None:
        now = self._clock()
        async with connected(self._pool) as connection, connection.transaction():
            failures = await login_failures.count(
                connection, name_hash, at=now, forget_before=now - FORGET_AFTER
            )
            lock = lock_after(failures, free=self._free_failures, longest=self._longest_lock)
            if lock:
                await login_failures.lock(connection, name_hash, until=now + lock)
        # the name itself may be a password typed into the wrong field
        log.warning("login failed", name_hash=name_hash.hex()[:16], failures=failures)

    async def _start(self, user: User, name_hash: bytes, new_hash: str | None) -> Tokens:
        now = self._clock()
        async with connected(self._pool) as connection, connection.transaction():
            await login_failures.clear(connection, name_hash)
            await users.logged_in(connection, user.user_id, at=now, new_hash=new_hash)
            session_id = await sessions.start(
                connection, user.user_id, started_at=now, expires_at=now + self._session_lifetime
            )
            tokens = await self._issue(connection, user, session_id, now)
        log.info("login", user_id=str(user.user_id), session_id=str(session_id))
        return tokens

    async def _start_anew(
        self, user: User, name_hash: bytes, password: str, new_password: str
    ) -> Tokens:
        if new_password == password:
            raise Conflict("The new password is the old one. Choose another.", kind="same-password")
        new_hash = await self._passwords.hashed(new_password)
        now = self._clock()
        async with connected(self._pool) as connection, connection.transaction():
            ended = await sessions.revoke_all(connection, user.user_id, at=now)
            for session_id in ended:
                await revoked_tokens.add(
                    connection, session_key(session_id), expires_at=now + self._tokens.lifetime
                )
            await users.set_own_password(connection, user.user_id, new_hash)
            change = NewChange(
                kind="user",
                subject=str(user.user_id),
                action="password chosen",
                before=on_record(user),
                after=on_record(user),
            )
            by = Person(user_id=user.user_id, username=user.username, role=user.roles[0])
            await governing_changes.record(connection, user.org_id, by, change)
        if ended:
            await self._directory.refresh()
        return await self._start(user, name_hash, None)

    async def _issue(
        self, connection: Connection, user: User, session_id: UUID, now: datetime
    ) -> Tokens:
        refresh_token = secrets.token_urlsafe(32)
        await sessions.add_refresh_token(
            connection,
            hashlib.sha256(refresh_token.encode()).digest(),
            session_id,
            issued_at=now,
        )
        return Tokens(self._tokens.make(user, session_id), refresh_token, self._tokens.lifetime)

    async def _end(self, session_id: UUID) -> None:
        now = self._clock()
        async with connected(self._pool) as connection, connection.transaction():
            await sessions.revoke(connection, session_id, at=now)
            await revoked_tokens.add(
                connection, session_key(session_id), expires_at=now + self._tokens.lifetime
            )
        await self._directory.refresh()
