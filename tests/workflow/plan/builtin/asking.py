"""Asks the built-in planner as a person of the small source."""

from collections.abc import Sequence

from contracts.plan import Planned
from tests.workflow.plan.builtin import small_source as source
from workflow.plan.builtin import plan
from workflow.plan.history import Exchange
from workflow.plan.suggestions import suggestions

MODELS = {role: source.restricted(role) for role in source.VIEWS}
PROFILES = {role: source.profiled(role) for role in source.VIEWS}


def asked(
    question: str, role: str = "admin", *stores: int, history: Sequence[Exchange] = ()
) -> Planned:
    person = source.person(role, *stores)
    return plan(
        question,
        model=MODELS[role],
        full_model=source.FULL,
        profile=PROFILES[role],
        context=person,
        suggestions=suggestions(MODELS[role], person, PROFILES[role], full_model=source.FULL),
        today=source.TODAY,
        history=history,
    )
