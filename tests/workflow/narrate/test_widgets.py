import pytest
from pydantic import JsonValue

from contracts.plan import Plan, WidgetType
from contracts.run import Widget
from tests.workflow.narrate.examples import MODEL, by, compiled, result, result_of
from workflow.narrate import shape
from workflow.narrate.widgets import Intent, widgets


def of(
    plan: Plan,
    *rows: tuple[JsonValue, ...],
    words: tuple[str, ...] = (),
    asked: WidgetType | None = None,
    is_truncated: bool = False,
) -> tuple[Widget, ...]:
    returned = result_of(plan, *rows, is_truncated=is_truncated)
    seen = shape.of_plan(plan, compiled(plan), returned, MODEL)
    made = widgets(seen, "Store 1", Intent(asked, words))
    assert [widget.type for widget in made].count("table") == 1
    assert "table" in [widget.type for widget in made[:2]]
    assert len({widget.type for widget in made}) == len(made)
    return made


MONTH, CATEGORY, STORE = by("payment_date", "month"), by("category"), by("store_id")
PARTS = (("A", "1"), ("B", "2"))


@pytest.mark.parametrize(
    ("metrics", "dimensions", "rows", "words", "expected"),
    [
        (("revenue",), (), [("5",)], (), ("metric", None, ("revenue",), None)),
        (("revenue", "payers"), (), [("5", 1)], (), ("metric", None, ("revenue", "payers"), None)),
        (("revenue",), (), [(None,)], (), ("table", None, ("revenue",), None)),
        (("revenue",), (CATEGORY,), [], (), ("table", None, ("revenue",), None)),
        (("revenue",), (CATEGORY,), PARTS, (), ("bar", "category", ("revenue",), None)),
        (("revenue",), (CATEGORY,), PARTS, ("share",), ("pie", "category", ("revenue",), None)),
        (("revenue",), (CATEGORY,), PARTS, ("the share of",),
         ("pie", "category", ("revenue",), None)),
        (("average",), (CATEGORY,), PARTS, ("share",), ("bar", "category", ("average",), None)),
        (("payers",), (CATEGORY,), PARTS, ("share",), ("bar", "category", ("payers",), None)),
        (("revenue",), (CATEGORY,), (("A", "-1"), ("B", "2")), ("share",),
         ("bar", "category", ("revenue",), None)),
        (("revenue",), (CATEGORY,), (("A", None), ("B", "2")), ("share",),
         ("bar", "category", ("revenue",), None)),
        (("revenue",), (CATEGORY,), [(str(n), "1") for n in range(7)], ("share",),
         ("bar", "category", ("revenue",), None)),
        (("revenue",), (CATEGORY,), [(str(n), "1") for n in range(31)], (),
         ("bar", "category", ("revenue",), None)),
        (("revenue",), (CATEGORY, STORE), [(str(n), n % 2, "1") for n in range(40)], (),
         ("table", None, ("revenue",), None)),
        (("revenue", "average", "payers"), (CATEGORY,), [("A", "1", "2", 3), ("B", "1", "2", 3)],
         (), ("bar", "category", ("revenue", "average"), None)),
        (("revenue",), (MONTH,), [("2022-06-01", "1"), ("2022-07-01", "2")], (),
         ("line", "payment_date", ("revenue",), None)),
        (("revenue",), (MONTH,), [("2022-06-01", "1")], (), ("table", None, ("revenue",), None)),
        (("revenue",), (CATEGORY, MONTH), [("A", "2022-06-01", "1"), ("B", "2022-07-01", "2")], (),
         ("line", "payment_date", ("revenue",), "category")),
        (("revenue",), (CATEGORY, STORE), [("A", 1, "1"), ("B", 2, "2")], (),
         ("bar", "category", ("revenue",), "store_id")),
        (("revenue",), (CATEGORY, STORE), [("A", n, "1") for n in range(13)], (),
         ("bar", "store_id", ("revenue",), "category")),
        (("revenue",), (CATEGORY, STORE, MONTH), [("A", 1, "2022-06-01", "1")] * 2, (),
         ("table", None, ("revenue",), None)),
    ],
)  # fmt: skip
def test_the_recommended_widget(metrics, dimensions, rows, words, expected) -> None:  # type: ignore[no-untyped-def]  # a table of cases
    plan = Plan(metrics=metrics, dimensions=dimensions)
    first = of(plan, *rows, words=words)[0]
    assert (first.type, first.x, first.y, first.series) == expected
    assert first.subtitle.startswith("Store 1")


def test_parts_of_a_truncated_result_are_no_whole() -> None:
    plan = Plan(metrics=("revenue",), dimensions=(CATEGORY,))
    assert of(plan, *PARTS, words=("share",), is_truncated=True)[0].type == "bar"


def test_titles() -> None:
    plan = Plan(metrics=("revenue", "payers"), dimensions=(MONTH, CATEGORY))
    assert of(plan)[0].title == "Revenue and payers by month and category"


def test_any_columns_have_widgets() -> None:
    columns = [("name", "text"), ("total_amount", "decimal")]
    made = widgets(shape.of_columns(result(columns, [("a", "1"), ("b", "2")])), "", Intent())
    assert [(widget.type, widget.title) for widget in made] == [
        ("bar", "total amount by name"),
        ("table", "total amount by name"),
    ]
    assert [w.type for w in widgets(shape.of_columns(result([], [])), "", Intent())] == ["table"]


def test_a_widget_that_was_asked_for_comes_first_where_it_fits() -> None:
    by_category = Plan(metrics=("revenue",), dimensions=(CATEGORY,))
    assert of(by_category, *PARTS, asked="pie")[0].type == "pie"
    assert of(by_category, ("A", "-1"), ("B", "2"), asked="pie")[0].type == "bar"
    assert of(by_category, *PARTS, words=("share",), asked="bar")[0].type == "bar"
    returned = result_of(by_category, *PARTS)
    seen = shape.of_plan(by_category, compiled(by_category), returned, MODEL)
    assert [w.type for w in widgets(seen, "", Intent("table"))][:2] == ["table", "bar"]
    months = Plan(metrics=("revenue",), dimensions=(MONTH,))
    two = (("2022-06-01", "1"), ("2022-07-01", "2"))
    assert of(months, *two, asked="pie")[0].type == "line"
    assert of(months, *two, asked="bar")[0].type == "bar"


def test_the_other_charts_that_fit_come_after_the_table() -> None:
    by_category = Plan(metrics=("revenue",), dimensions=(CATEGORY,))
    assert [w.type for w in of(by_category, *PARTS)] == ["bar", "table", "pie"]
    assert [w.type for w in of(by_category, *PARTS, words=("share",))] == ["pie", "table", "bar"]
    assert [w.type for w in of(by_category, ("A", "-1"), ("B", "2"))] == ["bar", "table"]
    months = Plan(metrics=("revenue",), dimensions=(MONTH,))
    made = of(months, ("2022-06-01", "1"), ("2022-07-01", "2"))
    assert [w.type for w in made] == ["line", "table", "bar"]


def test_columns_are_headed_by_what_they_mean() -> None:
    plan = Plan(metrics=("revenue",), dimensions=(MONTH, STORE))
    for widget in of(plan, ("2022-06-01", 1, "1"), ("2022-07-01", 2, "2")):
        month, store, revenue = widget.headings
        assert (month.grain, month.is_measure) == ("month", False)
        assert not store.is_measure
        assert (revenue.label, revenue.unit, revenue.is_measure) == ("Revenue", "currency", True)
    columns = [("store_id", "integer"), ("n", "integer")]
    made = widgets(shape.of_columns(result(columns, [(1, 2)])), "", Intent())
    assert [heading.is_measure for heading in made[0].headings] == [False, True]
