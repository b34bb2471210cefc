"""Conversations, turn by turn: what a follow-up makes of the plan before, and what it does not."""

from pathlib import Path

import pytest
import yaml

from contracts.plan import Clarify, MetricQuery, Planned, Refuse
from tests.workflow.plan.builtin.asking import asked
from tests.workflow.plan.builtin.plan_shorthand import shorthand
from workflow.plan.history import Exchange

TALKS = yaml.safe_load((Path(__file__).parent / "conversations.yaml").read_text("utf-8"))


def talk(*questions: str, role: str = "admin", stores: tuple[int, ...] = ()) -> list[Planned]:
    history: list[Exchange] = []
    found = []
    for question in questions:
        found.append(asked(question, role, *stores, history=history))
        history.append(Exchange(question, found[-1].output, ""))
    return found


@pytest.mark.parametrize("turns", TALKS, ids=lambda turns: turns[0]["ask"])
def test_conversation(turns: list[dict[str, str]]) -> None:
    found = talk(*(turn["ask"] for turn in turns))
    for turn, planned in zip(turns, found, strict=True):
        kind, line = shorthand(planned)
        assert {"ask": turn["ask"], kind: line} == turn


def test_what_was_kept_is_said_and_the_reading_is_never_quite_sure() -> None:
    planned = talk("revenue by category in May 2022 for store 1", "and rentals?")[1]
    assert "Kept: by category, store 1, May 2022." in planned.notes
    assert planned.confidence <= 0.9


def test_a_whole_question_inherits_nothing() -> None:
    before = "revenue by store in May 2022"
    for question in (
        "And how many rentals did we have in total?", "What is total revenue?",
        "revenue by month", "top 5 films by rentals", "customers in Canada",
        "just show me revenue by rating",
    ):  # fmt: skip
        assert talk(before, question)[1].output == asked(question).output, question


def test_a_number_alone_may_be_of_the_same_or_of_everything() -> None:
    for question, same, everything in (
        ("how many rentals were there?", "How many rentals in May 2022?", "How many rentals?"),
        ("what was the average payment", "What is average payment in May 2022?",
         "What is average payment?"),
    ):  # fmt: skip
        output = talk("revenue by store in May 2022", question)[1].output
        assert isinstance(output, Clarify), question
        assert output.question == "Of the same as before, or of everything?"
        assert {same, everything} <= {choice.question for choice in output.choices}


def test_what_a_question_is_silent_about_makes_it_less_sure() -> None:
    assert talk("revenue in May 2022", "rentals by store")[1].confidence <= 0.9
    assert talk("revenue by category", "rentals by store")[1].confidence == 1.0
    assert talk("rentals in June", "how many were returned")[1].confidence <= 0.9


def test_another_number_of_the_rows_before_is_not_taken_for_the_rows_with_most_of_it() -> None:
    for question in ("how many rentals did they have", "how many were returned"):
        output = talk("top 5 films by revenue in June", question)[1].output
        assert isinstance(output, Clarify), question
        assert output.choices[0].question.endswith("in June 2022"), question
        assert "by film" in output.choices[0].question


def test_a_follow_up_stays_inside_the_scope_and_the_role() -> None:
    scoped = talk("revenue by month", "only store 2", role="store_manager", stores=(1,))
    assert isinstance(scoped[1].output, Refuse)
    foreign = talk("customers by country", "what about revenue?", role="marketing", stores=(1, 2))
    assert isinstance(foreign[1].output, Refuse)


def test_without_a_conversation_a_follow_up_is_asked_back() -> None:
    for question in ("and by month?", "only store 2", "as a chart", "the other way round",
                     "without Horror", "compare with last month", "what about April?"):  # fmt: skip
        assert isinstance(asked(question).output, Clarify), question


def test_a_choice_is_taken_by_its_place_its_label_or_its_words() -> None:
    first = asked("top 5 films")
    assert isinstance(first.output, Clarify)
    history = [Exchange("top 5 films", first.output, "")]
    for reply, place in (
        ("the first one", 0), ("1", 0), ("second", 1), ("the second one please", 1), ("2", 1),
        ("option 2", 1), (first.output.choices[0].label, 0), ("revenue", 0), ("rental count", 1),
    ):  # fmt: skip
        taken = asked(reply, history=history)
        assert taken.output == asked(first.output.choices[place].question).output, reply
        assert isinstance(taken.output, MetricQuery)


def test_a_reply_that_names_no_choice_is_read_by_itself() -> None:
    first = asked("top 5 films")
    history = [Exchange("top 5 films", first.output, "")]
    assert asked("rentals by store", history=history).output == asked("rentals by store").output
    assert not isinstance(asked("the ninth one", history=history).output, MetricQuery)


def test_what_goes_on_from_a_question_that_was_asked_back_is_not_sure() -> None:
    planned = talk("returned rentals in June", "and how many were not returned")[1]
    assert planned.confidence <= 0.9
    assert any("Nothing was answered before" in note for note in planned.notes)
