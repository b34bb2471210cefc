"""Values as pages show them."""

import pytest
from pydantic import JsonValue

from contracts.result import Column
from webui.figures import Cell, cell, first_of


@pytest.mark.parametrize(
    ("value", "type_", "shown"),
    [
        ("1234567.50", "decimal", Cell("1,234,567.50")),
        ("-3.1", "decimal", Cell("\u22123.1")),
        ("0.123456789", "float", Cell("0.1235", "0.123456789")),
        (None, "integer", Cell("\u2014")),
        (True, "boolean", Cell("yes")),
        ("2022-06-01T00:00:00Z", "timestamp", Cell("2022-06-01", "2022-06-01T00:00:00Z")),
        ("<b>", "text", Cell("<b>")),
    ],
)
def test_a_value_is_rounded_for_the_eye_and_kept_whole(
    value: JsonValue, type_: str, shown: Cell
) -> None:
    assert cell(value, Column(name="a", type=type_)) == shown


def test_a_share_is_a_percentage() -> None:
    assert cell("0.30781", Column(name="revenue_share", type="decimal")).text == "30.8 %"


def test_the_number_that_matters_is_one_of_the_measures() -> None:
    sentence = "Of 16 categories, Family leads with $441.88."
    assert first_of(sentence, ["441.88", "420.77"])[1] == "$441.88"
    assert first_of(sentence, ["1"])[1] == ""
