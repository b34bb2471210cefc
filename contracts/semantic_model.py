"""The semantic model as those who govern it see it, and what is wrong with a document."""

from typing import Annotated

from pydantic import Field

from contracts.base import Wire


class ModelField(Wire):
    """A column, or an expression over columns, of a dataset. `metrics` use it."""

    name: str
    label: str
    description: str
    synonyms: tuple[str, ...]
    type: str
    expression: str
    unit: str | None
    is_time: bool
    is_personal: bool
    is_indexed: bool
    metrics: tuple[str, ...]


class ModelDataset(Wire):
    """A view of the source, its fields, and the roles that may read it."""

    name: str
    label: str
    description: str
    synonyms: tuple[str, ...]
    source: str
    view: str
    scope_field: str | None
    time_field: str | None
    is_sensitive: bool
    fields: tuple[ModelField, ...]
    roles: tuple[str, ...]


class LineageField(Wire):
    """A field that a metric is made of, and the view that it is read from."""

    dataset: str
    field: str
    view: str


class ModelMetric(Wire):
    """A metric, what it is made of, and the roles that may use it. `dimensions` can group it."""

    name: str
    label: str
    description: str
    synonyms: tuple[str, ...]
    expression: str
    type: str
    unit: str | None
    is_cumulative: bool
    is_sensitive: bool
    lineage: tuple[LineageField, ...]
    views: tuple[str, ...]
    dimensions: tuple[str, ...]
    roles: tuple[str, ...]


class ModelRelationship(Wire):
    """Many rows of `many` belong to one of `one`; the columns pair up in order."""

    name: str
    many: str
    one: str
    many_columns: tuple[str, ...]
    one_columns: tuple[str, ...]


class ModelFault(Wire):
    """What is wrong at a line of a document, counted from 1. `part` and `name` say what was left
    out of the model because of it; both are empty where the document cannot be read at all."""

    line: int
    message: str
    part: str = ""
    name: str = ""


class ModelMap(Wire):
    """All of the semantic model in use. `digest` is its version."""

    name: str
    digest: str
    metrics: tuple[ModelMetric, ...]
    datasets: tuple[ModelDataset, ...]
    relationships: tuple[ModelRelationship, ...]
    faults: tuple[ModelFault, ...]


class ModelDocument(Wire):
    """A document to check, as YAML or JSON, of at most 500,000 characters."""

    text: Annotated[str, Field(min_length=1)]


class ModelCheck(Wire):
    """What a document holds, and what would be otherwise than in the model in use. `is_readable`
    is False where nothing of it could be used; faults beside a readable one leave parts out."""

    is_readable: bool
    name: str = ""
    digest: str = ""
    datasets: int = 0
    fields: int = 0
    relationships: int = 0
    metrics: int = 0
    faults: tuple[ModelFault, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
