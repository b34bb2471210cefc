"""`countersign eval`, against a gateway that answers from a script."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
import typer
from pydantic import JsonValue
from typer.testing import CliRunner

from cli.evaluate import eval_command
from contracts.plan import Knowledge, MetricQuery, Plan, PlannerOutput
from contracts.result import Column
from contracts.run import Answer, Explain, RunStatus, Security
from kit import embedded_postgres

Reply = tuple[int, dict[str, str], bytes]
NOBODY = UUID(int=0)


def answer(
    status: RunStatus = RunStatus.COMPLETED,
    columns: tuple[tuple[str, str], ...] = (),
    rows: tuple[tuple[JsonValue, ...], ...] = (),
    plan: PlannerOutput | None = None,
    confidence: float = 1.0,
    conversation: UUID = NOBODY,
) -> Reply:
    body = Answer(
        run_id=NOBODY,
        conversation_id=conversation,
        status=status,
        question="?",
        answer="So it is.",
        plan=plan,
        explain=Explain(planner="builtin", confidence=confidence),
        columns=tuple(Column(name=name, type=type_) for name, type_ in columns),
        rows=rows,
        security=Security(role="any", row_scope="all", allowed_views=()),
    )
    return 200, {}, body.model_dump_json().encode()


def number(value: JsonValue, type_: str = "decimal") -> Reply:
    return answer(columns=(("n", type_),), rows=((value,),))


class Gateway:
    """Answers a question with what the script holds for it: replies in turn, the last for ever."""

    def __init__(self, script: dict[str, list[Reply]]) -> None:
        self.script = script
        self.logins: list[str] = []
        self.asked: list[dict[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.path == "/api/auth/login":
                    status, headers, content = outer.login(body)
                elif self.headers["Authorization"] != "Bearer token-of-ann":
                    status, headers, content = 401, {}, b"{}"
                else:
                    outer.asked.append(body)
                    replies = outer.script[body["question"]]
                    status, headers, content = replies.pop(0) if len(replies) > 1 else replies[0]
                self.reply(status, headers, content)

            def do_GET(self) -> None:
                self.reply(200, {}, b'{"model_digest": "abc"}')

            def reply(self, status: int, headers: dict[str, str], content: bytes) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def login(self, body: dict[str, str]) -> Reply:
        self.logins.append(body["username"])
        if body != {"username": "ann", "password": "secret"}:
            return 401, {}, b"{}"
        return 200, {}, json.dumps({"access_token": "token-of-ann"}).encode()


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    one = Gateway({})
    thread = threading.Thread(target=one.server.serve_forever, args=(0.01,))
    thread.start()
    yield one
    one.server.shutdown()
    thread.join()
    one.server.server_close()


@pytest.fixture(scope="session")
def warehouse_url(cluster: embedded_postgres.Cluster) -> Iterator[str]:
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as owner:
        owner.execute('CREATE DATABASE "evaluated"')
        with psycopg.connect(cluster.url("evaluated")) as connection:
            connection.execute("CREATE TABLE t (k text, v numeric)")
            connection.execute(
                "INSERT INTO t VALUES ('a', 3), ('b', 2), ('c', 2), ('d', 2), (NULL, 1)"
            )
        yield cluster.url("evaluated")
        owner.execute('DROP DATABASE "evaluated" WITH (FORCE)')


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, gateway: Gateway, warehouse_url: str) -> Run:
    app = typer.Typer()
    app.command()(eval_command)
    users = tmp_path / "users.yaml"
    users.write_text("users: [{username: ann, password: secret}]")

    def run_it(cases: list[dict[str, object]], *options: str, url: str = "") -> tuple[int, str]:
        file = tmp_path / "cases.jsonl"
        lines = [
            json.dumps({"id": str(n), "role_user": "ann", "kind": "metric", **case})
            for n, case in enumerate(cases)
        ]
        file.write_text("\n".join(lines))
        arguments = [
            str(file), "--gateway", url or gateway.url, "--warehouse-url", warehouse_url,
            "--users", str(users), *options,
        ]  # fmt: skip
        result = CliRunner().invoke(app, arguments)
        return result.exit_code, result.output

    return run_it


TOTAL: dict[str, object] = {"question": "total?", "gold_sql": "SELECT sum(v) FROM t"}


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
