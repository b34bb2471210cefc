"""What is not the result of a plan: documents, questions back, refusals, raw SQL."""

import pytest
from pydantic import JsonValue

from contracts.plan import Choice, Clarify, Knowledge, MetricQuery, Plan, Planned, RawSql, Refuse
from contracts.run import Source
from tests.workflow.narrate.examples import MODEL, asker, result
from workflow.narrate.narrate import Narration, narrate

REVENUE = Plan(metrics=("revenue",))
SOURCES = (
    Source(
        document_id="a",
        title="Revenue",
        snippet="Revenue is the sum of 2 columns. It counts on the day it was paid.\nNo refunds.",
    ),
    Source(document_id="b", title="Scope", snippet="Every answer is limited. Ask for more."),
)


def other(output: object, **given: object) -> Narration:
    outcome = Planned.model_validate({"output": output, "planner": "builtin", **given})
    return narrate(outcome, None, None, SOURCES, asker(1), MODEL)


def test_knowledge_is_told_in_the_documents_own_sentences() -> None:
    told = other(Knowledge(document_ids=("a",)), used_words={"paid": "paid"})
    assert told == Narration("It counts on the day it was paid. (“Revenue”)", (), ())
    told = other(Knowledge(document_ids=("b", "a")), unused_words=("refunds", "limited"))
    assert told.answer == "Every answer is limited. (“Scope”) No refunds. (“Revenue”)"
    told = other(Knowledge())
    assert told.answer == (
        "Revenue is the sum of 2 columns. It counts on the day it was paid. (“Revenue”)"
    )
    nothing = Planned(output=Knowledge(document_ids=("z",)), planner="builtin")
    answer = narrate(nothing, None, None, (), asker(1), MODEL).answer
    assert answer == "None of the documents that you may read answers this."


def test_a_question_back() -> None:
    choices = (Choice(label="Total", question="q"), Choice(label="Average\x07", question="q"))
    told = other(Clarify(question="Which\x00 revenue?", choices=choices))
    assert told.answer == "Which revenue? Did you mean “Total” or “Average”?"
    assert other(Clarify(question="Which one?")).answer == "Which one?"


def test_a_refusal() -> None:
    told = other(Refuse(reason="There are no salaries here.", suggestions=("Revenue?",)))
    assert told.answer == ("There are no salaries here. You can ask, for example: “Revenue?”.")


def test_a_model_that_has_seen_no_data_names_no_number() -> None:
    refusal = Refuse(reason="Store 2 made 30,000. You see store 1 only.")
    told = other(refusal, planner="model")
    assert told == Narration("You see store 1 only.", (), ("Store 2 made 30,000.",))
    told = other(Clarify(question="Do you mean the 500 or the 600?"), planner="model")
    assert told.answer == "This cannot be answered as it was asked."
    told = other(Clarify(question="Is 2024 right?"), planner="model", unused_words=("2024",))
    assert told.answer == "Is 2024 right?"


def test_raw_sql_is_described_and_not_read() -> None:
    raw = Planned(output=RawSql(sql="SELECT", reason="It made 900."), planner="model")

    def describe(*rows: tuple[JsonValue, ...], columns: tuple[tuple[str, str], ...]) -> str:
        return narrate(raw, result(columns, rows), None, (), asker(1), MODEL).answer

    two = (("name", "text"), ("n", "integer"))
    assert describe(columns=two) == "The statement returned no rows."
    assert describe(("a", 1), ("b", 2), columns=two) == "The statement returned 2 rows."
    assert describe(("a", 1), columns=two) == "The statement returned a single row."
    average = (("avg_amount", "decimal"),)
    assert describe(("4.2006673312",), columns=average) == (
        "The statement returned a single row: avg amount is 4.20. Rounded to 2 decimals."
    )
    assert describe((None,), columns=average) == (
        "The statement returned a single row: avg amount is without data."
    )


def test_a_column_name_is_no_way_to_say_a_number() -> None:
    raw = Planned(output=RawSql(sql="SELECT"), planner="model")
    told = narrate(
        raw, result([("revenue_was_5000_not", "integer")], [(1,)]), None, (), asker(1), MODEL
    )
    assert "5000" not in told.answer
    assert len(told.struck) == 1


def test_a_result_is_needed() -> None:
    with pytest.raises(ValueError, match="needs its result"):
        narrate(
            Planned(output=MetricQuery(plan=REVENUE), planner="builtin"),
            None, None, (), asker(1), MODEL,
        )  # fmt: skip
