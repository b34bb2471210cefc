"""pandas frames as columns of exact values, and back."""

import math
from collections.abc import Hashable, Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any  # pandas has no type for a column of anything

import numpy as np
import pandas as pd

from workflow.semantic.errors import PlanError
from workflow.semantic.evaluate import Column, Value
from workflow.semantic.model import FieldType


def exact(series: "pd.Series[Any]", type_: FieldType | None) -> Column:
    """The values of a column: NaN, NaT and NA are missing, a float is the decimal that it is
    written as, a timestamp without a zone is in UTC. `type_` is what the model declares, None
    where it says nothing. Raises PlanError for a value of another type."""
    values = [_plain(value) for value in series.astype(object).tolist()]
    return values if type_ is None else [_typed(v, type_, str(series.name)) for v in values]


def frame(names: Sequence[str], columns: Sequence[Column]) -> pd.DataFrame:
    """Columns of Python objects under their names."""
    return pd.DataFrame(
        {name: pd.Series(values, dtype=object) for name, values in zip(names, columns, strict=True)}
    )


def groups(keys: Sequence[Column], count: int) -> tuple[list[int], int]:
    """The group of each row, numbered as they come, and how many there are. Missing values are a
    group of their own. Without keys all rows, and also none, are one group."""
    if not keys:
        return [0] * count, 1
    if count == 0:
        return [], 0
    numbered = [pd.Series(_numbered(key)) for key in keys]
    found = pd.concat(numbered, axis=1).groupby(list(range(len(keys))), sort=False).ngroup()
    return [int(group) for group in found], int(found.max()) + 1


def _numbered(values: Iterable[Hashable]) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    places: dict[Hashable, int] = {}
    return np.array([places.setdefault(value, len(places)) for value in values], dtype=np.int64)


def _plain(value: object) -> Value:
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return Decimal(repr(value)) if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    if isinstance(value, pd.Timestamp):
        value = value.to_pydatetime(warn=False)
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, bool | int | str | date):
        return value
    raise PlanError(f"A {type(value).__name__} is no value that can be reckoned with.")


def _typed(value: Value, type_: FieldType, name: str) -> Value:
    if value is None:
        return None
    found: Value = None
    if type_ == "integer" and isinstance(value, int | Decimal) and value == int(value):
        found = int(value)
    elif type_ == "decimal" and isinstance(value, int | Decimal):
        found = Decimal(value)
    elif (type_ == "boolean" and isinstance(value, bool)) or (
        type_ == "text" and isinstance(value, str)
    ):
        return value
    elif type_ == "timestamp" and isinstance(value, date):
        is_day = not isinstance(value, datetime)
        found = datetime(*value.timetuple()[:3], tzinfo=UTC) if is_day else value
    elif type_ == "date" and isinstance(value, date):
        found = _day(value)
    if found is None or (isinstance(value, bool) and type_ != "boolean"):
        raise PlanError(f"{value!r} in {name} is not {type_}.", field=name)
    return found


def _day(value: date) -> date | None:
    if not isinstance(value, datetime):
        return value
    is_midnight = (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0)
    return value.date() if is_midnight else None
