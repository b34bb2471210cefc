"""Statements from other projects' safety tests and attack lists, where they are at hand."""

import os
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from contracts.verdict import Verdict
from workflow.guard.allowed import FUNCTIONS
from workflow.guard.check import judge
from workflow.guard.scope import GuardScope, Relation

ROOT = Path(__file__).parents[3]
FOLDER = Path(os.environ.get("COUNTERSIGN_SHARED") or ROOT.parent / "shared" / "data") / "guard"

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the shared data is not here")


def lines() -> Iterator[dict[str, object]]:
    for file in sorted(FOLDER.glob("*.jsonl")):
        for line in file.read_text().splitlines():
            yield orjson.loads(line)


def judged(line: dict[str, object], *, without: object = None) -> Verdict:
    relations = line["relations"]
    assert isinstance(relations, list)
    scope = {str(name): Relation() for name in relations if name != without}
    return judge(str(line["sql"]), GuardScope(relations=scope, is_raw=False))


def test_what_must_be_rejected_is_blocked() -> None:
    rejected = [line for line in lines() if line["governed"] == "reject"]
    assert rejected
    assert [line["sql"] for line in rejected if judged(line).verdict != "block"] == []


def test_what_reads_only_the_scope_passes() -> None:
    accepted = [
        line
        for line in lines()
        if line["governed"] == "accept_if_scope" and line["core_functions_only"]
    ]
    assert accepted
    refused = [
        (line["sql"], verdict) for line in accepted if (verdict := judged(line)).verdict != "pass"
    ]
    assert refused == []


def test_what_reads_outside_the_scope_is_blocked() -> None:
    let_through = [
        (line["sql"], name)
        for line in lines()
        if line["governed"] == "accept_if_scope" and isinstance(line["relations"], list)
        for name in line["relations"]
        if judged(line, without=name).verdict != "block"
    ]
    assert let_through == []


def test_functions_that_are_not_allowed_are_blocked() -> None:
    let_through = [
        line["sql"]
        for line in lines()
        if isinstance(line["functions"], list)
        and not FUNCTIONS.issuperset(line["functions"])
        and judged(line).verdict != "block"
    ]
    assert let_through == []


def test_no_line_takes_long() -> None:
    """Not a measurement (see the benchmarks): a bound that only a hang or a blow-up breaks."""
    spent: list[float] = []
    for line in lines():
        best = float("inf")
        for _ in range(3):
            started = time.perf_counter()
            judged(line)
            best = min(best, time.perf_counter() - started)
        spent.append(best * 1000)
    assert max(spent) < 50
    assert statistics.median(spent) < 2
