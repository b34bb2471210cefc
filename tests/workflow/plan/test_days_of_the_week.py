"""Days of the week as a condition, over the sample warehouse's own model."""

from datetime import date
from pathlib import Path

import pytest

from contracts.plan import Clarify, Planned
from tests.conftest import ContextOf
from tests.workflow.plan.builtin.plan_shorthand import shorthand
from workflow.plan.builtin import plan
from workflow.plan.calendar_words import WEEKDAYS
from workflow.plan.ground import Ground
from workflow.semantic.load import load
from workflow.semantic.model import DataProfile
from workflow.semantic.restrict import restrict

WHOLE = load(Path("seeds/pagila/model.yaml"))
PROFILE = DataProfile(
    values={"weekday": WEEKDAYS, "film_title": ("FRIDAY TO SUNDAY BLUES", "TUESDAY THURSDAY")},
    newest={dataset.name: date(2022, 7, 24) for dataset in WHOLE.datasets},
)
WORKING = "weekday in Monday | Tuesday | Wednesday | Thursday | Friday"


def _asked(question: str, context_of: ContextOf, profile: DataProfile = PROFILE) -> Planned:
    context = context_of("admin", None)
    ground = Ground(restrict(WHOLE, context.allowed_views), profile, context, date(2026, 7, 1))
    return plan(question, ground, whole=WHOLE, suggestions=())


@pytest.mark.parametrize(
    "question, line",
    [
        ("revenue mon-fri", f"revenue where {WORKING}"),
        ("revenue Mon to Fri", f"revenue where {WORKING}"),
        ("revenue Monday to Friday", f"revenue where {WORKING}"),
        ("rentals Mondays through Fridays", f"rental_count where {WORKING}"),
        ("revenue on weekdays", f"revenue where {WORKING}"),
        ("revenue for weekdays", f"revenue where {WORKING}"),
        ("rentals weekdays only", f"rental_count where {WORKING}"),
        ("revenue at weekends", "revenue where weekday in Saturday | Sunday"),
        ("revenue Sat–Sun", "revenue where weekday in Saturday | Sunday"),
        (
            "revenue Friday to Monday",
            "revenue where weekday in Friday | Saturday | Sunday | Monday",
        ),
        ("rentals not Saturday to Sunday", "rental_count where weekday not_in Saturday | Sunday"),
        (
            "revenue Mon-Fri in June 2022",
            f"revenue where {WORKING} during 2022-06-01 .. 2022-07-01",
        ),
        (
            "revenue by weekday mon-fri",
            f"revenue by weekday where {WORKING} sorted -revenue",
        ),
        (
            "which store earns most mon-fri",
            f"revenue by store_id where {WORKING} sorted -revenue first 1",
        ),
        ("rentals for weekdays Monday and Friday", "rental_count where weekday in Monday | Friday"),
        ("revenue by weekdays", "revenue by weekday sorted -revenue"),
        ("weekdays by revenue", "revenue by weekday sorted -revenue"),
        (
            "difference between Saturday and Monday revenue",
            "revenue by weekday where weekday in Saturday | Monday sorted -revenue",
        ),
        (
            "revenue of Friday to Sunday Blues",
            "revenue where film_title eq FRIDAY TO SUNDAY BLUES",
        ),
    ],
)
def test_days_from_one_to_another_are_a_condition(
    question: str, line: str, context_of: ContextOf
) -> None:
    planned = _asked(question, context_of)
    assert shorthand(planned) == ("reads", line)
    assert planned.confidence == 1.0


@pytest.mark.parametrize(
    "question", ["revenue from Monday to Friday", "revenue between Monday and Friday"]
)
def test_what_may_be_one_week_is_said_to_be_each(question: str, context_of: ContextOf) -> None:
    planned = _asked(question, context_of)
    assert shorthand(planned) == ("reads", f"revenue where {WORKING}")
    assert planned.notes == ("Every Monday to Friday is counted.",)
    assert planned.confidence < 1


def test_the_days_of_one_week_are_a_period(context_of: ContextOf) -> None:
    planned = _asked("revenue last Monday to Friday", context_of)
    assert shorthand(planned) == ("reads", "revenue during 2022-07-18 .. 2022-07-23")


@pytest.mark.parametrize(
    "question, ask",
    [
        ("revenue for the film Monday to Friday", "I did not understand “film”, “Monday to"),
        ("revenue for the film called Mon-Fri", "I did not understand “film”, “Mon - Fri”"),
        ("revenue for “mon-fri”", "I did not understand “mon - fri”"),
        ("revenue Tuesday-Thursday", "“Tuesday - Thursday” occurs in more than one field."),
        ("revenue Monday to Monday", "I did not understand “Monday to Monday”"),
        ("revenue mon-wed-fri", "I did not understand “mon - wed”, “fri”"),
        ("revenue weekdays", "I cannot go by “weekdays”"),
        ("revenue mon-fri vs sat-sun", "I can show each day, or one kind of days"),
        ("compare mon-thu with fri-sun by revenue", "I did not understand “mon - thu”"),
        (
            "how did revenue change from Friday to Saturday last week",
            "I did not understand “Friday to Saturday”",
        ),
        ("films returned mon-fri", "The day of the week here is that of the rental date."),
        ("customers mon-fri", "Customers cannot be restricted by weekday."),
    ],
)
def test_what_may_be_something_else_is_asked_back(
    question: str, ask: str, context_of: ContextOf
) -> None:
    planned = _asked(question, context_of)
    assert isinstance(planned.output, Clarify)
    assert planned.output.question.startswith(ask)


def test_without_days_in_the_data_no_range_of_them_is_read(context_of: ContextOf) -> None:
    planned = _asked("revenue mon-fri", context_of, DataProfile(values={}, newest={}))
    assert isinstance(planned.output, Clarify)
    assert planned.output.question == "I did not understand “mon”, “fri”. Do you mean this?"
