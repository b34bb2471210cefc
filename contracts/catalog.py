"""What a role may ask with."""

from contracts.base import Wire


class CatalogMetric(Wire):
    """A metric that this role may use, with the view its numbers come from."""

    name: str
    label: str
    description: str
    synonyms: tuple[str, ...]
    view: str
    unit: str | None = None


class CatalogDimension(Wire):
    """A field to group or filter by, and the metrics it fits."""

    name: str
    label: str
    description: str
    synonyms: tuple[str, ...]
    type: str
    is_time: bool
    is_personal: bool
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
