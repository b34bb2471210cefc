"""A model and the built-in planner that are both sure, of different things."""

import asyncio

from contracts.plan import (
    Clarify,
    Dimension,
    Filter,
    FilterGroup,
    MetricQuery,
    Plan,
    Planned,
    PlannerOutput,
    Refuse,
)
from tests.workflow.plan.builtin import small_source as source
from tests.workflow.plan.builtin.asking import asked, ground
from workflow.plan.agreement import is_same
from workflow.plan.disagreement import QUESTION
from workflow.plan.history import Exchange
from workflow.plan.router import at_hand, plan

ASKED = "revenue by category"
BY_CATEGORY = Plan(metrics=("revenue",), dimensions=(Dimension(field="category"),))
BY_RATING = Plan(metrics=("revenue",), dimensions=(Dimension(field="rating"),))
UNSAYABLE = Plan(
    metrics=("revenue",),
    filters=(
        FilterGroup(
            operator="not",
            filters=(
                FilterGroup(
                    operator="or",
                    filters=(
                        Filter(field="category", operator="eq", values=("Horror",)),
                        Filter(field="amount", operator="gt", values=(5,)),
                    ),
                ),
            ),
        ),
    ),
)


class Model:
    """Answers always the same, and counts."""

    def __init__(self, output: PlannerOutput, confidence: float = 0.95) -> None:
        self.planned = Planned(
            output=output, planner="model", model="m", prompt_tokens=7, confidence=confidence
        )
        self.calls = 0

    async def __call__(self, question: str, *_: object, **__: object) -> Planned:
        self.calls += 1
        return self.planned


def routed(question: str, model: Model, *history: Exchange) -> Planned:
    return asyncio.run(
        plan(
            question, ground("store_manager", 1), whole=source.FULL,
            retrieval=at_hand(()), suggestions=(), model_plan=model, history=history,
        )
    )  # fmt: skip


def test_agreement_in_other_words_is_the_models() -> None:
    own = asked(ASKED, "store_manager", 1).output
    assert isinstance(own, MetricQuery)
    in_scope = Filter(field="store_id", operator="eq", values=(1,))
    same = own.plan.model_copy(update={"filters": (in_scope,)})
    planned = routed(ASKED, Model(MetricQuery(plan=same)))
    assert planned.planner == "model" and planned.output == MetricQuery(plan=same)


def test_two_sure_readings_are_shown_both() -> None:
    planned = routed(ASKED, Model(MetricQuery(plan=BY_RATING)))
    output = planned.output
    assert isinstance(output, Clarify) and output.question == QUESTION
    assert planned.confidence < 0.8 and planned.prompt_tokens == 7, "the call was made, and counts"
    context = source.person("store_manager", 1)
    for choice, expected in zip(output.choices, (BY_CATEGORY, BY_RATING), strict=True):
        back = asked(choice.question, "store_manager", 1).output
        assert isinstance(back, MetricQuery) and choice.plan is not None
        assert is_same(back.plan, expected, context, ())
        assert is_same(choice.plan, expected, context, ())


def test_a_reading_that_no_question_says_is_told_in_words_and_found_again() -> None:
    output = routed(ASKED, Model(MetricQuery(plan=UNSAYABLE))).output
    assert isinstance(output, Clarify)
    own, models = output.choices
    assert models.plan == UNSAYABLE and models.label and models.label != own.label
    model = Model(MetricQuery(plan=BY_RATING))
    exchange = Exchange(ASKED, output, QUESTION)
    for choice in output.choices:
        chosen = routed(choice.question, model, exchange)
        assert chosen.output == MetricQuery(plan=choice.plan)
    assert model.calls == 0, "a choice that was made is not asked about again"


def test_a_choice_holds_only_as_the_answer_to_its_question() -> None:
    output = routed(ASKED, Model(MetricQuery(plan=UNSAYABLE))).output
    assert isinstance(output, Clarify)
    model = Model(Refuse(reason="No."))
    later = (Exchange(ASKED, output, QUESTION), Exchange("revenue", None, ""))
    assert routed(output.choices[1].question, model, *later).output == Refuse(reason="No.")
    assert model.calls == 1


def test_who_is_not_sure_does_not_ask_back() -> None:
    unsure = Model(MetricQuery(plan=BY_RATING), confidence=0.6)
    assert routed(ASKED, unsure).output == MetricQuery(plan=BY_RATING)
    sure = Model(MetricQuery(plan=BY_RATING))
    assert routed("revenue of purple elephants", sure).output == MetricQuery(plan=BY_RATING)


def test_other_outcomes_of_the_model_stand() -> None:
    assert routed(ASKED, Model(Refuse(reason="No."))).output == Refuse(reason="No.")
