"""Values as pages show them."""

import pytest
from pydantic import JsonValue

from contracts.catalog import NumberFormat
from contracts.result import Column
from contracts.run import Heading
from webui.figures import Cell, cell, first_of, headed, is_instant

DOLLARS = NumberFormat(style="currency", currency="USD", decimals=2)


def shown(value: JsonValue, type_: str, *, has_unit: bool = False, **more: object) -> Cell:
    heading = Heading.model_validate({"label": "A", "is_measure": True, **more})
    return cell(value, Column(name="a", type=type_), heading, has_unit=has_unit)


@pytest.mark.parametrize(
    ("value", "type_", "told"),
    [
        ("1234567.50", "decimal", Cell("1,234,567.50", is_number=True)),
        ("-3.1", "decimal", Cell("\u22123.1", is_number=True)),
        ("0.123456789", "float", Cell("0.12", "0.123456789", is_number=True)),
        ("0.000001234567", "decimal", Cell("0.0000012", "0.000001234567", is_number=True)),
        ("NaN", "decimal", Cell("NaN")),
        ("9007199254740993", "integer", Cell("9,007,199,254,740,993", is_number=True)),
        (None, "integer", Cell("\u2014")),
        (True, "boolean", Cell("yes")),
        ("2022-06-01T00:00:00Z", "timestamp", Cell("2022-06-01", "2022-06-01T00:00:00Z")),
        (
            "2022-06-01T13:05:09Z",
            "timestamp",
            Cell("2022-06-01 13:05:09", "2022-06-01T13:05:09Z"),
        ),
        ("<b>", "text", Cell("<b>")),
    ],
)
def test_a_value_is_rounded_for_the_eye_and_kept_whole(
    value: JsonValue, type_: str, told: Cell
) -> None:
    assert shown(value, type_) == told


def test_a_unit_stands_in_the_head_and_with_a_number_by_itself() -> None:
    money = {"format": DOLLARS, "unit": "currency"}
    assert shown("-1234.5", "decimal", **money).text == "\u22121,234.50"
    assert shown("-1234.5", "decimal", has_unit=True, **money).text == "\u2212$1,234.50"
    assert shown("1.005", "decimal", **money) == Cell("1.01", "1.005", is_number=True)
    assert shown("4.98765", "decimal", unit="days") == Cell("4.99", "4.98765", is_number=True)
    assert shown("4.98", "decimal", unit="days", has_unit=True).text == "4.98 days"
    assert headed(Heading(label="Revenue", unit="currency", format=DOLLARS)) == "Revenue ($)"
    assert headed(Heading(label="Length", unit="days")) == "Length (days)"
    assert headed(Heading(label="Payments", unit="count")) == "Payments"


def test_a_share_is_a_percentage_and_nearly_all_is_not_all() -> None:
    share = {"is_share": True, "unit": "ratio"}
    assert shown("0.30781", "decimal", **share) == Cell("30.8 %", "30.781 %", is_number=True)
    assert shown("1", "decimal", **share).text == "100 %"
    assert shown("0.99999", "decimal", **share).text.startswith("99.999")
    assert shown("0.00001", "decimal", **share).text == "0.0010 %"


def test_what_is_no_measure_is_a_name() -> None:
    assert shown(1234, "integer", is_measure=False) == Cell("1234")
    assert shown("2022-06-01", "date", is_measure=False, grain="month").text == "June 2022"
    assert shown("2022-04-01", "date", is_measure=False, grain="quarter").text == "Q2 2022"
    assert shown("2022-06-06", "date", is_measure=False, grain="week").text == "2022-06-06"


def test_only_times_have_a_zone() -> None:
    assert is_instant("2022-06-01T13:05:09Z")
    assert not is_instant("2022-06-01T00:00:00Z")
    assert not is_instant("2022-06-01T13:05:09")
    assert not is_instant(None)


def test_the_number_that_matters_is_one_of_the_measures() -> None:
    sentence = "Of 16 categories, Family leads with $441.88."
    assert first_of(sentence, ["441.88", "420.77"])[1] == "$441.88"
    assert first_of(sentence, ["1"])[1] == ""
