"""Read a semantic model from its document, and refuse one that could not be used."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

import orjson
import sqlglot
from pydantic import ValidationError
from sqlglot import exp
from sqlglot.errors import SqlglotError

from workflow.semantic import document
from workflow.semantic.additive import is_additive
from workflow.semantic.errors import ModelError
from workflow.semantic.expressions import POSTGRES, ExpressionError, check_scalar, parse
from workflow.semantic.index import sql_of
from workflow.semantic.language import check_language
from workflow.semantic.metrics_of import MetricReader, Variants
from workflow.semantic.model import (
    Dataset,
    Field,
    FieldType,
    Metric,
    Relationship,
    SemanticModel,
    Unusable,
)
from workflow.semantic.yaml_source import Location, Source, read
from workflow.semantic.yaml_source import parse as parse_document

__all__ = ["ModelError", "load", "load_text"]

MAX_NAME_BYTES = 63
"""PostgreSQL cuts a longer identifier."""
MAX_FAULTS = 20
ANSI = "ANSI_SQL"
_TYPES: dict[str, FieldType] = {
    "String": "text", "Integer": "integer", "Decimal": "decimal", "Float": "decimal",
    "Boolean": "boolean", "Date": "date", "DateTime": "timestamp", "DateTimeTz": "timestamp",
    "Time": "text", "Opaque": "text",
}  # fmt: skip
_CASTS: dict[FieldType, str] = {
    "text": "text", "integer": "bigint", "decimal": "numeric", "boolean": "boolean",
    "date": "date", "timestamp": "timestamptz",
}  # fmt: skip
_Extension = TypeVar("_Extension", bound=document.Part)
_Built = TypeVar("_Built")
Kind = Literal["model", "dataset", "field", "relationship", "metric"]
_Described = (
    document.DatasetPart | document.FieldPart | document.MetricPart | document.RelationshipPart
)


def load(path: Path) -> SemanticModel:
    """The one model in the document at `path`.

    Raises ModelError, with a line for each fault, when the document breaks the format's rules.
    What the format allows but cannot be used here (a name that stands twice, a reference to what
    is not there, an expression that is not what its place asks for, a query as a source, a second
    model in the file) is left out, and stands in the model's `unusable` with its line and reason.
    A `DateTime` without a zone is taken to be in UTC.
    """
    return _load(read(path))


def load_text(content: bytes, name: str) -> SemanticModel:
    """The same of a document that is no file; faults call it `name`."""
    return _load(parse_document(content, name))


def _load(source: Source) -> SemanticModel:
    try:
        parsed = document.Document.model_validate(source.tree)
    except ValidationError as error:
        faults = [
            source.fault(tuple(e["loc"]), _explain(e["type"], e["loc"], e["msg"]))
            for e in error.errors()
        ]
        raise ModelError("\n".join(faults[:MAX_FAULTS])) from error
    others = tuple(
        Unusable("model", part.name, source.fault(("semantic_model", i), "a file holds one model"))
        for i, part in enumerate(parsed.semantic_model[1:], start=1)
    )
    if not parsed.semantic_model:
        none = Unusable("model", "", source.fault(("semantic_model",), "the file holds no model"))
        digest = hashlib.sha256(source.content).hexdigest()
        return SemanticModel("", digest, (), (), (), (none,))
    model = _Reader(source).model(parsed.semantic_model[0], ("semantic_model", 0))
    return replace(model, unusable=(*model.unusable, *others))


def _explain(kind: str, location: Sequence[str | int], message: str) -> str:
    name = location[-1] if location else "the document"
    texts = {
        "missing": f"{name} is missing",
        "extra_forbidden": f"{name} is not part of the format here",
        "string_type": f"{name} must be text",
        "bool_type": f"{name} must be true or false",
        "list_type": f"{name} must be a list",
        "model_type": f"{name} must be a mapping",
        "too_short": f"{name} must not be empty",
    }
    return texts.get(kind, f"{name}: {message}")


class _Reader:
    """Turns the wire document into the model. A part with a fault is left out."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.faults: list[str] = []  # of the part that is being read
        self.unusable: list[Unusable] = []
        self.complete: set[str] = set()
        self.names: set[tuple[str, str]] = set()

    def fault(self, location: Location, message: str) -> None:
        self.faults.append(self.source.fault(location, message))

    def part(self, kind: Kind, name: str, build: Callable[[], _Built | None]) -> list[_Built]:
        """What `build` gives; nothing if it finds a fault, which is kept."""
        faults, self.faults = self.faults, []
        built = build()
        found = [Unusable(kind, name, fault) for fault in self.faults]
        self.faults = faults
        self.unusable += found
        return [] if found or built is None else [built]

    def model(self, part: document.SemanticModelPart, at: Location) -> SemanticModel:
        datasets: list[Dataset] = []
        for i, d in enumerate(part.datasets):
            where = (*at, "datasets", i)
            datasets += self.part("dataset", d.name, partial(self._dataset, d, where))
        by_name = {d.name: d for d in datasets}
        unique_keys = {d.name: d.unique_keys for d in reversed(part.datasets) if d.name in by_name}
        relationships: list[Relationship] = []
        for i, r in enumerate(part.relationships):
            build = partial(self._relationship, r, (*at, "relationships", i), by_name, unique_keys)
            relationships += self.part("relationship", r.name, build)
        metrics = self._metrics(part, at, tuple(datasets), tuple(relationships))
        digest = hashlib.sha256(self.source.content).hexdigest()
        return SemanticModel(
            part.name,
            digest,
            tuple(datasets),
            tuple(relationships),
            metrics,
            tuple(self.unusable),
        )

    def _name(self, name: str, at: Location, kind: str, within: str = "") -> None:
        where = (*at, "name")
        if not name.strip() or not _is_encodable(name):
            self.fault(where, f"a {kind} needs a name")
        elif len(name.encode()) > MAX_NAME_BYTES:
            self.fault(where, f"the name {name} is longer than {MAX_NAME_BYTES} bytes")
        if (kind + within, name.lower()) in self.names:
            self.fault(where, f"a second {kind} is called {name}")
        self.names.add((kind + within, name.lower()))

    def _extension(self, part: _Described, at: Location, shape: type[_Extension]) -> _Extension:
        found = shape()
        for i, extension in enumerate(part.custom_extensions):
            if extension.vendor_name != document.VENDOR:
                continue
            where = (*at, "custom_extensions", i, "data")
            try:
                found = shape.model_validate(orjson.loads(extension.data))
            except orjson.JSONDecodeError as error:
                self.fault(where, f"data is not JSON: {error}")
            except ValidationError as error:
                for e in error.errors():
                    self.fault(where, _explain(e["type"], e["loc"], e["msg"]))
        return found

    def _dataset(self, part: document.DatasetPart, at: Location) -> Dataset:
        self._name(part.name, at, "dataset")
        ours = self._extension(part, at, document.DatasetExtension)
        fields: list[Field] = []
        for i, f in enumerate(part.fields):
            build = partial(self._field, f, part.name, (*at, "fields", i))
            fields += self.part("field", f.name, build)
        if ours.complete:
            self.complete.add(part.name)
            self._check_complete(part, fields, at)
        by_name = {f.name: f for f in fields}
        if ours.scope_field is not None and ours.scope_field not in by_name:
            self.fault(at, f"scope_field {ours.scope_field} is not a field of {part.name}")
        if ours.time_field is not None and not by_name.get(ours.time_field, _NO_FIELD).is_time:
            self.fault(at, f"time_field {ours.time_field} is not a time field of {part.name}")
        qualified, view = self._view(part.source, (*at, "source"))
        return Dataset(
            name=part.name,
            source=qualified,
            view=view,
            label=ours.label or _humanised(part.name),
            fields=tuple(fields),
            description=part.description,
            synonyms=tuple(part.ai_context.synonyms),
            primary_key=tuple(part.primary_key),
            scope_field=ours.scope_field,
            time_field=ours.time_field,
            is_sensitive=ours.sensitive,
        )

    def _view(self, text: str, at: Location) -> tuple[str, str]:
        try:
            table = sqlglot.parse_one(text, into=exp.Table, dialect=POSTGRES)
        except (SqlglotError, RecursionError):
            table = None
        names = table.parts if isinstance(table, exp.Table) else []
        if not names or not all(isinstance(n, exp.Identifier) and n.name for n in names):
            self.fault(at, "source must name a table or a view, for example schema.view")
            return "", ""
        folded = [n.name if n.args.get("quoted") else n.name.lower() for n in names]
        return ".".join(folded), folded[-1]

    def _check_complete(
        self, part: document.DatasetPart, fields: Sequence[Field], at: Location
    ) -> None:
        names = {f.name for f in fields}
        for key in part.primary_key:
            if key not in names:
                self.fault((*at, "primary_key"), f"{key} is not a field of {part.name}")
        for i, field in enumerate(fields):
            for node in parse([("ANSI_SQL", field.expression)]).find_all(exp.Column):
                if node.name not in names:
                    where = (*at, "fields", i, "expression")
                    self.fault(where, f"{node.name} is not a field of {part.name}")

    def _field(self, part: document.FieldPart, dataset: str, at: Location) -> Field:
        self._name(part.name, at, "field", f" of {dataset}")
        ours = self._extension(part, at, document.FieldExtension)
        type_ = _TYPES.get(part.datatype or "String", "text")
        expression = ""
        try:
            tree = parse([(d.dialect, d.expression) for d in part.expression.dialects])
            check_scalar(tree)
            check_language(tree)
            for node in tree.find_all(exp.Column):
                if node.table and node.table.lower() != dataset.lower():
                    raise ExpressionError(f"{node.sql(POSTGRES)} is not a column of {dataset}")
                node.set("table", None)
            if part.datatype == "DateTime":
                tree = exp.AtTimeZone(this=exp.Paren(this=tree), zone=exp.Literal.string("UTC"))
            if tree.find(exp.Column) is None:  # GROUP BY would read a bare 1 as a position
                tree = exp.Cast(this=tree, to=exp.DataType.build(_CASTS[type_], dialect=POSTGRES))
            expression = sql_of(tree)
        except ExpressionError as error:
            self.fault((*at, "expression"), str(error))
        is_temporal = type_ in ("date", "timestamp")
        said = "is_time" in part.dimension.model_fields_set
        return Field(
            name=part.name,
            expression=expression,
            type=type_,
            label=ours.label or _humanised(part.name),
            description=part.description,
            synonyms=tuple(part.ai_context.synonyms),
            is_time=is_temporal and (part.dimension.is_time or not said),
            is_personal=ours.personal,
            describes_person=ours.person,
            is_indexed=ours.indexed,
            unit=ours.unit,
            format=ours.format,
        )

    def _relationship(
        self,
        part: document.RelationshipPart,
        at: Location,
        datasets: dict[str, Dataset],
        unique_keys: dict[str, list[list[str]]],
    ) -> Relationship | None:
        self._name(part.name, at, "relationship")
        count = len(self.faults)
        for key, name in (("from", part.from_), ("to", part.to)):
            if name not in datasets:
                self.fault((*at, key), f"there is no dataset called {name}")
        if len(part.from_columns) != len(part.to_columns):
            self.fault(at, "from_columns and to_columns must pair up")
        for key, name, columns in (
            ("from_columns", part.from_, part.from_columns),
            ("to_columns", part.to, part.to_columns),
        ):
            if name in self.complete and name in datasets:
                known = {f.name for f in datasets[name].fields}
                for column in columns:
                    if column not in known:
                        self.fault((*at, key), f"{column} is not a field of {name}")
        if len(self.faults) > count:
            return None
        keys = [set(k) for k in (datasets[part.to].primary_key, *unique_keys[part.to]) if k]
        if keys and not any(key <= set(part.to_columns) for key in keys):
            self.fault((*at, "to_columns"), f"to_columns hold no key of {part.to}")
        return Relationship(
            part.name, part.from_, part.to, tuple(part.from_columns), tuple(part.to_columns)
        )

    def _metrics(
        self,
        part: document.SemanticModelPart,
        at: Location,
        datasets: tuple[Dataset, ...],
        relationships: tuple[Relationship, ...],
    ) -> tuple[Metric, ...]:
        keys = {
            d.name: {*d.primary_key, *(c for key in d.unique_keys for c in key)}
            | {c for r in relationships if r.many == d.name for c in r.many_columns}
            | {c for r in relationships if r.one == d.name for c in r.one_columns}
            for d in reversed(part.datasets)
            if any(d.name == usable.name for usable in datasets)
        }
        expressions = {
            m.name: [(d.dialect, d.expression) for d in m.expression.dialects]
            for m in reversed(part.metrics)  # of two with one name the first is used
        }
        reader = MetricReader(datasets, relationships, keys, expressions)
        metrics: list[Metric] = []
        for i, metric in enumerate(part.metrics):
            build = partial(self._metric, metric, (*at, "metrics", i), reader, expressions)
            metrics += self.part("metric", metric.name, build)
        return tuple(metrics)

    def _metric(
        self,
        part: document.MetricPart,
        at: Location,
        reader: MetricReader,
        expressions: Mapping[str, Variants],
    ) -> Metric | None:
        self._name(part.name, at, "metric")
        ours = self._extension(part, at, document.MetricExtension)
        try:
            read_metric = reader.read(expressions[part.name], ours.dataset)
            if ours.cumulative and not is_additive(parse([(ANSI, read_metric.expression)])):
                raise ExpressionError("only what adds up over groups can be cumulative")
        except ExpressionError as error:
            self.fault((*at, "expression"), str(error))
            return None
        return Metric(
            name=part.name,
            dataset=read_metric.dataset,
            expression=read_metric.expression,
            label=ours.label or _humanised(part.name),
            type=_TYPES[part.datatype] if part.datatype else read_metric.type,
            description=part.description,
            synonyms=tuple(part.ai_context.synonyms),
            unit=ours.unit,
            format=ours.format,
            is_cumulative=ours.cumulative,
            is_sensitive=ours.sensitive,
        )


_NO_FIELD = Field(name="", expression="", type="text", label="")


def _is_encodable(name: str) -> bool:
    """Whether a database can hold it: no zero byte, no half of a surrogate pair."""
    return "\x00" not in name and not any("\ud800" <= c <= "\udfff" for c in name)


def _humanised(name: str) -> str:
    words = " ".join(name.replace("_", " ").split())
    return words[:1].upper() + words[1:]
