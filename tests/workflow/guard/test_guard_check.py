"""The guardrails as a whole."""

import threading
from dataclasses import replace

import pytest
from cachetools import LRUCache

from workflow.guard import check as module
from workflow.guard.check import check, judge
from workflow.guard.scope import GuardScope, Relation
from workflow.guard.second_opinion import objection

SCOPE = GuardScope(
    relations={
        "v": Relation(columns=frozenset({"id", "s"}), scope_column="s", qualified="a.v"),
    },
    row_scope=(1,),
    is_raw=False,
)


def test_a_fault_of_our_own_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(module, "collect", fail)
    verdict = judge("SELECT id FROM v", SCOPE)
    assert verdict.verdict == "block"
    assert verdict.sql is None


def test_a_rule_that_is_blind_is_seen_by_the_second_opinion() -> None:
    """What a faulty rewriting could give is refused, whatever the first opinion said."""
    refused = [
        "SELECT id FROM v LIMIT 5",  # not by its full name
        "SELECT id FROM a.other LIMIT 5",
        "SELECT pg_sleep(1) FROM a.v LIMIT 5",
        "SELECT pg_catalog.lower('x') FROM a.v LIMIT 5",
        "SELECT id FROM a.v",
        "SELECT id FROM a.v LIMIT 500",
        "SELECT id FROM a.v LIMIT ALL",
        "SELECT id FROM a.v LIMIT (SELECT 5)",
        "SELECT secret FROM a.v LIMIT 5",
        "SELECT id INTO x FROM a.v LIMIT 5",
        "SELECT id FROM a.v LIMIT 5 FOR UPDATE",
        "SELECT current_user FROM a.v LIMIT 5",
        "SELECT id::regclass FROM a.v LIMIT 5",
        "SELECT id COLLATE x FROM a.v LIMIT 5",
        "SELECT id OPERATOR(pg_catalog.+) 1 FROM a.v LIMIT 5",
        "SELECT 1 LIMIT 5; SELECT 2 LIMIT 5",
        "WITH d AS (DELETE FROM a.v RETURNING id) SELECT id FROM d LIMIT 5",
        "DELETE FROM a.v",
        "SELECT id FROM a.v LIMIT",
        "SELECT 'x'::char(100000) FROM a.v LIMIT 5",
    ]
    assert [one for one in refused if objection(one, SCOPE) is None] == []
    assert (
        objection("SELECT id FROM (SELECT id FROM a.v WHERE s IN (1)) AS v LIMIT 5", SCOPE) is None
    )


def test_verdicts_are_kept_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_verdicts", LRUCache[object, object](3))
    for number in range(10):
        check(f"SELECT id FROM v WHERE id = {number}", SCOPE)
    assert len(module._verdicts) == 3
    assert check("SELECT id FROM v WHERE id = 9", SCOPE) is check(
        "SELECT id FROM v WHERE id = 9", SCOPE
    )


def test_deep_statements_do_not_exhaust_the_stack_of_a_small_thread() -> None:
    """Threads of a server have less stack than the main one."""
    hostile = [
        "SELECT " + "(" * 5000 + "1" + ")" * 5000,
        "SELECT " + "(" * 39 + "1" + ")" * 39,
        "SELECT " + "NOT " * 3000 + "true",
        "SELECT " + "- " * 3000 + "1",
        "SELECT " + "+".join(["1"] * 1200),
        "SELECT " + " AND ".join(["true"] * 1200),
        "SELECT " + "CASE WHEN true THEN " * 39 + "1" + " END" * 39,
        "SELECT 1" + "::int" * 800,
        "SELECT a" + "[1]" * 800,
        "SELECT a" + ".b" * 1000,
        " UNION ".join(["SELECT 1"] * 500),
        "SELECT * FROM " + "(" * 38 + "SELECT 1" + ")" * 38 + " AS q",
        "SELECT 1 FROM v " + "JOIN v " * 39 + "ON true " * 39,
        "SELECT 1 " + "COLLATE x " * 800,
        "SELECT a IS NULL" + " IS NULL" * 800,
        "SELECT a" + " -> 'x'" * 800,
        "SELECT f(" + "a -> " * 800 + "'x')",
        "SELECT f(" + "a => " * 800 + "1)",
        "SELECT f(" + "a := " * 800 + "1)",
        "WITH " + ", ".join(f"q{i} AS (SELECT 1)" for i in range(300)) + " SELECT 1",
        "SELECT interval " * 500 + "'1 day'",
        "SELECT " + "DISTINCT " * 500 + "1",
        "SELECT " + "EXISTS (SELECT " * 19 + "1" + ")" * 19,
    ]
    answers: list[str] = []
    threading.stack_size(512 * 1024)
    try:
        thread = threading.Thread(
            target=lambda: answers.extend(judge(one, SCOPE).verdict for one in hostile)
        )
        thread.start()
        thread.join()
    finally:
        threading.stack_size(0)
    assert len(answers) == len(hostile)


def test_rows_outside_the_scope_are_seen_by_the_second_opinion() -> None:
    refused = [
        "SELECT id FROM a.v LIMIT 5",
        "SELECT id FROM a.v WHERE s IN (1, 2) LIMIT 5",
        "SELECT id FROM a.v WHERE s IN (2) LIMIT 5",
        "SELECT id FROM a.v WHERE id IN (1) LIMIT 5",
        "SELECT id FROM a.v WHERE NOT s IN (1) LIMIT 5",
        "SELECT id FROM a.v WHERE s NOT IN (1) LIMIT 5",
        "SELECT id FROM a.v WHERE s IN (1) OR true LIMIT 5",
        "SELECT x.id FROM a.v AS x, a.v AS y WHERE s IN (1) LIMIT 5",
        "SELECT id FROM a.v WHERE s IN (1) UNION SELECT id FROM a.v LIMIT 5",
        "SELECT id FROM a.v WHERE false LIMIT 5",
    ]
    assert [one for one in refused if objection(one, SCOPE) is None] == []
    nobody = replace(SCOPE, row_scope=())
    assert objection("SELECT id FROM a.v WHERE false LIMIT 5", nobody) is None
    assert objection("SELECT id FROM a.v WHERE true LIMIT 5", nobody) is not None
