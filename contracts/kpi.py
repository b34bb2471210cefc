"""The plain form of a metric on one table."""

from datetime import date, datetime
from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from contracts.base import Wire
from contracts.plan import Operator, Scalar

KpiMetric = Literal["sum", "count", "count_distinct", "avg", "min", "max"]


class KpiFilter(Wire):
    """A condition on a column: one value, a list for `in`, `not_in` and `between`, none for the
    null tests. It means what a plan's filter means."""

    column: str
    operator: Operator = "eq"
    value: bool | int | Decimal | datetime | date | str | list[Scalar] | None = None

    def values(self) -> tuple[Scalar, ...]:
        """As a plan's filter has them."""
        if isinstance(self.value, list):
            return tuple(self.value)
        return () if self.value is None else (self.value,)


class PlainKpi(Wire):
    """`{"metric": "sum", "column": "revenue", "filters": [...], "time_column": "created_at",
    "time_window_days": 30}`: an aggregate of a column (`count` may do without one) over the rows
    that meet all filters, in the last days of `time_column`, the as-of day included."""

    metric: KpiMetric
    column: str | None = None
    filters: tuple[KpiFilter, ...] = ()
    time_column: str | None = None
    time_window_days: int | None = Field(default=None, ge=1, le=36_500)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.column is None and self.metric != "count":
            raise ValueError(f"{self.metric} needs a column")
        if self.time_window_days is not None and self.time_column is None:
            raise ValueError("a time window needs a time_column")
        return self
