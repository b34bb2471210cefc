"""The scope that a person chose to ask in, where they hold several: a role, one store, or both.

It is kept in a cookie of its own, which says nothing that it could widen: the gateway refuses a
role or a store that is not the person's, and what is not is not read here either.
"""

from collections.abc import Mapping

COOKIE = "scope"


def written(role: str, store: str) -> str:
    """As the cookie has it."""
    return f"{role}:{store}"


def chosen(
    cookies: Mapping[str, str], roles: tuple[str, ...], store_ids: tuple[int, ...]
) -> tuple[str, int | None]:
    """Role and store; empty and None where there is no choice, or none of this person's."""
    role, _, store = cookies.get(COOKIE, "").rpartition(":")
    number = int(store) if store.isascii() and store.isdecimal() and len(store) < 11 else None
    return (
        role if len(roles) > 1 and role in roles else "",
        number if len(store_ids) > 1 and number in store_ids else None,
    )
