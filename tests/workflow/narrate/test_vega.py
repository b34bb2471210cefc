"""Charts: valid Vega-Lite, drawn for any shape of result, legible on either page."""

import json
import re
from datetime import date
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
import vl_convert
from pydantic import JsonValue

from contracts.plan import Calculation, Comparison, Plan, TimeRange
from contracts.run import Widget
from tests.workflow.narrate.examples import MODEL, by, compiled, result_of
from workflow.narrate import shape
from workflow.narrate.vega import PALETTE
from workflow.narrate.widgets import Intent, widgets

CATEGORY, MONTH, STORE = by("category"), by("payment_date", "month"), by("store_id")
R = ("revenue",)
Rows = list[tuple[JsonValue, ...]]


def months(count: int) -> list[str]:
    return [f"{2000 + n // 12}-{n % 12 + 1:02}-01" for n in range(count)]


MAY = TimeRange(start=date(2022, 5, 1), end=date(2022, 6, 1))
LONG = "A name so long that no axis in the world has room for it, and then a little more"
SHAPES: dict[str, tuple[Plan, Rows, Intent]] = {
    "one-bar-pair": (Plan(metrics=R, dimensions=(CATEGORY,)), [("A", "1"), ("B", "2")], Intent()),
    "twelve-bars": (
        Plan(metrics=R, dimensions=(CATEGORY,)),
        [(f"Category {n}", str(900 - n * 70)) for n in range(12)],
        Intent(is_ordered=True),
    ),
    "200-bars": (
        Plan(metrics=R, dimensions=(CATEGORY,)),
        [(f"Film {n}", str(n * 7 % 201)) for n in range(200)],
        Intent(),
    ),
    "negative-null-long": (
        Plan(metrics=R, dimensions=(CATEGORY,)),
        [("A", "-50.5"), (None, "20"), (LONG, "70"), ("C", None), ('say "hi" \\ {x}', "12")],
        Intent(),
    ),
    "standing-bars": (
        Plan(metrics=("payment_count",), dimensions=(by("store_id"),)),
        [(n, n * n % 17) for n in range(1, 15)],
        Intent(),
    ),
    "booleans": (
        Plan(metrics=R, dimensions=(by("is_open"),)), [(True, "3"), (False, "4"), (None, "1")],
        Intent(),
    ),
    "pie": (
        Plan(metrics=R, dimensions=(CATEGORY,)),
        [(f"Part {n}", str(50 - n * 8)) for n in range(6)],
        Intent("pie"),
    ),
    "two-months": (
        Plan(metrics=R, dimensions=(MONTH,)), [("2022-06-01", "1"), ("2022-07-01", "2")], Intent(),
    ),
    "twelve-months": (
        Plan(metrics=R, dimensions=(MONTH,)),
        [(month, str(1000 + n * n * 17 % 900)) for n, month in enumerate(months(12))],
        Intent(),
    ),
    "200-months-with-gaps": (
        Plan(metrics=R, dimensions=(MONTH,)),
        [(m, None if n % 9 == 4 else str(n * 31 % 97 - 20)) for n, m in enumerate(months(200))],
        Intent(),
    ),
    "months-in-bars": (
        Plan(metrics=R, dimensions=(MONTH,)),
        [("2022-07-01", "1"), ("2022-05-01", "2"), ("2022-06-01", None)],
        Intent("bar"),
    ),
    "days": (
        Plan(metrics=R, dimensions=(by("payment_date", "day"),)),
        [(f"2022-07-{n:02}", str(n * 13 % 29)) for n in range(1, 32)],
        Intent(),
    ),
    "series": (
        Plan(metrics=R, dimensions=(MONTH, CATEGORY)),
        [(m, f"Category {c}", str((c + 2) * 40 + n * c)) for n, m in enumerate(months(8))
         for c in range(4)],
        Intent(),
    ),
    "too-many-series": (
        Plan(metrics=R, dimensions=(MONTH, CATEGORY)),
        [(m, f"Category {c}", str((c + 2) * 9 + n * c)) for n, m in enumerate(months(8))
         for c in range(25)],
        Intent(),
    ),
    "grouped-bars": (
        Plan(metrics=R, dimensions=(CATEGORY, STORE)),
        [(f"Category {c}", s, str((c + 1) * s * 10)) for c in range(6) for s in (1, 2)],
        Intent(),
    ),
    "two-metrics": (
        Plan(metrics=("revenue", "average"), dimensions=(CATEGORY,)),
        [("A", "10", "4"), ("B", "8", "5"), ("C", "7", None)],
        Intent(),
    ),
    "compared": (
        Plan(metrics=R, dimensions=(CATEGORY,), time=MAY,
             comparison=Comparison(to="previous_period")),
        [("A", "100", "80", "20", "0.25"), ("B", "50", "80", "-30", "-0.375")],
        Intent(),
    ),
    "running-total": (
        Plan(metrics=R, dimensions=(MONTH,),
             calculations=(Calculation(kind="running_total", metric="revenue"),)),
        [(m, "10", str(10 * (n + 1))) for n, m in enumerate(months(9))],
        Intent(),
    ),
    "shares": (
        Plan(metrics=R, dimensions=(CATEGORY,),
             calculations=(Calculation(kind="share", metric="revenue"),)),
        [("A", "75", "0.75"), ("B", "25", "0.25")],
        Intent(),
    ),
}  # fmt: skip


def chart(name: str) -> tuple[Widget, list[dict[str, Any]]]:
    plan, rows, intent = SHAPES[name]
    returned = result_of(plan, *rows)
    found = widgets(shape.of_plan(plan, compiled(plan), returned, MODEL), "Store 1", intent)[0]
    columns = [column.name for column in returned.columns]
    return found, [dict(zip(columns, row, strict=True)) for row in returned.rows]


def drawn(widget: Widget, rows: list[dict[str, Any]]) -> str:
    assert widget.spec is not None
    return vl_convert.vegalite_to_svg({**widget.spec, "width": 560, "datasets": {"rows": rows}})


@pytest.fixture(scope="module")
def validator() -> Any:
    text = files("altair.vegalite.v6.schema").joinpath("vega-lite-schema.json").read_text("utf-8")
    schema = json.loads(text) | {"$ref": "#/definitions/TopLevelUnitSpec"}
    return jsonschema.Draft7Validator(schema)


@pytest.mark.parametrize("name", SHAPES)
def test_a_chart_is_valid_and_is_drawn(name: str, validator: Any) -> None:
    widget, rows = chart(name)
    assert widget.spec is not None
    fault = jsonschema.exceptions.best_match(validator.iter_errors(widget.spec))
    assert fault is None, f"{fault.json_path}: {fault.message[:300]}"
    svg = drawn(widget, rows)
    assert "NaN" not in svg
    assert "undefined" not in svg
    assert re.search(rf'(fill|stroke)="{PALETTE[0]}"', svg)


def test_a_chart_holds_no_row() -> None:
    widget, _ = chart("twelve-bars")
    assert "Category 3" not in json.dumps(widget.spec)


def test_what_is_capped_says_so() -> None:
    assert chart("200-bars")[0].subtitle == "Store 1 · Largest 30 of 200"
    assert chart("too-many-series")[0].subtitle == "Store 1 · The largest 8 of 25 categories"
    widget, rows = chart("200-bars")
    assert drawn(widget, rows).count('aria-roledescription="bar"') == 30
    widget, rows = chart("too-many-series")
    assert drawn(widget, rows).count('aria-roledescription="line mark"') == 8


def test_times_are_those_of_utc() -> None:
    widget, rows = chart("two-months")
    assert "2022-06" not in drawn(widget, rows)
    assert ">Jun 2022<" in drawn(widget, rows)
    assert ">May 2022<" not in drawn(widget, rows)


def test_names_from_the_data_are_texts_and_nothing_else() -> None:
    widget, rows = chart("negative-null-long")
    svg = drawn(widget, rows)
    assert "say &quot;hi&quot; \\ {x}" in svg
    assert "(no category)" in svg
    assert LONG not in svg.replace("aria-label", "").split("<text", 1)[1].split("</text>")[0]


def test_a_columns_name_can_do_no_harm() -> None:
    from tests.workflow.narrate.examples import result

    columns = [('x"] + alert(1) + datum["', "text"), ("y.z[0]'\\", "decimal")]
    returned = result(columns, [("a", "1"), ("b", "2")])
    widget = widgets(shape.of_columns(returned), "", Intent())[0]
    names = [name for name, _ in columns]
    rows = [dict(zip(names, row, strict=True)) for row in returned.rows]
    svg = drawn(widget, rows)
    assert svg.count('aria-roledescription="bar"') == 2
    assert ">a<" in svg


@pytest.mark.parametrize("page", ["#ffffff", "#151b26"])
def test_colours_stand_out_on_either_page(page: str) -> None:
    widget, _ = chart("series")
    assert widget.spec is not None
    config: Any = widget.spec["config"]
    assert config["background"] == "transparent"
    for colour in PALETTE:
        assert contrast(colour, page) >= 3, colour
    assert contrast(config["axis"]["labelColor"], page) >= 3.9


def contrast(one: str, other: str) -> float:
    """As the Web Content Accessibility Guidelines 2.2 define it."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
