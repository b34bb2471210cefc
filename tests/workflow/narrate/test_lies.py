"""A lying narrator over every golden question: nothing that it makes up reaches a person."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from datetime import date
from decimal import localcontext
from itertools import islice
from pathlib import Path

import psycopg
import pytest

from cli.evaluation.cases import Case, filled, read_cases
from contracts.context import UserContext
from contracts.plan import MetricQuery, Plan, Planned
from kit.display import EXACT
from tests.conftest import ContextOf
from tests.workflow.narrate.liars import LIARS, Subject, lies, subject_of, truths
from workflow.execute.profile_cache import ProfileCache
from workflow.execute.warehouse import Warehouse
from workflow.guard.check import check
from workflow.guard.for_role import guard_scope
from workflow.narrate.grounding import is_grounded
from workflow.narrate.narrate import draft
from workflow.narrate.narrator import narrate_by_model
from workflow.plan import builtin
from workflow.plan.ground import Ground
from workflow.semantic.compile_sql import compile_plan
from workflow.semantic.errors import PlanError
from workflow.semantic.load import load
from workflow.semantic.model import DataProfile
from workflow.semantic.resolve import resolve_planned
from workflow.semantic.roles import RoleModels

ROOT = Path(__file__).parents[3]
CASES = read_cases(ROOT / "seeds" / "pagila" / "golden.jsonl")
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
MOST_LIES = 40
Told = list[tuple[str, Subject]]


@pytest.fixture(scope="module")
def told(request: pytest.FixtureRequest, context_of: ContextOf) -> Iterator[Told]:
    """What every golden question comes to on the generated data: by the plan that was written for
    it, or else by what the built-in planner reads in it."""
    url = request.getfixturevalue("warehouse_url")
    secret = request.getfixturevalue("reader_secret")
    with asyncio.Runner() as runner, psycopg.connect(url) as owner:
        warehouse = Warehouse(url, reader_secret=secret, statement_timeout=10.0)
        profiles = ProfileCache(warehouse)
        found: dict[tuple[str, str], tuple[str, Subject]] = {}
        for case in CASES:
            role, stores = PEOPLE[case.role_user]
            context = context_of(role, stores)
            profile = runner.run(profiles.get(MODELS.part(context), context))
            planned = _planned(filled(case, owner), context, profile)
            if not isinstance(planned.output, MetricQuery):
                continue
            key = (case.role_user, planned.output.plan.model_dump_json())
            if key not in found:
                subject = _subject(planned, warehouse, runner, context)
                if subject is not None:
                    found[key] = (case.id, subject)
        yield list(found.values())
        runner.run(warehouse.close())


def _planned(case: Case, context: UserContext, profile: DataProfile) -> Planned:
    if case.id in PLANS:
        return Planned(output=MetricQuery(plan=PLANS[case.id]), planner="builtin")
    model = MODELS.part(context)
    today = date(2026, 1, 1)
    ground = Ground(model, profile, context, today)
    planned = builtin.plan(case.question, ground, whole=MODELS.whole, suggestions=())
    return resolve_planned(planned, model, profile, today)


def _subject(
    planned: Planned, warehouse: Warehouse, runner: asyncio.Runner, context: UserContext
) -> Subject | None:
    """None where the plan cannot be compiled, or waits for a person."""
    assert isinstance(planned.output, MetricQuery)
    model, plan = MODELS.part(context), planned.output.plan
    try:
        compiled = compile_plan(plan, model)
    except PlanError:
        return None
    verdict = check(compiled.sql, guard_scope(model, context, is_raw=False))
    if verdict.sql is None:
        return None
    result = runner.run(warehouse.run(verdict.sql, context, count_statement=verdict.count_sql))
    drafted = draft(planned, result, compiled, (), context, model)
    return subject_of(drafted, plan, is_every_store=context.is_all_stores)


def test_the_template_tells_every_result_and_nothing_of_it_is_struck(told: Told) -> None:
    assert len(told) > 150
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
                for lie in islice(liar(subject), MOST_LIES):
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
