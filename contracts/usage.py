"""What an organisation used of models, and what it may use in a day."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field

from contracts.audit import Day
from contracts.base import Wire, whole

Tokens = Annotated[int, Field(ge=0, le=10**15), BeforeValidator(whole)]
RoleName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class BudgetLimits(Wire):
    """Tokens a day (UTC) for models: of each person, of the whole organisation, and of each person
    while they ask in one of `roles`, in the place of `person`. None is what the settings say, 0 is
    no limit."""

    person: Tokens | None = None
    organisation: Tokens | None = None
    roles: Annotated[
        dict[RoleName, Tokens],
        Field(max_length=200, json_schema_extra={"additionalProperties": False}),
    ] = {}


class BudgetChange(BudgetLimits):
    """The budgets as they are to be, and the version that this starts from."""

    base_version: Annotated[int, Field(ge=0, le=2**31 - 1), BeforeValidator(whole)]


class Budgets(BudgetLimits):
    """In force. Version 0 is what the settings say, `default_person` and
    `default_organisation`."""

    version: int
    default_person: int
    default_organisation: int


class UsageSearch(Wire):
    """Days in UTC, both included; without them the last 30. At most 366."""

    since: Day | None = None
    until: Day | None = None


class UseLine(Wire):
    """A day, a person, a role or a model. `questions` is None by model: one question may ask
    several models or none. `cost` is in US dollars, 0 where no price is set."""

    name: str
    questions: int | None
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost: Decimal


class Usage(Wire):
    """Days in order, the others by tokens, the most first; at most 200 of each. `today` is that of
    the organisation, in UTC."""

    since: date
    until: date
    today: int
    total: UseLine
    by_day: tuple[UseLine, ...]
    by_person: tuple[UseLine, ...]
    by_role: tuple[UseLine, ...]
    by_model: tuple[UseLine, ...]
