"""The people of an organisation, and what each may see: read and changed by its admins."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, JsonValue, model_validator

from contracts.base import Wire, whole
from contracts.context import ScopeId
from contracts.run import Page

Username = Annotated[
    str,
    Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9._@+-]*$"),
]
"""Of a new person: letters that look like others could make one person pass for another."""

NewPassword = Annotated[str, Field(min_length=12, max_length=256)]


_SET: dict[str, JsonValue] = {"uniqueItems": True}


def _each_once(values: tuple[object, ...]) -> tuple[object, ...]:
    if len(set(values)) != len(values):
        raise ValueError("each of them once")
    return values


HeldRoles = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=64)], ...],
    Field(min_length=1, max_length=32, json_schema_extra=_SET),
    AfterValidator(_each_once),
]
"""In order: the first is used when a request names none."""

StoreIds = Annotated[
    tuple[Annotated[ScopeId, BeforeValidator(whole)], ...],
    Field(max_length=1_000, json_schema_extra=_SET),
    AfterValidator(_each_once),
]


class Me(Wire):
    """Who is logged in, and what they may do in the role that the call is made in."""

    user_id: UUID
    username: str
    org_id: UUID
    role: str
    roles: tuple[str, ...]
    permissions: tuple[str, ...]
    store_ids: tuple[int, ...]
    is_all_stores: bool
    allowed_views: tuple[str, ...]


class User(Wire):
    """A person, without their password. `version` counts the changes; it is the ETag.
    `is_password_temporary` says that they have yet to choose a password of their own."""

    user_id: UUID
    username: str
    roles: tuple[str, ...]
    is_active: bool
    is_all_stores: bool
    store_ids: tuple[int, ...]
    is_password_temporary: bool
    created_at: datetime
    last_login_at: datetime | None
    version: int


class UserPage(Page):
    """By name."""

    items: tuple[User, ...]


class NewUser(Wire):
    """Without a password one is made, which works once."""

    username: Username
    roles: HeldRoles
    store_ids: StoreIds = ()
    is_all_stores: bool = False
    password: NewPassword | None = Field(None, repr=False)


class UserChange(Wire):
    """What is left out stays as it is."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    roles: HeldRoles | None = None
    is_active: bool | None = None
    is_all_stores: bool | None = None
    store_ids: StoreIds | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("nothing to change")
        return self


class PasswordReset(Wire):
    """Without a password one is made. Either works once: the person then chooses their own."""

    password: NewPassword | None = Field(None, repr=False)


class UserWithPassword(Wire):
    """`one_time_password` is shown here and never again; None where the admin chose it."""

    user: User
    one_time_password: str | None = Field(repr=False)


class Role(Wire):
    """What a role may do, and which views it may read."""

    role: str
    permissions: tuple[str, ...]
    allowed_views: tuple[str, ...]


class Store(Wire):
    """A store of the organisation."""

    store_id: int
    name: str


class AccessChoices(Wire):
    """What people of the organisation can be given."""

    roles: tuple[Role, ...]
    stores: tuple[Store, ...]


class Deciders(Wire):
    """Who may decide on what a run waits for: `roles`, and in `people` the names of those who hold
    them, where they are few; else none."""

    roles: tuple[str, ...]
    people: tuple[str, ...] = ()
