"""The semantic model as a map: metric, fields, views, roles; and a document held against it."""

import re

import sqlglot
from sqlglot import exp

from contracts.context import Permission, UserContext
from contracts.semantic_model import (
    LineageField,
    ModelCheck,
    ModelDataset,
    ModelFault,
    ModelField,
    ModelMap,
    ModelMetric,
    ModelRelationship,
)
from kit.database import Connection
from workflow.semantic.expressions import POSTGRES
from workflow.semantic.load import ModelError, load_text
from workflow.semantic.model import Dataset, Metric, SemanticModel
from workflow.semantic.restrict import restrict
from workflow.store import role_policies

DOCUMENT = "document"
"""What a document that is checked is called in its faults, which are shown without it."""
_AT_LINE = re.compile(r"^.*?:(\d+): (.*)$", re.DOTALL)


async def map_of(connection: Connection, caller: UserContext, model: SemanticModel) -> ModelMap:
    """The whole model, with the roles of the caller's organisation that may use each part."""
    roles = await role_policies.of_organisation(connection, caller.org_id)
    parts = {
        one.role: restrict(model, one.allowed_views)
        for one in roles
        if Permission.ASK in one.permissions
    }
    metrics = tuple(_metric(metric, model, parts) for metric in model.metrics)
    return ModelMap(
        name=model.name,
        digest=model.digest,
        metrics=metrics,
        datasets=tuple(_dataset(dataset, metrics, parts) for dataset in model.datasets),
        relationships=tuple(
            ModelRelationship(
                name=one.name,
                many=one.many,
                one=one.one,
                many_columns=one.many_columns,
                one_columns=one.one_columns,
            )
            for one in model.relationships
        ),
        faults=_left_out(model),
    )


def check(text: str, now: SemanticModel) -> ModelCheck:
    """What the document holds, each fault at its line, and what would change. Pure, and takes
    a second for a large one."""
    try:
        model = load_text(text.encode("utf-8", "replace"), DOCUMENT)
    except ModelError as error:
        return ModelCheck(
            is_readable=False, faults=tuple(_at_line(line) for line in str(error).splitlines())
        )
    before, after = _states(now), _states(model)
    return ModelCheck(
        is_readable=True,
        name=model.name,
        digest=model.digest,
        datasets=len(model.datasets),
        fields=sum(len(one.fields) for one in model.datasets),
        relationships=len(model.relationships),
        metrics=len(model.metrics),
        faults=_left_out(model),
        added=tuple(sorted(after.keys() - before.keys())),
        removed=tuple(sorted(before.keys() - after.keys())),
        changed=tuple(sorted(k for k in after.keys() & before.keys() if after[k] != before[k])),
    )


def _states(model: SemanticModel) -> dict[str, object]:
    found: dict[str, object] = {f"metric {one.name}": one for one in model.metrics}
    for dataset in model.datasets:
        found[f"dataset {dataset.name}"] = (dataset.source, dataset.scope_field, dataset.time_field)
        found |= {f"field {dataset.name}.{one.name}": one for one in dataset.fields}
    return found


def _left_out(model: SemanticModel) -> tuple[ModelFault, ...]:
    return tuple(
        _at_line(one.fault).model_copy(update={"part": one.kind, "name": one.name})
        for one in model.unusable
    )


def _at_line(fault: str) -> ModelFault:
    found = _AT_LINE.match(fault)
    if found is None:
        return ModelFault(line=1, message=fault)
    return ModelFault(line=int(found[1]), message=found[2])


def _metric(metric: Metric, model: SemanticModel, parts: dict[str, SemanticModel]) -> ModelMetric:
    lineage = _lineage(metric, model)
    used = {one.dataset for one in lineage} | {metric.dataset}
    return ModelMetric(
        name=metric.name,
        label=metric.label,
        description=metric.description,
        synonyms=metric.synonyms,
        expression=metric.expression,
        type=metric.type,
        unit=metric.unit,
        is_cumulative=metric.is_cumulative,
        is_sensitive=metric.is_sensitive,
        lineage=lineage,
        views=tuple(sorted(d.view for d in model.datasets if d.name in used)),
        dimensions=tuple(
            field.name for d in model.datasets if d.name == metric.dataset for field in d.fields
        ),
        roles=tuple(role for role, part in parts.items() if metric in part.metrics),
    )


def _lineage(metric: Metric, model: SemanticModel) -> tuple[LineageField, ...]:
    views = {dataset.name: dataset.view for dataset in model.datasets}
    tree = sqlglot.parse_one(metric.expression, dialect=POSTGRES)
    found = dict.fromkeys(
        (node.table or metric.dataset, node.name) for node in tree.find_all(exp.Column)
    )
    return tuple(
        LineageField(dataset=dataset, field=field, view=views.get(dataset, ""))
        for dataset, field in found
    )


def _dataset(
    dataset: Dataset, metrics: tuple[ModelMetric, ...], parts: dict[str, SemanticModel]
) -> ModelDataset:
    using = {
        field.name: tuple(
            metric.name
            for metric in metrics
            if any((at.dataset, at.field) == (dataset.name, field.name) for at in metric.lineage)
        )
        for field in dataset.fields
    }
    return ModelDataset(
        name=dataset.name,
        label=dataset.label,
        description=dataset.description,
        synonyms=dataset.synonyms,
        source=dataset.source,
        view=dataset.view,
        scope_field=dataset.scope_field,
        time_field=dataset.time_field,
        is_sensitive=dataset.is_sensitive,
        fields=tuple(
            ModelField(
                name=field.name,
                label=field.label,
                description=field.description,
                synonyms=field.synonyms,
                type=field.type,
                expression=field.expression,
                unit=field.unit,
                is_time=field.is_time,
                is_personal=field.is_personal,
                is_indexed=field.is_indexed,
                metrics=using[field.name],
            )
            for field in dataset.fields
        ),
        roles=tuple(role for role, part in parts.items() if dataset in part.datasets),
    )
