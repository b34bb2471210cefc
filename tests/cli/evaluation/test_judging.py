"""What is a right answer to a case, and what is said of a wrong one."""

import pytest
from pydantic import JsonValue

from contracts.plan import Knowledge, MetricQuery, Plan
from contracts.run import RunStatus
from tests.cli.evaluation.conftest import Run
from tests.cli.evaluation.script import TOTAL, Gateway, Reply, answer, number


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (number("10.01"), "a row that should not be there: 10.01"),
        (number(None), "a row that should not be there"),
        (answer(columns=(("n", "decimal"),)), "0 rows instead of 1"),
        (answer(columns=(("k", "text"), ("n", "decimal")), rows=(("a", "10"),)), "2 columns"),
        (answer(RunStatus.REFUSED), "refused: So it is."),
        (answer(RunStatus.NEEDS_APPROVAL), "needs_approval"),
        ((500, {}, b"{}"), "HTTP 500"),
        ((200, {}, b"{}"), "not in the agreed form"),
    ],
)
def test_what_is_wrong_is_said(reply: Reply, reason: str, run: Run, gateway: Gateway) -> None:
    gateway.script = {"total?": [reply]}
    code, output = run([TOTAL])
    assert code == 1
    assert reason in output


def test_an_answer_where_a_refusal_was_expected(run: Run, gateway: Gateway) -> None:
    gateway.script = {"weather?": [number("1")]}
    code, output = run([{"question": "weather?", "expect": "refused"}])
    assert code == 1
    assert "completed (answered) instead of refused" in output


TOP: dict[str, object] = {
    "question": "top?",
    "gold_sql": "SELECT k, sum(v) FROM t GROUP BY 1 ORDER BY 2 DESC LIMIT 3",
    "ordered": True,
}


@pytest.mark.parametrize(
    ("rows", "is_right"),
    [
        ((("a", "3"), ("b", "2"), ("c", "2")), True),
        ((("a", "3"), ("d", "2"), ("b", "2")), True),  # any two of the three that tie
        ((("b", "2"), ("a", "3"), ("c", "2")), False),  # not in order
        ((("a", "3"), ("b", "2"), ("b", "2")), False),  # one of them twice
        ((("a", "3"), ("b", "2"), (None, "1")), False),
        ((("a", "3"), ("b", "2"), ("e", "2")), False),
    ],
)
def test_ties(
    rows: tuple[tuple[JsonValue, ...], ...], is_right: bool, run: Run, gateway: Gateway
) -> None:
    gateway.script = {"top?": [answer(columns=(("k", "text"), ("v", "decimal")), rows=rows)]}
    assert run([TOP])[0] == (0 if is_right else 1)


def test_order_does_not_matter_where_none_was_asked_for(run: Run, gateway: Gateway) -> None:
    rows = ((None, "1.0"), ("d", "2"), ("c", "2"), ("b", "2"), ("a", "3"))
    gateway.script = {"all?": [answer(columns=(("k", "text"), ("v", "decimal")), rows=rows)]}
    assert run([{"question": "all?", "gold_sql": "SELECT k, v FROM t"}])[0] == 0


def test_a_day_is_a_day_however_it_is_written(run: Run, gateway: Gateway) -> None:
    gateway.script = {
        "day?": [number("2022-05-01", "date")],
        "instant?": [number("2022-05-01T02:30:00+02:00", "timestamp")],
    }
    cases: list[dict[str, object]] = [
        {"question": "day?", "gold_sql": "SELECT timestamptz '2022-05-01 00:00+00'"},
        {"question": "instant?", "gold_sql": "SELECT timestamptz '2022-05-01 00:30+00'"},
    ]
    assert run(cases)[0] == 0


K_AND_V = (("k", "text"), ("v", "decimal"), ("n", "integer"))


@pytest.mark.parametrize(
    ("columns", "rows", "is_right"),
    [
        (K_AND_V[:2], (("a", "3"), ("d", "2")), True),
        (K_AND_V[1::-1], (("3", "a"), ("2", "d")), True),
        (K_AND_V, (("a", "3", 7), ("d", "2", 8)), True),  # a number more
        ((*K_AND_V[:2], ("t", "text")), (("a", "3", "x"), ("d", "2", "y")), False),  # split further
        (K_AND_V[:1], (("a",), ("d",)), False),
        (K_AND_V[:2], (("a", "2"), ("d", "3")), False),
    ],
)
def test_the_columns_that_were_asked_for_are_found(
    columns: tuple[tuple[str, str], ...],
    rows: tuple[tuple[JsonValue, ...], ...],
    is_right: bool,
    run: Run,
    gateway: Gateway,
) -> None:
    gateway.script = {"both?": [answer(columns=columns, rows=rows)]}
    case: dict[str, object] = {
        "question": "both?",
        "gold_sql": "SELECT k, v FROM t WHERE k IN ('a', 'd')",
    }
    assert run([case])[0] == (0 if is_right else 1)


def test_all_that_tie_may_be_told(run: Run, gateway: Gateway) -> None:
    rows = (("a", "3"), ("b", "2"), ("c", "2"), ("d", "2"))
    gateway.script = {"top?": [answer(columns=K_AND_V[:2], rows=rows)]}
    assert run([TOP])[0] == 0
    gateway.script = {"top?": [answer(columns=K_AND_V[:2], rows=(*rows, (None, "1")))]}
    assert run([TOP])[0] == 1


def test_another_form_of_the_answer_is_right_too(run: Run, gateway: Gateway) -> None:
    gateway.script = {"total?": [number("3")]}
    assert run([TOTAL])[0] == 1
    assert run([{**TOTAL, "also": ["SELECT 2", "SELECT max(v) FROM t"]}])[0] == 0
    assert run([{**TOTAL, "expect": ["clarify"]}])[0] == 1
    gateway.script = {"total?": [answer(RunStatus.CLARIFY)]}
    assert run([{**TOTAL, "expect": ["clarify"]}])[0] == 0


def test_words_that_have_to_be_said(run: Run, gateway: Gateway) -> None:
    gateway.script = {"total?": [number("10")]}
    assert run([{**TOTAL, "says": "so it IS|never"}])[0] == 0
    code, output = run([{**TOTAL, "says": "no data"}])
    assert code == 1
    assert "does not say" in output


def test_by_plan(run: Run, gateway: Gateway) -> None:
    plan = Plan(metrics=("revenue",))
    other = plan.model_dump(mode="json") | {"metrics": ["rentals"]}
    gateway.script = {"plan?": [answer(plan=MetricQuery(plan=plan))]}
    same = plan.model_dump(mode="json")
    assert run([{"question": "plan?", "plan": same}])[0] == 0
    assert "another plan" in run([{"question": "plan?", "plan": other}])[1]
    assert run([{"question": "plan?", "not_plan": other}])[0] == 0
    code, output = run([{"question": "plan?", "not_plan": same, "note": "not this"}])
    assert code == 1
    assert "still the plan that was called wrong (not this)" in output


def test_by_the_kind_of_answer(run: Run, gateway: Gateway) -> None:
    gateway.script = {"what is it?": [answer(plan=Knowledge())]}
    assert run([{"question": "what is it?", "expect": "knowledge"}])[0] == 0
    assert run([{"question": "what is it?", "expect": "why"}])[0] == 1
    assert run([{"question": "what is it?", "not_manner": "knowledge"}])[0] == 1
    assert run([{"question": "what is it?", "not_manner": "refused"}])[0] == 0
