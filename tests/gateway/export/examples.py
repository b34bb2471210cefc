"""An answer with everything in it that a spreadsheet, or who opens one, might trip over."""

from typing import Any
from uuid import UUID

from pydantic import JsonValue

from contracts.catalog import NumberFormat
from contracts.export import Exported
from contracts.result import Column
from contracts.run import Answer, AnswerStep, Explain, Heading, RunStatus, Security, Widget

RUN = UUID("01900000-0000-7000-8000-000000000001")
DIGEST = "ab" * 32
DOLLARS = NumberFormat(style="currency", currency="USD", decimals=2)
SPEC: dict[str, JsonValue] = {
    "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
    "data": {"name": "rows"},
    "width": "container",
    "height": {"step": 22},
    "transform": [{"calculate": "toNumber(datum.revenue)", "as": "y0"}],
    "mark": {"type": "bar"},
    "encoding": {
        "y": {"field": "category", "type": "nominal"},
        "x": {"field": "y0", "type": "quantitative"},
    },
    "config": {"background": "transparent"},
}


def exported(
    columns: list[tuple[str, str]],
    rows: list[tuple[JsonValue, ...]],
    headings: tuple[Heading, ...] = (),
    spec: dict[str, JsonValue] | None = None,
    title: str = "Revenue by category",
    **more: Any,
) -> Exported:
    kept = Widget(
        type="bar", title=title, subtitle="June 2022, store 1", headings=headings, spec=spec
    )
    answer = Answer(
        run_id=RUN,
        conversation_id=RUN,
        status=RunStatus.COMPLETED,
        question="Revenue by category?",
        answer="Family leads.",
        sql="SELECT 1",
        columns=tuple(Column(name=name, type=kind) for name, kind in columns),
        rows=tuple(rows),
        row_count=len(rows),
        widgets=(kept,),
        explain=Explain(planner="builtin", confidence=1, as_of="2022-08-31"),
        security=Security(role="store_manager", row_scope=(1,), allowed_views=()),
        timings={"validation": 1.0},
        **more,
    )
    return Exported(answer=answer, digest=DIGEST, widget=kept)


BY_CATEGORY = exported(
    [("category", "text"), ("revenue", "decimal")],
    [("Family", "441.88"), ("Sci-Fi", "-12.10")],
    (
        Heading(label="Category"),
        Heading(label="Revenue", is_measure=True, unit="currency", format=DOLLARS),
    ),
    SPEC,
    steps=(
        AnswerStep(
            title="Change of revenue by [film]: a/b",
            sql="SELECT 2",
            columns=(Column(name="film", type="text"),),
            rows=(("=1+1",),),
        ),
    ),
)
