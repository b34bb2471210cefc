"""A lying narrator over every golden question: nothing that it makes up reaches a person."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from decimal import localcontext
from pathlib import Path

import pytest

from cli.evaluation.cases import read_cases
from contracts.plan import MetricQuery, Plan, Planned
from tests.conftest import ContextOf
from tests.workflow.narrate.liars import LIARS, Subject, lies, subject_of, truths
from workflow.execute.warehouse import Warehouse
from workflow.narrate.display import EXACT
from workflow.narrate.grounding import is_grounded
from workflow.narrate.narrate import draft
from workflow.narrate.narrator import narrate_by_model
from workflow.semantic.compile_sql import compile_plan
from workflow.semantic.load import load
from workflow.semantic.roles import RoleModels

ROOT = Path(__file__).parents[3]
CASES = {case.id: case for case in read_cases(ROOT / "seeds" / "pagila" / "golden.jsonl")}
PLANS = {
    line["id"]: Plan.model_validate(line["plan"])
    for line in map(
        json.loads, (ROOT / "tests" / "seeds" / "golden_plans.jsonl").read_text().splitlines()
    )
}
MODELS = RoleModels(load(ROOT / "seeds" / "pagila" / "model.yaml"))
PEOPLE: dict[str, tuple[str, tuple[int, ...] | None]] = {
    "admin_user": ("admin", None),
    "manager_store1": ("store_manager", (1,)),
    "manager_multi": ("store_manager", (1, 2)),
    "marketing_user": ("marketing", (1, 2)),
    "finance_user": ("finance", (1,)),
}
Told = list[tuple[str, Subject]]


@pytest.fixture(scope="module")
def told(request: pytest.FixtureRequest, context_of: ContextOf) -> Iterator[Told]:
    """What every golden question comes to on the generated data."""
    url = request.getfixturevalue("warehouse_url")
    secret = request.getfixturevalue("reader_secret")
    with asyncio.Runner() as runner:
        warehouse = Warehouse(url, reader_secret=secret, statement_timeout=10.0)
        yield [
            (name, _subject(name, plan, warehouse, runner, context_of))
            for name, plan in PLANS.items()
        ]
        runner.run(warehouse.close())


def _subject(
    name: str, plan: Plan, warehouse: Warehouse, runner: asyncio.Runner, context_of: ContextOf
) -> Subject:
    role, stores = PEOPLE[CASES[name].role_user]
    context = context_of(role, stores)
    model = MODELS.part(context)
    compiled = compile_plan(plan, model)
    result = runner.run(
        warehouse.run(f"{compiled.sql} LIMIT 200", context)
        if "LIMIT" not in compiled.sql
        else warehouse.run(compiled.sql, context)
    )
    planned = Planned(output=MetricQuery(plan=plan), planner="builtin")
    drafted = draft(planned, result, compiled, (), context, model)
    return subject_of(drafted, plan, is_every_store=stores is None)


def test_the_template_tells_every_result_and_nothing_of_it_is_struck(told: Told) -> None:
    for name, subject in told:
        assert subject.draft.struck == (), name
        assert subject.draft.body, name


def test_no_lie_about_any_golden_result_stands(told: Told) -> None:
    kept: list[str] = []
    tried: Counter[str] = Counter()
    with localcontext(EXACT):
        for name, subject in told:
            known = subject.draft.known
            assert known is not None
            for liar in LIARS:
                for lie in liar(subject):
                    tried[liar.__name__] += 1
                    if is_grounded(lie, known):
                        kept.append(f"{name}: {liar.__name__}: {lie}")
    assert not kept, "\n".join(kept)
    assert min(tried[liar.__name__] for liar in LIARS) >= 50
    assert tried.total() > 10_000


def test_what_is_true_in_the_same_words_stands(told: Told) -> None:
    struck: list[str] = []
    count = 0
    with localcontext(EXACT):
        for name, subject in told:
            assert subject.draft.known is not None
            for truth in truths(subject):
                count += 1
                if not is_grounded(truth, subject.draft.known):
                    struck.append(f"{name}: {truth}")
    assert count > 200
    assert not struck, "\n".join(struck)


async def test_in_place_of_the_narrator_a_liar_is_not_heard(told: Told) -> None:
    """Over all results: 0 ungrounded numbers, and an answer all the same."""
    for name, subject in told:

        async def prose(about: Subject = subject) -> AsyncGenerator[str, None]:
            for lie in lies(about):
                yield f"{lie} "

        said: list[str] = []
        narration = await narrate_by_model(subject.draft, prose(), said.append, seconds=10)
        assert narration.answer == subject.draft.narration().answer, name
        assert narration.struck, name
