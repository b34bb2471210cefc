"""Roles and row scope only ever narrow."""

from dataclasses import replace
from uuid import UUID

import pytest

from gateway import policy
from gateway.auth.identity import Identity
from gateway.context import user_context
from gateway.directory import Directory, RolePolicy
from kit.problems import Forbidden

ORG = UUID("01900000-0000-7000-8000-0000000000aa")
PERSON = Identity(
    user_id=UUID("01900000-0000-7000-8000-0000000000bb"),
    username="person",
    org_id=ORG,
    roles=("finance", "reviewer"),
    permissions=None,
    store_ids=(1, 2),
    is_all_stores=False,
    token_keys=(),
    session_id=None,
    expires_at=0,
)
EVERYWHERE = replace(PERSON, store_ids=(), is_all_stores=True)
DIRECTORY = Directory(
    roles={
        (ORG, "finance"): RolePolicy(("ask",), ("payments",)),
        (ORG, "reviewer"): RolePolicy(("approve",), ()),
    },
    organisations={},
    stores={ORG: frozenset({1, 2, 3})},
    inactive_users=frozenset(),
    revoked_tokens=frozenset(),
)


def test_the_first_role_is_used_when_none_is_named() -> None:
    context = user_context(PERSON, DIRECTORY)
    assert (context.role, context.permissions) == ("finance", ("ask",))
    assert context.allowed_views == ("payments",)


def test_another_role_that_is_held_brings_its_own_permissions_and_views() -> None:
    context = user_context(PERSON, DIRECTORY, role="reviewer")
    assert (context.permissions, context.allowed_views) == (("approve",), ())


@pytest.mark.parametrize("role", ["admin", "", "FINANCE", "finance "])
def test_a_role_that_is_not_held_is_refused(role: str) -> None:
    with pytest.raises(Forbidden, match=r"^Requested role is not one of yours$"):
        user_context(PERSON, DIRECTORY, role=role)


def test_a_role_that_was_removed_is_refused_although_it_is_held() -> None:
    with pytest.raises(Forbidden):
        user_context(replace(PERSON, roles=("owner",)), DIRECTORY)


def test_a_role_of_the_same_name_in_another_organisation_grants_nothing() -> None:
    elsewhere = replace(PERSON, org_id=UUID("01900000-0000-7000-8000-0000000000cc"))
    with pytest.raises(Forbidden):
        user_context(elsewhere, DIRECTORY)


@pytest.mark.parametrize(
    ("identity", "store_id", "store_ids", "is_all_stores"),
    [
        (PERSON, None, (1, 2), False),
        (PERSON, 2, (2,), False),
        (EVERYWHERE, None, (), True),
        (EVERYWHERE, 3, (3,), False),
        (replace(PERSON, store_ids=()), None, (), False),
        (replace(EVERYWHERE, store_ids=(1,)), None, (), True),
    ],
)
def test_the_row_scope(
    identity: Identity, store_id: int | None, store_ids: tuple[int, ...], is_all_stores: bool
) -> None:
    context = user_context(identity, DIRECTORY, store_id=store_id)
    assert (context.store_ids, context.is_all_stores) == (store_ids, is_all_stores)


@pytest.mark.parametrize(
    ("identity", "store_id"),
    [(PERSON, 3), (PERSON, 99), (EVERYWHERE, 99), (replace(PERSON, store_ids=()), 1)],
)
def test_a_store_outside_the_scope_is_refused(identity: Identity, store_id: int) -> None:
    with pytest.raises(Forbidden, match=r"^Requested store is outside your access scope$"):
        user_context(identity, DIRECTORY, store_id=store_id)


def test_an_organisation_without_stores_on_record_is_not_held_to_them() -> None:
    directory = replace(DIRECTORY, stores={})
    assert user_context(EVERYWHERE, directory, store_id=99).store_ids == (99,)


def test_a_token_s_permissions_narrow_and_never_widen() -> None:
    narrowed = replace(PERSON, permissions=frozenset({"approve", "admin"}))
    assert user_context(narrowed, DIRECTORY).permissions == ()


def test_a_missing_permission_is_named() -> None:
    context = user_context(PERSON, DIRECTORY, role="reviewer")
    with pytest.raises(Forbidden, match="reviewer does not have the ask permission"):
        policy.require(context, "ask")
