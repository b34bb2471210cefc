"""Two sure readings of one question that are not the same: the asker is shown both."""

from contracts.plan import Choice, Clarify, MetricQuery, Plan, Planned
from workflow.plan import builtin
from workflow.plan.agreement import is_same
from workflow.plan.ground import Ground
from workflow.plan.role_catalog import role_catalog
from workflow.semantic.model import SemanticModel
from workflow.semantic.resolve import resolve_planned
from workflow.semantic.words import plan_in_words

SURE_MODEL = 0.8
SURE_BUILT_IN = 0.9
QUESTION = "Which of these do you mean?"


def settled(planned: Planned, own: Planned, ground: Ground, *, whole: SemanticModel) -> Planned:
    """The model's `planned`, unless it is sure, the built-in planner's `own` is too, and they
    differ in meaning: then a question back with both readings as choices."""
    own = resolve_planned(own, ground.model, ground.profile, ground.today)
    if not (isinstance(planned.output, MetricQuery) and isinstance(own.output, MetricQuery)):
        return planned
    if planned.confidence < SURE_MODEL or own.confidence < SURE_BUILT_IN:
        return planned
    plans = (own.output.plan, planned.output.plan)
    if is_same(*plans, ground.context, role_catalog(ground.model).scope_fields):
        return planned

    def choice(plan: Plan) -> Choice:
        question = builtin.question_for(plan, ground, whole=whole)
        if question is not None:
            return Choice(label=question, question=question, plan=plan)
        said = plan_in_words(plan, ground.model)
        return Choice(label=said, question=said, plan=plan)

    return planned.model_copy(
        update={
            "output": Clarify(question=QUESTION, choices=tuple(choice(plan) for plan in plans)),
            "confidence": 0.5,
            "notes": (),
        }
    )
