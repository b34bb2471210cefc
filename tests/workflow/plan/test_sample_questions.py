"""Questions over the sample warehouse's own model, which has ratios and days of the week."""

from datetime import date
from pathlib import Path

import pytest

from contracts.plan import Clarify, MetricQuery, Planned
from tests.conftest import ContextOf
from workflow.plan.builtin import plan
from workflow.plan.calendar_words import WEEKDAYS
from workflow.plan.ground import Ground
from workflow.semantic.load import load
from workflow.semantic.model import DataProfile
from workflow.semantic.restrict import restrict

WHOLE = load(Path("seeds/pagila/model.yaml"))
NEWEST = date(2022, 7, 26)
COUNTRIES = ("Canada", "China", "India")
PROFILE = DataProfile(
    values={
        "weekday": WEEKDAYS,
        "category": ("Action", "Horror", "New"),
        "customer_country": COUNTRIES,
        "country": COUNTRIES,
    },
    newest={dataset.name: NEWEST for dataset in WHOLE.datasets},
)


def _asked(question: str, context_of: ContextOf, role: str = "admin") -> Planned:
    context = context_of(role, None)
    model = restrict(WHOLE, context.allowed_views)
    ground = Ground(model, PROFILE, context, NEWEST)
    return plan(question, ground, whole=WHOLE, suggestions=())


def _read(planned: Planned) -> str:
    if not isinstance(planned.output, MetricQuery):
        return planned.output.kind
    held = planned.output.plan
    by = ", ".join(f"{d.field} {d.grain or ''}".strip() for d in held.dimensions)
    said = f"{', '.join(held.metrics)} by {by}" if by else ", ".join(held.metrics)
    said += f" top {held.limit}" if held.limit else ""
    return f"{said} in {held.time.label}" if held.time else said


@pytest.mark.parametrize(
    "question, number",
    [
        (
            "how much revenue did each store make in the last quarter",
            "revenue by store_id in Q2 2022",
        ),
        ("revenue last quarter", "revenue in Q2 2022"),
        ("which films were rented on Saturdays most", "rental_count by film_title top 10"),
        ("which films were rented out most", "rental_count by film_title top 10"),
        ("how many new customers joined in each country, top 5", "customer_count by country top 5"),
        ("signups per month", "customer_count by create_date month"),
        ("new customers by country", "customer_count by country"),
        ("average payments per customer", "payments_per_customer"),
        ("average payment", "average_payment"),
        ("rentals on weekends", "rental_count"),
        ("revenue by weekday on weekends", "revenue by weekday"),
        ("which weekday sells best", "revenue by weekday top 1"),
        ("show me sales by category pls", "revenue by category"),
        ("whats the turnover", "revenue"),
        (
            "which languages do customers in India rent?",
            "rental_count by language",
        ),
        ("revenue in dollars by month", "revenue by payment_date month"),
        ("revenue per customer country", "revenue by customer_country"),
        ("revenue per customer by country", "revenue_per_customer by customer_country"),
        ("how long do customers keep films", "average_rental_days"),
        ("how many films came back late", "late_returns"),
        ("late return rate per store", "late_return_rate by store_id"),
        ("what does a customer spend on average", "revenue_per_customer"),
        ("average amount paid per rental", "revenue_per_rental"),
        ("number of unique films rented", "films_rented"),
        ("spending per country", "revenue by customer_country"),
        ("biggest single payment ever", "largest_payment"),
        ("biggest sale", "largest_payment"),
    ],
)
def test_is_read(question: str, number: str, context_of: ContextOf) -> None:
    assert _read(_asked(question, context_of)) == number


@pytest.mark.parametrize(
    "question, offered",
    [
        ("compare weekdays and weekends by rentals", "Rentals by weekday"),
        ("weekdays vs weekends revenue", "Revenue by weekday"),
        ("average payment per customer in June", "What is revenue per customer in June 2022?"),
        ("average payment per customer in June", "What is payments per customer in June 2022?"),
        ("revenue in euros", "What is total revenue?"),
        ("average sales per day", "Revenue by day"),
        ("films returned on Sundays", "How many returned rentals for weekday Sunday?"),
        ("average sales per day", "Average payment by day"),
    ],
)
def test_is_asked_back(question: str, offered: str, context_of: ContextOf) -> None:
    output = _asked(question, context_of).output
    assert isinstance(output, Clarify)
    assert offered in [choice.question for choice in output.choices]
    assert "How many customers?" not in [choice.question for choice in output.choices]


@pytest.mark.parametrize(
    "question, number, said",
    [
        ("busiest day of the week", "rental_count by weekday top 1", "taken from: rentals"),
        ("what share of rentals is returned late", "late_return_rate", "rentals that came back"),
        ("what fraction of rentals came back on time", "on_time_return_rate", "that came back"),
    ],
)
def test_is_read_with_a_doubt(question: str, number: str, said: str, context_of: ContextOf) -> None:
    planned = _asked(question, context_of)
    assert _read(planned) == number
    assert planned.confidence == 0.9
    assert said in " ".join(planned.notes)
