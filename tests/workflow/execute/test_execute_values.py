"""What comes out of PostgreSQL survives to JSON exactly."""

import asyncio
import hashlib
import json
from collections.abc import Callable

import pytest

from contracts.context import UserContext
from workflow.execute.values import canonical_json, digest_of
from workflow.execute.warehouse import Warehouse


@pytest.mark.parametrize(
    ("expression", "type_", "value"),
    [
        ("1::smallint", "integer", 1),
        ("9007199254740991::bigint", "integer", 9007199254740991),
        ("9007199254740992::bigint", "integer", "9007199254740992"),
        ("(-9223372036854775808)::bigint", "integer", "-9223372036854775808"),
        ("1.50::numeric", "decimal", "1.50"),
        ("0.1::numeric + 0.2", "decimal", "0.3"),
        ("123456789012345678901234567890.123456789", "decimal",
         "123456789012345678901234567890.123456789"),
        ("'NaN'::numeric", "decimal", "NaN"),
        ("'-Infinity'::numeric", "decimal", "-Infinity"),
        ("0.1::float8", "float", 0.1),
        ("1e300::float8", "float", 1e300),
        ("'NaN'::float8", "float", "NaN"),
        ("'Infinity'::float4", "float", "Infinity"),
        ("'-Infinity'::float8", "float", "-Infinity"),
        ("true", "boolean", True),
        ("date '2022-07-31'", "date", "2022-07-31"),
        ("date '0044-03-15 BC'", "date", "0044-03-15 BC"),
        ("date 'infinity'", "date", "infinity"),
        ("timestamptz '2022-07-31 21:56:15+02'", "timestamp", "2022-07-31T19:56:15Z"),
        ("timestamptz '2022-07-31 21:56:15.000001+00'", "timestamp", "2022-07-31T21:56:15.000001Z"),
        ("timestamptz '12022-07-31 00:00+00'", "timestamp", "12022-07-31T00:00:00Z"),
        ("timestamptz '-infinity'", "timestamp", "-infinity"),
        ("timestamp '2022-07-31 21:56:15'", "timestamp", "2022-07-31T21:56:15"),
        ("interval '1 month 2 days 03:04:05.6'", "interval", "P1M2DT3H4M5.6S"),
        ("time '10:00'", "text", "10:00:00"),
        ("'é😀'::text", "text", "é😀"),
        ("'a'::char(3)", "text", "a  "),
        ("'\\x00ff'::bytea", "text", "\\x00ff"),
        ("int4range(1, 3)", "text", "[1,3)"),
        ("ROW(1, 'x')", "text", "(1,x)"),
        ("NULL::numeric", "decimal", None),
        ("NULL", "text", None),
        ("'{\"a\": 1.10, \"b\": 12345678901234567890, \"c\": 0.1234567890123456789}'::json",
         "json", {"a": 1.1, "b": "12345678901234567890", "c": "0.1234567890123456789"}),
        ("'{\"z\": null, \"a\": [true, \"x\"]}'::jsonb", "json", {"z": None, "a": [True, "x"]}),
        ("'\"\\ud800\"'::json", "json", '"\\ud800"'),
        ("(repeat('[', 3000) || repeat(']', 3000))::json", "json", "[" * 3000 + "]" * 3000),
        ("ARRAY[1.50, 2, NULL]", "json", ["1.50", "2", None]),
        ("ARRAY[[1, 2], [3, 4]]", "json", [[1, 2], [3, 4]]),
        ("ARRAY[timestamptz '2022-01-01 00:00+00']", "json", ["2022-01-01T00:00:00Z"]),
        ("ARRAY['NaN'::float8]", "json", ["NaN"]),
        ("ARRAY['a,b', 'c\"d', '']", "json", ["a,b", 'c"d', ""]),
    ],
)  # fmt: skip
def test_a_value_is_exact(
    warehouse: Warehouse,
    context_of: Callable[..., UserContext],
    runner: asyncio.Runner,
    expression: str,
    type_: str,
    value: object,
) -> None:
    result = runner.run(warehouse.run(f"SELECT {expression} AS it", context_of()))
    assert [(column.name, column.type) for column in result.columns] == [("it", type_)]
    assert result.rows == ((value,),)
    # and it is JSON, as it stands
    assert json.loads(result.model_dump_json())["rows"] == [[value]]


def test_the_digest_is_that_of_columns_and_rows_in_order(
    warehouse: Warehouse, context_of: Callable[..., UserContext], runner: asyncio.Runner
) -> None:
    def digest(statement: str) -> str:
        return runner.run(warehouse.run(statement, context_of())).digest

    base = digest("SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS t(x, y)")
    assert base == digest("SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS t(x, y)")
    assert len(base) == 64
    others = [
        "SELECT * FROM (VALUES (2, 'b'), (1, 'a')) AS t(x, y)",
        "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS t(x, z)",
        "SELECT * FROM (VALUES (1.0, 'a'), (2, 'b')) AS t(x, y)",
        "SELECT * FROM (VALUES ('1', 'a'), ('2', 'b')) AS t(x, y)",
        "SELECT * FROM (VALUES (1, 'a')) AS t(x, y)",
    ]
    assert len({base, *map(digest, others)}) == 6


def test_the_digest_does_not_depend_on_the_order_of_keys() -> None:
    assert canonical_json((), (({"a": 1, "b": 2},),)) == canonical_json((), (({"b": 2, "a": 1},),))
    # known, so that a receipt of today can be checked by other software tomorrow
    canonical = b'{"columns":[],"rows":[]}'
    assert digest_of(canonical_json((), ())) == hashlib.sha256(canonical).hexdigest()
