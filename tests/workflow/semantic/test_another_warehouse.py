"""The document in docs/semantic-model.md is one that works: loaded, checked and asked."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from cli.app import main
from contracts.context import UserContext
from contracts.plan import MetricQuery
from workflow.guard.check import check
from workflow.guard.for_role import guard_scope
from workflow.plan.builtin import plan
from workflow.plan.ground import Ground
from workflow.semantic.compile_sql import compile_plan
from workflow.semantic.load import load
from workflow.semantic.model import DataProfile
from workflow.semantic.resolve import as_of_day, resolve

DOCUMENT = Path(__file__).parents[3] / "docs" / "semantic-model.md"
NEWEST = date(2024, 5, 20)
ORDERS = [
    (1, datetime(2024, 4, 30, 23, 59, tzinfo=UTC), 1, "Rye", Decimal("3.10")),
    (2, datetime(2024, 4, 2, 8, tzinfo=UTC), 1, "Rye", Decimal("3.10")),
    (3, datetime(2024, 4, 3, 8, tzinfo=UTC), 2, "Spelt", Decimal("4.25")),
    (4, datetime(2024, 5, 20, 8, tzinfo=UTC), 1, "Spelt", Decimal("4.50")),
]


@pytest.fixture
def bakery(tmp_path: Path) -> Path:
    found = re.search(r"```yaml\n(.*?)```", DOCUMENT.read_text(), re.S)
    assert found is not None
    path = tmp_path / "bakery.yaml"
    path.write_text(found[1])
    return path


def test_the_documented_model_is_checked_as_documented(
    bakery: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["model", "check", str(bakery)])
    assert not end.value.code
    said = capsys.readouterr().out.strip()
    assert said in DOCUMENT.read_text()
    bakery.write_text(bakery.read_text().replace("SUM(", "MEDIAN("))
    with pytest.raises(SystemExit) as end:
        main(["model", "check", str(bakery)])
    assert end.value.code == 1
    assert "MEDIAN" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        ("turnover by bread", [("Spelt", Decimal("8.75")), ("Rye", Decimal("6.20"))]),
        ("turnover last month", [(Decimal("10.45"),)]),
        ("turnover per order for shop 1", [(Decimal("10.70") / 3,)]),
    ],
)
def test_the_documented_model_answers(
    question: str, rows: list[tuple[object, ...]], bakery: Path, shop_db: psycopg.Connection
) -> None:
    model = load(bakery)
    assert model.unusable == ()
    person = UserContext(
        user_id=uuid4(), username="baker", org_id=uuid4(), role="baker", permissions=("ask",),
        store_ids=(1, 2), is_all_stores=False, allowed_views=("v_orders",),
    )  # fmt: skip
    profile = DataProfile(values={"bread": ("Rye", "Spelt")}, newest={"orders": NEWEST})
    today = date(2026, 1, 1)
    ground = Ground(model, profile, person, today)
    output = plan(question, ground, whole=model, suggestions=()).output
    assert isinstance(output, MetricQuery)
    found = resolve(output.plan, as_of_day(output.plan, model, profile, today))
    verdict = check(compile_plan(found, model).sql, guard_scope(model, person, is_raw=False))
    assert verdict.verdict == "pass" and verdict.sql is not None
    with shop_db.transaction(force_rollback=True):
        shop_db.execute("CREATE SCHEMA analytics")
        shop_db.execute(
            "CREATE TABLE analytics.v_orders (order_id int, ordered_at timestamptz,"
            " shop_id int, bread text, price numeric(6,2))"
        )
        with shop_db.cursor() as cursor:
            cursor.executemany("INSERT INTO analytics.v_orders VALUES (%s, %s, %s, %s, %s)", ORDERS)
        answered = shop_db.execute(verdict.sql.encode()).fetchall()
    assert [
        tuple(round(v, 9) if isinstance(v, Decimal) else v for v in row) for row in answered
    ] == [tuple(round(v, 9) if isinstance(v, Decimal) else v for v in row) for row in rows]
