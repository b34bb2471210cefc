"""What a role may ask with."""

from typing import Literal

from pydantic import Field

from contracts.base import Wire


class NumberFormat(Wire):
    """How a number is shown: 0.25 is 25 % as `percent`. `decimals` places where given, else as
    many as the number needs. `currency` is an ISO 4217 code; `per` is what the number is for each
    of ("rental")."""

    style: Literal["number", "percent", "currency"] = "number"
    decimals: int | None = Field(default=None, ge=0, le=10)
    currency: str | None = Field(default=None, pattern="^[A-Z]{3}$")
    per: str | None = None


class CatalogMetric(Wire):
    """A metric that this role may use, with the view its numbers come from. `is_additive`: groups
    add up, so that a share or a running total can be made of it. `is_cumulative`: its value in a
    row of time includes all rows before."""

    name: str
    label: str
    description: str
    synonyms: tuple[str, ...]
    view: str
    unit: str | None = None
    format: NumberFormat | None = None
    is_additive: bool = False
    is_cumulative: bool = False


class CatalogDimension(Wire):
    """A field to group or filter by, and the metrics it fits."""

    name: str
    label: str
    description: str
    synonyms: tuple[str, ...]
    type: str
    is_time: bool
    is_personal: bool
    unit: str | None = None
    format: NumberFormat | None = None
    views: tuple[str, ...]
    metrics: tuple[str, ...]


class Catalog(Wire):
    """Metrics and dimensions of the role's views; `model_digest` is the version."""

    model: str
    model_digest: str
    metrics: tuple[CatalogMetric, ...]
    dimensions: tuple[CatalogDimension, ...]


class Suggestion(Wire):
    """A question that works for this role, and the views it reads."""

    question: str
    topic: str
    views: tuple[str, ...]


class Suggestions(Wire):
    """All of a role's."""

    items: tuple[Suggestion, ...]
