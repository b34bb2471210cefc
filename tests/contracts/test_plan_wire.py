"""A plan as JSON."""

import orjson
import pytest
from pydantic import JsonValue, ValidationError

from contracts.plan import Plan


def given(**fields: JsonValue) -> Plan:
    relative = {"unit": "day", "offset": fields.get("offset", 0), "count": fields.get("count", 1)}
    plan = {"metrics": ["a"], "limit": fields.get("limit", 1), "time": {"relative": relative}}
    return Plan.model_validate_json(orjson.dumps(plan), strict=True)


def test_a_whole_number_is_one_however_json_writes_it() -> None:
    assert given(limit=20.0, offset=-1.0, count=2.0) == given(limit=20, offset=-1, count=2)


@pytest.mark.parametrize("field", ["limit", "offset", "count"])
@pytest.mark.parametrize("value", [1.5, "1", 1e9])
def test_and_nothing_else_is(field: str, value: JsonValue) -> None:
    with pytest.raises(ValidationError):
        given(**{field: value})
