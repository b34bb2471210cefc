"""The document on disk: the core specification of Apache Ossie (formerly OSI), version 0.2.

Wire models of what `core-spec/spec.md` and its JSON Schema describe, and of our own extensions.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from contracts.catalog import NumberFormat

VENDOR = "COUNTERSIGN"

Unit = Literal["currency", "count", "ratio", "days"]

Dialect = Literal["ANSI_SQL", "SNOWFLAKE", "MDX", "TABLEAU", "DATABRICKS", "MAQL", "BIGQUERY"]
DataType = Literal[
    "String", "Integer", "Decimal", "Float", "Boolean",
    "Date", "Time", "DateTime", "DateTimeTz", "Opaque",
]  # fmt: skip


def _given(value: object) -> object:
    if value is None:
        raise ValueError("leave it out where it is unknown")
    return value


MaybeDataType = Annotated[DataType | None, BeforeValidator(_given)]
Columns = Annotated[list[str], Field(min_length=1)]


class Part(BaseModel):
    """Closed and strict, as the schema is: an unknown key or a number for a text is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class AiContext(BaseModel):
    """Words for a model and for people. The format also takes a text alone: instructions."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True)

    instructions: str = ""
    synonyms: list[str] = []
    examples: list[str] = []

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        return {"instructions": value} if isinstance(value, str) else value


class CustomExtension(Part):
    """What a vendor adds; `data` is JSON in a string."""

    vendor_name: str
    data: str


class DialectExpression(Part):
    """An expression in one dialect."""

    dialect: Dialect
    expression: str


class Expression(Part):
    """The same expression in one or more dialects."""

    dialects: Annotated[list[DialectExpression], Field(min_length=1)]


class DimensionPart(Part):
    """`is_time` is the field's role; absent, it follows from the data type."""

    is_time: bool = False


class FieldPart(Part):
    """A row-level attribute of a dataset."""

    name: str
    expression: Expression
    dimension: DimensionPart = DimensionPart()
    label: str = ""
    description: str = ""
    datatype: MaybeDataType = None
    ai_context: AiContext = AiContext()
    custom_extensions: list[CustomExtension] = []


class DatasetPart(Part):
    """A fact or dimension table."""

    name: str
    source: str
    primary_key: list[str] = []
    unique_keys: list[list[str]] = []
    description: str = ""
    ai_context: AiContext = AiContext()
    fields: list[FieldPart] = []
    custom_extensions: list[CustomExtension] = []


class RelationshipPart(Part):
    """`from` is the many side, `to` the one side."""

    name: str
    from_: str = Field(alias="from")
    to: str
    from_columns: Columns
    to_columns: Columns
    ai_context: AiContext = AiContext()
    custom_extensions: list[CustomExtension] = []


class MetricPart(Part):
    """A named aggregate expression."""

    name: str
    expression: Expression
    description: str = ""
    datatype: MaybeDataType = None
    ai_context: AiContext = AiContext()
    custom_extensions: list[CustomExtension] = []


class SemanticModelPart(Part):
    """One model."""

    name: str
    description: str = ""
    ai_context: AiContext = AiContext()
    datasets: Annotated[list[DatasetPart], Field(min_length=1)]
    relationships: list[RelationshipPart] = []
    metrics: list[MetricPart] = []
    custom_extensions: list[CustomExtension] = []


class Document(Part):
    """A whole file."""

    version: Literal["0.2.0.dev0", "0.2.0"]
    semantic_model: list[SemanticModelPart]


class DatasetExtension(Part):
    """Ours, on a dataset.

    `scope_field` is the column that the row scope restricts, `time_field` the field that a
    period applies to. `complete` says that the fields name every column that an expression, a
    key or a relationship may use, so that any other is a fault. `sensitive` adds to the risk of
    what reads it.
    """

    label: str = ""
    scope_field: str | None = None
    time_field: str | None = None
    complete: bool = False
    sensitive: bool = False


class FieldExtension(Part):
    """Ours, on a field. `personal`: a value can single out a person. `indexed`: its values are
    few and harmless enough to be matched against the words of a question. `person`: it describes
    the person of a row, such as their town, and few may share it."""

    label: str = ""
    personal: bool = False
    person: bool = False
    indexed: bool = False
    unit: Unit | None = None
    format: NumberFormat | None = None


class MetricExtension(Part):
    """Ours, on a metric. `dataset` is needed only where the expression names none. `cumulative`:
    the value in a row is the sum of the expression's up to that row, in order of time."""

    label: str = ""
    unit: Unit | None = None
    format: NumberFormat | None = None
    dataset: str | None = None
    cumulative: bool = False
    sensitive: bool = False
