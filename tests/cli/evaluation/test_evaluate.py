"""How cases are asked, counted and reported."""

import json
from pathlib import Path
from uuid import UUID

import pytest

from contracts.plan import MetricQuery, Plan
from contracts.run import RunStatus
from tests.cli.evaluation.conftest import Run
from tests.cli.evaluation.script import TOTAL, Gateway, Reply, answer, number


def test_all_right(run: Run, gateway: Gateway) -> None:
    gateway.script = {
        "total?": [number("10.00")],
        "weather?": [answer(RunStatus.REFUSED)],
        "what?": [answer(RunStatus.CLARIFY)],
        "delete?": [answer(RunStatus.BLOCKED)],
        "other store?": [(403, {}, b"{}")],
    }
    code, output = run(
        [
            TOTAL,
            {"question": "weather?", "expect": "refused", "kind": "refuse"},
            {"question": "what?", "expect": "clarify", "kind": "clarify"},
            {"question": "delete?", "expect": "refused", "kind": "refuse"},
            {"question": "other store?", "expect": "refused", "kind": "refuse"},
        ]
    )
    assert code == 0
    assert "100% right" in output
    assert gateway.logins == ["ann"]


def test_enough_is_right(run: Run, gateway: Gateway) -> None:
    gateway.script = {"total?": [number("10")], "wrong?": [number("9")]}
    cases = [TOTAL, {**TOTAL, "question": "wrong?", "kind": "other"}]
    assert run(cases, "--require", "accuracy=0.5")[0] == 0
    assert run(cases, "--require", "accuracy=0.6")[0] == 1
    assert run(cases, "--kind", "metric")[0] == 0
    assert run(cases, "--kind", "nothing")[0] == 1


def test_json(run: Run, gateway: Gateway) -> None:
    gateway.script = {"total?": [number(10, "integer")], "wrong?": [number("9")]}
    _, output = run([TOTAL, {**TOTAL, "question": "wrong?"}], "--json")
    report = json.loads(output)
    assert [(k["kind"], k["right"], k["total"]) for k in report["kinds"]] == [("metric", 1, 2)]
    assert report["accuracy"] == 0.5
    assert [case["is_right"] for case in report["cases"]] == [True, False]


def test_a_rate_limit_is_waited_out(
    run: Run, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("cli.evaluation.asking.time.sleep", waits.append)
    limited: Reply = (429, {"Retry-After": "7"}, b"{}")
    gateway.script = {"total?": [limited, limited, number("10")]}
    assert run([TOTAL])[0] == 0
    assert waits == [7.0, 7.0]


def test_a_token_that_ran_out_is_renewed(run: Run, gateway: Gateway) -> None:
    gateway.script = {"total?": [(401, {}, b"{}"), number("10")]}
    assert run([TOTAL])[0] == 0
    assert gateway.logins == ["ann", "ann"]


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ({"question": "?"}, "needs one of gold_sql, plan, expect, not_plan and not_manner"),
        ({**TOTAL, "role_user": "bob"}, "There is no password for bob."),
        ({**TOTAL, "surplus": 1}, "cases.jsonl:1: "),
    ],
)
def test_cases_that_cannot_be_asked(
    case: dict[str, object], message: str, run: Run, gateway: Gateway
) -> None:
    gateway.script = {"total?": [number("10")]}
    code, output = run([case])
    assert code == 2
    assert message in output


def test_a_gateway_that_is_not_there(run: Run) -> None:
    code, output = run([TOTAL], url="http://127.0.0.1:9")
    assert code == 2
    assert "does not answer" in output


@pytest.mark.parametrize("sql", ["SELEC 1", "SELECT x", "DELETE FROM t", "SELECT 1; SELECT 2"])
def test_reference_sql_that_fails_is_the_case_s_own_fault(
    sql: str, run: Run, gateway: Gateway
) -> None:
    gateway.script = {"total?": [number("10")]}
    code, output = run([{"question": "total?", "gold_sql": sql}])
    assert code == 1
    assert "the reference query" in output


def test_a_question_is_asked_in_its_conversation(run: Run, gateway: Gateway) -> None:
    conversation = UUID(int=7)
    gateway.script = {
        "first?": [answer(conversation=conversation)],
        "second?": [answer(conversation=conversation)],
        "total?": [number("10")],
    }
    assert run([{**TOTAL, "after": ["first?", "second?"]}])[0] == 0
    assert gateway.asked == [
        {"question": "first?"},
        {"question": "second?", "conversation_id": str(conversation)},
        {"question": "total?", "conversation_id": str(conversation)},
    ]


def test_blanks_are_filled_from_the_data(run: Run, gateway: Gateway) -> None:
    gateway.script = {"how many b o'clock?": [number("2")]}
    case: dict[str, object] = {
        "question": "how many {key}?",
        "fill": {"key": "SELECT k || chr(32) || 'o''clock' FROM t WHERE k = 'b'"},
        "gold_sql": "SELECT v FROM t WHERE k || chr(32) || 'o''clock' = {key}",
    }
    assert run([case])[0] == 0
    code, output = run([{**case, "fill": {"key": "SELECT k FROM t WHERE k = 'z'"}}])
    assert code == 1
    assert "a blank cannot be filled" in output


def test_calibration_and_the_manner_of_misses(run: Run, gateway: Gateway) -> None:
    gateway.script = {
        "total?": [number("10")],
        "sure and wrong?": [number("9")],
        "unsure and wrong?": [answer(columns=(("n", "decimal"),), confidence=0.9)],
        "asked back?": [answer(RunStatus.CLARIFY)],
        "refused?": [answer(RunStatus.REFUSED)],
    }
    cases = [{**TOTAL, "question": question} for question in gateway.script]
    code, output = run(cases, "--json", "--require", "")
    report = json.loads(output)
    assert code == 0
    assert (report["accuracy"], report["safe_misses"], report["sure"]) == (0.2, 0.5, 0.5)
    bins = {one["high"]: (one["right"], one["total"]) for one in report["bins"]}
    assert bins == {0.5: (0, 0), 0.7: (0, 0), 0.9: (0, 1), 1.0: (1, 2)}
    assert run(cases, "--require", "accuracy=0.2,safe_misses=0.5,sure=0.5")[0] == 0
    assert run(cases, "--require", "sure=0.99")[0] == 1


@pytest.mark.parametrize("require", ["accuracy", "accuracy=x", "speed=1"])
def test_a_requirement_that_is_none(require: str, run: Run) -> None:
    assert run([TOTAL], "--require", require)[0] == 2


def test_against_an_earlier_report(run: Run, gateway: Gateway, tmp_path: Path) -> None:
    gateway.script = {"total?": [number("9")], "more?": [number("10")]}
    cases = [TOTAL, {**TOTAL, "question": "more?"}]
    earlier = tmp_path / "earlier.json"
    earlier.write_text(run(cases, "--json")[1])
    gateway.script = {"total?": [number("10")], "more?": [number("9")]}
    output = run(cases, "--against", str(earlier))[1]
    assert "now right: 0: total?" in output
    assert "now wrong: 1: more?" in output
    code, output = run(cases, "--against", str(tmp_path / "missing.json"))
    assert code == 2
    assert "is not a report" in output


def test_right_plans_are_exported(run: Run, gateway: Gateway, tmp_path: Path) -> None:
    plan = MetricQuery(plan=Plan(metrics=("revenue",)))
    right = answer(columns=(("n", "decimal"),), rows=(("10",),), plan=plan)
    gateway.script = {"total?": [right], "wrong?": [number("9")]}
    file = tmp_path / "export.jsonl"
    run([TOTAL, {**TOTAL, "question": "wrong?"}], "--export", str(file))
    (line,) = file.read_text().splitlines()
    assert json.loads(line) == {
        "question": "total?",
        "after": [],
        "role": "any",
        "catalog_digest": "abc",
        "plan": plan.model_dump(mode="json"),
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--cases"], "Name a case file, or --cases"),
        (["--planner", "oracle"], "There is no planner 'oracle'"),
        (["--planner", "model"], "No demo runs"),
        (["--set", "A=b"], "name a --planner"),
        (["--set", "A"], "is not NAME=VALUE"),
    ],
)
def test_options_that_do_not_fit(
    options: list[str], message: str, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COUNTERSIGN_HOME", str(tmp_path / "empty"))
    code, output = run([TOTAL], *options)
    assert code == 2
    assert message in output
