"""Questions after reasons and meanings, for those who answer them."""

import pytest

from tests.workflow.plan.builtin import small_source as source
from tests.workflow.plan.builtin.asking import ground
from tests.workflow.plan.builtin.plan_shorthand import plan_line
from workflow.plan.intent import Change, asks_for_meaning, asks_why, read_change


def change(question: str, role: str = "admin", *stores: int) -> Change | None:
    return read_change(question, ground(role, *stores), whole=source.FULL)


@pytest.mark.parametrize(
    ("question", "line", "direction"),
    [
        ("why did revenue fall in July?",
         "revenue during 2022-07-01 .. 2022-08-01 against previous_period", "down"),
        ("Why were rentals lower in June than in May?",
         "rental_count during 2022-06-01 .. 2022-07-01 against 2022-05-01 .. 2022-06-01", None),
        ("what caused the drop in Horror revenue in July 2022",
         "revenue where category eq Horror during 2022-07-01 .. 2022-08-01 against previous_period",
         "down"),
        ("How come sales of store 1 went up in Q2?",
         "revenue where store_id eq 1 during 2022-04-01 .. 2022-07-01 against previous_period",
         "up"),
        ("why did revenue grow from May to June",
         "revenue during 2022-06-01 .. 2022-07-01 against 2022-05-01 .. 2022-06-01", "up"),
        ("explain why revenue declined in July compared with the same month last year",
         "revenue during 2022-07-01 .. 2022-08-01 against previous_year", "down"),
        ("why is revenue down?",
         "revenue during 2022-07-01 .. 2022-08-01 against previous_period", "down"),
        ("reasons for the decline of rentals in July",
         "rental_count during 2022-07-01 .. 2022-08-01 against previous_period", "down"),
        ("what drove revenue growth in June?",
         "revenue during 2022-06-01 .. 2022-07-01 against previous_period", None),
    ],
)  # fmt: skip
def test_a_why_names_its_metric_period_and_comparison(
    question: str, line: str, direction: str | None
) -> None:
    assert asks_why(question)
    found = change(question)
    assert found is not None
    assert plan_line(found.plan) == line
    assert found.direction == direction


def test_a_period_that_was_not_said_is_the_last_whole_month_and_assumed() -> None:
    found = change("why did rentals fall?")
    assert found is not None
    assert found.is_assumed
    said = change("why did rentals fall in June 2022?")
    assert said is not None
    assert not said.is_assumed


@pytest.mark.parametrize(
    ("question", "role"),
    [
        ("why did it fall?", "admin"),
        ("why did revenue and rentals fall in July?", "admin"),
        ("why did revenue fall in July?", "marketing"),
        ("why did revenue fall in store 2 in July?", "store_manager"),
        ("why is the sky blue", "admin"),
        ("why; DROP TABLE payments", "admin"),
        ("", "admin"),
    ],
)
def test_what_is_not_about_one_number_of_the_persons_is_left_alone(
    question: str, role: str
) -> None:
    assert change(question, role, *([1] if role == "store_manager" else [])) is None


@pytest.mark.parametrize(
    "question",
    [
        "how is revenue calculated?",
        "What does return rate mean?",
        "definition of active customer",
        "how do you calculate the average payment",
        "what counts as a returned rental",
        "define revenue",
        "what is meant by open rentals",
        "explain what turnover is",
        "what exactly do you mean by an active customer",
        "may I ask how open rentals are defined",
        "how do you work out the return rate",
        "does revenue include late fees",
        "is tax included in revenue",
        "are open rentals part of the rental count",
        "when is a rental considered late",
    ],
)
def test_a_question_after_a_meaning_is_told(question: str) -> None:
    assert asks_for_meaning(question)
    assert not asks_why(question)


@pytest.mark.parametrize(
    "question",
    ["what is revenue in May", "mean payment by store", "calculate revenue by month",
     "how many rentals", "what is the average payment", "what does store 1 earn",
     "how many rentals were counted in May", "when is the rental count highest",
     "does the rental count in May exceed 100", "what share of revenue is made up of Horror"],
)  # fmt: skip
def test_a_number_is_not_a_meaning(question: str) -> None:
    assert not asks_for_meaning(question)
    assert not asks_why(question)
