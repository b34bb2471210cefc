"""How long the built-in planner takes for a question: python -m bench.planner

Every golden question is asked of the sample's semantic model, with what occurs in the sample's
data for its role.
"""

import json
import statistics
import tempfile
import time
from asyncio import run
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from uuid import UUID

import yaml

from contracts.context import UserContext
from kit import embedded_postgres
from migrations.warehouse.readers import grant_readers
from seeds.pagila.warehouse import seed_warehouse
from workflow.execute.profile import profile
from workflow.execute.warehouse import Warehouse
from workflow.plan.builtin import plan
from workflow.plan.ground import Ground
from workflow.plan.suggestions import suggestions
from workflow.semantic.load import load
from workflow.semantic.model import DataProfile
from workflow.semantic.roles import RoleModels

SEEDS = Path(__file__).parents[1] / "seeds" / "pagila"
ROUNDS = 5
TODAY = date(2026, 7, 1)


def people() -> dict[str, UserContext]:
    """The demo's askers by their names."""
    roles = yaml.safe_load((SEEDS / "roles.yaml").read_text("utf-8"))["roles"]
    users = yaml.safe_load((SEEDS / "users.yaml").read_text("utf-8"))["users"]
    return {
        user["username"]: UserContext(
            user_id=UUID(int=1),
            username=user["username"],
            org_id=UUID(int=2),
            role=user["roles"][0],
            permissions=("ask",),
            store_ids=tuple(user.get("store_ids", ())),
            is_all_stores=user.get("is_all_stores", False),
            allowed_views=tuple(roles[user["roles"][0]]["allowed_views"]),
        )
        for user in users
    }


async def profiles(
    url: str, models: RoleModels, askers: Mapping[str, UserContext]
) -> dict[str, DataProfile]:
    """What occurs in the sample's data for each of them."""
    warehouse = Warehouse(url, reader_secret="only of this measurement")
    await warehouse.open()
    try:
        return {
            name: await profile(warehouse, models.part(context), context)
            for name, context in askers.items()
            if context.allowed_views
        }
    finally:
        await warehouse.close()


def main() -> None:
    """Prints the median, the 99th percentile and the slowest questions, in milliseconds."""
    models, askers = RoleModels(load(SEEDS / "model.yaml")), people()
    with tempfile.TemporaryDirectory(prefix="cs-") as folder:
        Path(folder).chmod(0o755)
        with embedded_postgres.running(Path(folder) / "pg") as cluster:
            url = cluster.url(embedded_postgres.WAREHOUSE_DATABASE)
            seed_warehouse(url)
            views = {a.role: a.allowed_views for a in askers.values()}
            grant_readers(url, views, "only of this measurement")
            known = run(profiles(url, models, askers))
    lines = (SEEDS / "golden.jsonl").read_text("utf-8").splitlines()
    cases = [case for line in lines if (case := json.loads(line))["role_user"] in known]
    slowest: dict[str, float] = {}
    times: list[float] = []
    for _ in range(ROUNDS + 1):  # the first round builds what is kept
        times.clear()
        for case in cases:
            context, held = askers[case["role_user"]], known[case["role_user"]]
            model = models.part(context)
            offered = suggestions(model, context, held, full_model=models.whole)
            start = time.perf_counter()
            ground = Ground(model, held, context, TODAY)
            plan(case["question"], ground, whole=models.whole, suggestions=offered)
            times.append((time.perf_counter() - start) * 1000)
            slowest[case["question"]] = times[-1]
    for question, taken in sorted(slowest.items(), key=lambda item: -item[1])[:5]:
        print(f"{taken:7.3f} ms  {question[:80]}")
    print(f"{statistics.median(times):7.3f} ms  median of {len(times)} questions")
    print(f"{statistics.quantiles(times, n=100)[98]:7.3f} ms  99th percentile")


if __name__ == "__main__":
    main()
