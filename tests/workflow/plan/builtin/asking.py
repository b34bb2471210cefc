"""Asks the built-in planner as a person of the small source."""

from collections.abc import Sequence

from contracts.plan import Planned
from tests.workflow.plan.builtin import small_source as source
from workflow.plan.builtin import plan
from workflow.plan.ground import Ground
from workflow.plan.history import Exchange
from workflow.plan.suggestions import suggestions

MODELS = {role: source.restricted(role) for role in source.VIEWS}
PROFILES = {role: source.profiled(role) for role in source.VIEWS}


def ground(role: str, *stores: int) -> Ground:
    """What a person of the small source asks against."""
    return Ground(MODELS[role], PROFILES[role], source.person(role, *stores), source.TODAY)


def asked(
    question: str, role: str = "admin", *stores: int, history: Sequence[Exchange] = ()
) -> Planned:
    ours = ground(role, *stores)
    offered = suggestions(ours.model, ours.context, ours.profile, full_model=source.FULL)
    return plan(question, ours, whole=source.FULL, suggestions=offered, history=history)
