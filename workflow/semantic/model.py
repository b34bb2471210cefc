"""The semantic model in memory: what a reviewed document says a source holds.

The document's format is the core specification of Apache Ossie (formerly Open Semantic
Interchange), version 0.2; `load` reads it, this module only holds it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from contracts.catalog import NumberFormat

ColumnKind = Literal["value", "before", "change", "change_ratio", "share", "running_total"]
FieldType = Literal["text", "integer", "decimal", "boolean", "date", "timestamp"]


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a dataset, or an expression over its columns (PostgreSQL dialect).

    `is_indexed` says that its values are few and harmless enough to be matched against the
    words of a question. `is_personal` says that a value can single out a person, and
    `describes_person` that it tells something of one, such as a town, that few may share.
    """

    name: str
    expression: str
    type: FieldType
    label: str
    description: str = ""
    synonyms: tuple[str, ...] = ()
    is_time: bool = False
    is_personal: bool = False
    describes_person: bool = False
    is_indexed: bool = False
    unit: str | None = None
    format: NumberFormat | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """A view of the source. `source` is its qualified name, `view` the bare one.

    `scope_field` is the column that the row scope restricts, if any; `time_field` the one that
    a period applies to. What is sensitive, a dataset or a metric, is not for a single pair of
    eyes: it adds to the risk of what uses it.
    """

    name: str
    source: str
    view: str
    label: str
    fields: tuple[Field, ...]
    description: str = ""
    synonyms: tuple[str, ...] = ()
    primary_key: tuple[str, ...] = ()
    scope_field: str | None = None
    time_field: str | None = None
    is_sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Relationship:
    """Many rows of `many` belong to one row of `one`; the columns pair up in order."""

    name: str
    many: str
    one: str
    many_columns: tuple[str, ...]
    one_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Metric:
    """A named calculation over one dataset: an aggregate expression in PostgreSQL's dialect.

    `unit` is `currency`, `count`, `ratio`, `days` or None. `is_cumulative` says that its value in
    a row is the sum of the expression's values up to that row, in order of time.
    """

    name: str
    dataset: str
    expression: str
    label: str
    type: FieldType
    description: str = ""
    synonyms: tuple[str, ...] = ()
    unit: str | None = None
    format: NumberFormat | None = None
    is_cumulative: bool = False
    is_sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Unusable:
    """A part of a document that the format allows but that cannot be used here, and so was left
    out; `fault` is `file:line: why`."""

    kind: Literal["model", "dataset", "field", "relationship", "metric"]
    name: str
    fault: str


@dataclass(frozen=True, slots=True, eq=False)
class SemanticModel:
    """All of a source, or the part of it that a role may use. `digest` is the version: the
    SHA-256 of the whole document, the same for every role's part. `unusable` is what of the
    document was left out.

    One is equal to itself alone: two parts of one document share a digest but not their names,
    and what is derived of a model and kept by it is found without reading it through."""

    name: str
    digest: str
    datasets: tuple[Dataset, ...]
    relationships: tuple[Relationship, ...]
    metrics: tuple[Metric, ...]
    unusable: tuple[Unusable, ...] = ()


@dataclass(frozen=True, slots=True)
class DataProfile:
    """What occurs in the data a person may see.

    `values` holds the distinct values of each indexed field, by field name; `newest` and `oldest`
    the last and the first day (UTC) of each dataset with a time field, by dataset name.
    """

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    newest: Mapping[str, date] = field(default_factory=dict)
    oldest: Mapping[str, date] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OutputColumn:
    """A column of a compiled plan: a dimension (with the field's name) or numbers of a metric.

    `kind` says which numbers: its `value`, or what a comparison or a calculation added to it;
    `metric` is the metric's name. `is_additive` says that the values of groups add up to that of
    the whole. `unit` and `format` are the column's own: a share's are not its metric's.
    """

    name: str
    role: Literal["dimension", "metric"]
    type: FieldType
    label: str
    unit: str | None = None
    kind: ColumnKind = "value"
    metric: str = ""
    format: NumberFormat | None = None
    is_additive: bool = False


@dataclass(frozen=True, slots=True)
class Compiled:
    """A plan as one SELECT in PostgreSQL's dialect, and what its columns mean, in order."""

    sql: str
    columns: tuple[OutputColumn, ...]
