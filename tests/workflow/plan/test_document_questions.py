import pytest

from contracts.plan import Clarify, Knowledge, MetricQuery, Plan, Planned, PlannerOutput, Refuse
from contracts.run import Match, Source
from workflow.plan.documents import explanation, instead

REFUSED = Planned(output=Refuse(reason="No."), planner="builtin")
UNCLEAR = Planned(output=Clarify(question="Which?"), planner="builtin", unused_words=("belong",))


def _source(*words: str, similarity: float | None = 0.5, name: str = "a") -> Source:
    match = Match(rank=1, words=words, similarity=similarity)
    return Source(document_id=name, title=name, snippet="Text.", document=name, match=match)


def _is_told(planned: Planned | None) -> bool:
    return planned is not None and isinstance(planned.output, Knowledge)


@pytest.mark.parametrize(
    "question",
    [
        "what does revenue mean?",
        "how is revenue calculated",
        "explain revenue",
        "Tell me about revenue",
        "define revenue",
    ],
)
def test_a_meaning_is_explained_by_documents(question: str) -> None:
    assert _is_told(explanation(question, [_source("revenue", "calculated")]))
    assert explanation(question, []) is None
    assert explanation(question, [_source("film")]) is None


@pytest.mark.parametrize("question", ["what is total revenue?", "revenue by month", "revenue"])
def test_a_number_is_not_a_meaning(question: str) -> None:
    assert explanation(question, [_source("revenue", "total", "month")]) is None


def test_documents_answer_what_no_plan_can_say() -> None:
    question = "which store does a rental belong to?"
    source = _source("store", "rental", "belong")
    assert _is_told(instead(question, UNCLEAR, [source]))
    assert _is_told(instead(question, REFUSED, [source]))
    assert instead(question, REFUSED, [_source("store")]) is None
    assert (
        instead(question, REFUSED, [_source("store", "rental", "belong", similarity=None)]) is None
    )


@pytest.mark.parametrize(
    "question",
    [
        "how many rentals belong to store",
        "top rentals store belong",
        "list rentals belong store",
        "delete the rentals that belong to the store",
        "what is the total of rentals that belong to store",
    ],
)
def test_a_wish_for_numbers_stays_refused(question: str) -> None:
    sources = [_source("rentals", "belong", "store", "delete")]
    assert instead(question, REFUSED, sources) is None


def test_why_it_answers_as_it_does_is_in_its_own_rules() -> None:
    question = "why do I get other numbers than my colleague?"
    rule = _source("numbers", "colleague", similarity=None).model_copy(
        update={"kind": "governance"}
    )
    assert _is_told(instead(question, REFUSED, [rule]))
    assert instead("why do colleagues like numbers of mine?", REFUSED, [rule]) is None
    assert instead("why numbers?", REFUSED, [rule]) is None
    other = rule.model_copy(update={"kind": "narrative"})
    assert instead(question, REFUSED, [other]) is None


def test_a_plan_or_a_question_back_with_choices_stands() -> None:
    source = _source("revenue", "store")
    kept: list[PlannerOutput] = [
        MetricQuery(plan=Plan(metrics=("revenue",))),
        Clarify(question="Which number?"),
    ]
    for output in kept:
        planned = Planned(output=output, planner="builtin")
        assert instead("what is revenue of the store", planned, [source]) is None


def test_another_metrics_own_text_is_no_part_of_a_meaning() -> None:
    mine, other = (_source("active", name=f"metric_{n}") for n in ("active", "inactive"))
    written = _source("active", name="glossary_customers")
    planned = explanation("what does active mean", [mine, other, written])
    assert planned is not None
    assert planned.output == Knowledge(document_ids=("metric_active", "glossary_customers"))
