"""Adding people and changing what they may see, by an admin of their organisation.

Nobody widens their own access, an organisation keeps its last admin, and whoever is given less has
no token of before that still works. Every change is on record, in its own transaction.
"""

import secrets
from datetime import timedelta
from uuid import UUID

from psycopg.errors import UniqueViolation

from contracts.approval import Person
from contracts.context import UserContext
from contracts.governance import NewChange
from contracts.people import AccessChoices, NewUser, User, UserChange, UserPage, UserWithPassword
from gateway.auth.access_tokens import Clock, session_key
from gateway.auth.passwords import Passwords
from gateway.directory import DirectoryReader
from gateway.store import people, revoked_tokens, sessions
from gateway.store.users import on_record
from kit import governing_changes
from kit.database import Connection, Pool, connected
from kit.problems import Conflict, Forbidden, NotFound, PreconditionFailed

UNKNOWN = "There is no such person."


class People:
    """Over `pool`. `token_lifetime` is how long an access token may outlive its session."""

    def __init__(
        self,
        pool: Pool,
        *,
        passwords: Passwords,
        directory: DirectoryReader,
        clock: Clock,
        token_lifetime: timedelta,
    ) -> None:
        self._pool = pool
        self._passwords = passwords
        self._directory = directory
        self._clock = clock
        self._token_lifetime = token_lifetime

    async def page(self, by: UserContext, *, name: str, after: str | None, limit: int) -> UserPage:
        """The organisation's people whose name holds `name`, by name."""
        async with connected(self._pool) as connection:
            found = await people.page(connection, by.org_id, name=name, after=after, limit=limit)
        following = found[-1].username if len(found) == limit else None
        return UserPage(items=tuple(found), next=following)

    async def few_in(
        self, by: UserContext, roles: tuple[str, ...], *, most: int
    ) -> tuple[str, ...]:
        """The names of the organisation's other people who hold one of `roles`; none where there
        are more than `most`."""
        async with connected(self._pool) as connection:
            found = await people.holding(
                connection, by.org_id, roles, other_than=by.user_id, limit=most + 1
            )
        return tuple(found) if len(found) <= most else ()

    async def get(self, by: UserContext, user_id: UUID) -> User:
        """One of them. Raises NotFound."""
        async with connected(self._pool) as connection:
            return await _existing(connection, by, user_id)

    async def choices(self, by: UserContext) -> AccessChoices:
        """What people of the organisation can be given."""
        async with connected(self._pool) as connection:
            return await _choices(connection, by.org_id)

    async def add(self, by: UserContext, new: NewUser) -> UserWithPassword:
        """Somebody new. Raises Conflict for a name that is taken, or a role or a store that the
        organisation does not have, or for a scope that is two."""
        if new.is_all_stores and new.store_ids:
            raise _two_scopes()
        one_time = None if new.password else one_time_password()
        password_hash = await self._passwords.hashed(new.password or one_time or "")
        async with connected(self._pool) as connection, connection.transaction():
            await people.lock(connection, by.org_id)
            await _refuse_unknown(connection, by.org_id, new.roles, new.store_ids)
            if await people.is_taken(connection, new.username):
                raise _taken()
            try:
                user_id = await people.insert(
                    connection,
                    by.org_id,
                    new.username,
                    password_hash=password_hash,
                    is_all_stores=new.is_all_stores,
                )
            except UniqueViolation as error:
                raise _taken() from error
            await people.set_roles(connection, by.org_id, user_id, new.roles)
            await people.set_stores(connection, user_id, new.store_ids)
            user = await _existing(connection, by, user_id)
            await _record(connection, by, "added", None, user)
        return UserWithPassword(user=user, one_time_password=one_time)

    async def change(
        self, by: UserContext, user_id: UUID, wish: UserChange, *, seen: int | None
    ) -> User:
        """The person as they are then. `seen` is the version that the admin decided by.

        Raises NotFound, PreconditionFailed, Conflict for what the organisation does not have or
        for its last admin, Forbidden for more access for oneself.
        """
        async with connected(self._pool) as connection, connection.transaction():
            await people.lock(connection, by.org_id)
            before = await _existing(connection, by, user_id, seen=seen)
            after = changed(before, wish)
            if after == before:
                return before
            _refuse_own_gain(by, before, after)
            await _refuse_unknown(connection, by.org_id, after.roles, after.store_ids)
            await self._apply(connection, by, before, after)
            now = await _existing(connection, by, user_id)
            is_less = is_narrower(before, now)
            if is_less:
                await self._end_sessions(connection, user_id)
            await _record(connection, by, _action(before, now), before, now)
        if is_less:
            await self._directory.refresh()
        return now

    async def reset_password(
        self, by: UserContext, user_id: UUID, password: str | None, *, seen: int | None
    ) -> UserWithPassword:
        """A password that works once, and the end of every session. Raises NotFound,
        PreconditionFailed, and Forbidden for one's own."""
        if user_id == by.user_id:
            raise Forbidden(
                "Your own password you change when you log in, by giving the old one with it.",
                kind="own-password",
            )
        one_time = None if password else one_time_password()
        password_hash = await self._passwords.hashed(password or one_time or "")
        async with connected(self._pool) as connection, connection.transaction():
            await people.lock(connection, by.org_id)
            before = await _existing(connection, by, user_id, seen=seen)
            await people.set_password(connection, user_id, password_hash)
            await self._end_sessions(connection, user_id)
            now = await _existing(connection, by, user_id)
            await _record(connection, by, "password reset", before, now)
        await self._directory.refresh()
        return UserWithPassword(user=now, one_time_password=one_time)

    async def _apply(
        self, connection: Connection, by: UserContext, before: User, after: User
    ) -> None:
        admins = await people.active_admins(connection, by.org_id)
        await people.update(
            connection,
            before.user_id,
            is_active=after.is_active,
            is_all_stores=after.is_all_stores,
        )
        await people.set_roles(connection, by.org_id, before.user_id, after.roles)
        await people.set_stores(connection, before.user_id, after.store_ids)
        if admins and not await people.active_admins(connection, by.org_id):
            raise Conflict(
                "This is the last person who can govern here. Make somebody else an admin first.",
                kind="last-admin",
            )

    async def _end_sessions(self, connection: Connection, user_id: UUID) -> None:
        now = self._clock()
        for session_id in await sessions.revoke_all(connection, user_id, at=now):
            await revoked_tokens.add(
                connection, session_key(session_id), expires_at=now + self._token_lifetime
            )


def one_time_password() -> str:
    """96 random bits."""
    return secrets.token_urlsafe(12)


def changed(user: User, wish: UserChange) -> User:
    """The person as the admin wishes them to be. Raises Conflict for a scope that is two."""
    is_all = user.is_all_stores if wish.is_all_stores is None else wish.is_all_stores
    if is_all and wish.store_ids:
        raise _two_scopes()
    stores = user.store_ids if wish.store_ids is None else tuple(sorted(wish.store_ids))
    return user.model_copy(
        update={
            "roles": user.roles if wish.roles is None else wish.roles,
            "is_active": user.is_active if wish.is_active is None else wish.is_active,
            "is_all_stores": is_all,
            "store_ids": () if is_all else stores,
        }
    )


def _two_scopes() -> Conflict:
    return Conflict(
        "A person sees all stores or some. To give them some, turn all stores off.",
        kind="two-scopes",
    )


def is_narrower(before: User, after: User) -> bool:
    """Whether anything that the person could do or see before is theirs no more."""
    return _gains(after, before)


def _gains(before: User, after: User) -> bool:
    return (
        not set(after.roles) <= set(before.roles)
        or (after.is_active and not before.is_active)
        or (after.is_all_stores and not before.is_all_stores)
        or (not before.is_all_stores and not set(after.store_ids) <= set(before.store_ids))
    )


def _refuse_own_gain(by: UserContext, before: User, after: User) -> None:
    if before.user_id == by.user_id and _gains(before, after):
        raise Forbidden(
            "Nobody gives themselves more access. Ask another admin.", kind="own-access"
        )


async def _existing(
    connection: Connection, by: UserContext, user_id: UUID, *, seen: int | None = None
) -> User:
    found = await people.get(connection, by.org_id, user_id)
    if found is None:
        raise NotFound(UNKNOWN)
    if seen is not None and seen != found.version:
        raise PreconditionFailed(
            f"{found.username} was changed meanwhile. Look at them again, then decide."
        )
    return found


async def _choices(connection: Connection, org_id: UUID) -> AccessChoices:
    return AccessChoices(
        roles=tuple(await people.roles(connection, org_id)),
        stores=tuple(await people.stores(connection, org_id)),
    )


async def _refuse_unknown(
    connection: Connection, org_id: UUID, roles: tuple[str, ...], store_ids: tuple[int, ...]
) -> None:
    choices = await _choices(connection, org_id)
    for role in sorted(set(roles) - {one.role for one in choices.roles}):
        raise Conflict(f"There is no role {role!r} here.", kind="not-a-role")
    for store_id in sorted(set(store_ids) - {one.store_id for one in choices.stores}):
        raise Conflict(f"There is no store {store_id} here.", kind="not-a-store")


def _taken() -> Conflict:
    return Conflict("This name is taken. Choose another.", kind="name-taken")


def _action(before: User, after: User) -> str:
    if before.is_active != after.is_active:
        return "activated" if after.is_active else "deactivated"
    return "changed"


async def _record(
    connection: Connection, by: UserContext, action: str, before: User | None, after: User
) -> None:
    change = NewChange(
        kind="user",
        subject=str(after.user_id),
        action=action,
        before=on_record(before) if before else None,
        after=on_record(after),
    )
    person = Person(user_id=by.user_id, username=by.username, role=by.role)
    await governing_changes.record(connection, by.org_id, person, change)
