"""`countersign guard check`: JSON lines in, JSON lines out."""

from pathlib import Path

import orjson
from typer.testing import CliRunner

from cli.guard import app, run_guard_check

GOOD = {"sql": "SELECT id FROM v", "relations": {"v": ["id"]}}


def answers(*lines: object, is_raw: bool = False) -> tuple[int, list[dict[str, object]]]:
    out: list[str] = []
    texts = [one if isinstance(one, str) else orjson.dumps(one).decode() for one in lines]
    code = run_guard_check(texts, is_raw=is_raw, write=out.append)
    return code, [orjson.loads(one) for one in out]


def test_a_line_gets_its_verdict() -> None:
    code, (answer,) = answers(GOOD)
    assert code == 0
    assert answer == {
        "verdict": "pass",
        "findings": [],
        "sql": "SELECT id FROM (SELECT id FROM v) AS v LIMIT 200",
    }


def test_null_means_any_column_and_a_list_only_those() -> None:
    secret = "SELECT secret FROM v"
    _, found = answers(
        {"sql": secret, "relations": {"v": None}}, {"sql": secret, "relations": {"v": ["id"]}}
    )
    assert [one["verdict"] for one in found] == ["pass", "block"]


def test_a_blocked_line_tells_the_rule_and_the_place() -> None:
    code, (answer,) = answers({"sql": "SELECT pg_sleep(9)", "relations": {}})
    assert code == 0
    assert answer["sql"] is None
    assert answer["findings"] == [
        {
            "rule": "functions",
            "severity": "block",
            "message": "The function “pg_sleep” is not allowed.",
            "position": {"line": 1, "column": 8},
        }
    ]


def test_raw_needs_approval() -> None:
    assert [one["verdict"] for one in answers(GOOD, is_raw=True)[1]] == ["needs_approval"]


def test_a_malformed_line_is_said_and_the_others_are_judged() -> None:
    bad: list[object] = [
        "not json",
        [],
        {"relations": {}},
        {"sql": 5, "relations": {}},
        {"sql": "SELECT 1"},
        {"sql": "SELECT 1", "relations": "v"},
        {"sql": "SELECT 1", "relations": {"v": [1]}},
    ]
    code, found = answers(*bad, "", GOOD)
    assert code == 2
    assert [one.get("line") for one in found] == [1, 2, 3, 4, 5, 6, 7, None]
    assert all(one["error"] for one in found[:-1])
    assert found[-1]["verdict"] == "pass"


def test_more_fields_than_needed_do_no_harm() -> None:
    assert answers({**GOOD, "governed": "reject", "source": "x"})[0] == 0


def test_the_command_reads_a_file_or_standard_input(tmp_path: Path) -> None:
    line = orjson.dumps(GOOD).decode() + "\n"
    file = tmp_path / "lines.jsonl"
    file.write_text(line)
    run = CliRunner()
    from_file = run.invoke(app, ["check", str(file)])
    from_input = run.invoke(app, ["check"], input=line)
    assert from_file.exit_code == from_input.exit_code == 0
    assert from_file.stdout == from_input.stdout
    assert orjson.loads(from_file.stdout)["verdict"] == "pass"
    assert run.invoke(app, ["check", str(tmp_path / "absent")]).exit_code == 2
    assert run.invoke(app, ["check", "--raw"], input="{}\n").exit_code == 2
