"""What was said before in a conversation: what a follow-up is read against."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from pydantic import TypeAdapter, ValidationError

from contracts.plan import Clarify, Investigation, MetricQuery, Plan, PlannerOutput
from workflow.semantic.filters import single_filters
from workflow.semantic.model import SemanticModel
from workflow.store.rows import PastRun

MOST_EXCHANGES = 10
log = structlog.get_logger(__name__)
_OUTPUT: TypeAdapter[PlannerOutput] = TypeAdapter(PlannerOutput)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question of the same person in the same conversation, what was made of it and what was
    answered. `output` is missing where the run ended before it had a plan."""

    question: str
    output: PlannerOutput | None
    answer: str


def exchanges(past: Sequence[PastRun], model: SemanticModel) -> tuple[Exchange, ...]:
    """The exchanges that a planner may see, in the order of `past`.

    `model` is the role's part, as it is now: an exchange whose plan names anything else is left
    out whole, so that no planner has to deal with what is gone or is another role's.
    """
    found = (_exchange(run) for run in past)
    return tuple(e for e in found if e is not None and _is_visible(e, model))


def _exchange(run: PastRun) -> Exchange | None:
    if run.plan is None:
        return Exchange(run.question, None, run.answer)
    try:
        return Exchange(run.question, _OUTPUT.validate_json(run.plan), run.answer)
    except ValidationError:
        log.info("an older plan is not in today's form", run_id=str(run.run_id))
        return None


def _is_visible(exchange: Exchange, model: SemanticModel) -> bool:
    match exchange.output:
        case MetricQuery(plan=plan) | Investigation(change=plan):
            return _names(plan) <= _known(model)
        case Clarify(choices=choices):
            plans = (choice.plan for choice in choices if choice.plan is not None)
            return all(_names(plan) <= _known(model) for plan in plans)
    return True


def _names(plan: Plan) -> set[str]:
    return {
        *plan.metrics,
        *(d.field for d in plan.dimensions),
        *(f.field for f in single_filters(plan.filters)),
    }


def _known(model: SemanticModel) -> set[str]:
    fields = (field.name for dataset in model.datasets for field in dataset.fields)
    return {*fields, *(metric.name for metric in model.metrics)}
