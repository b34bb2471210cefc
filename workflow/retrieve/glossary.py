"""The part of the knowledge documents that is written by the semantic model, so that what is said
of a metric is what is computed."""

from collections.abc import Collection, Mapping

from workflow.retrieve.index import Document
from workflow.semantic.index import index_of
from workflow.semantic.model import Dataset, Field, Metric, SemanticModel
from workflow.semantic.restrict import restrict

_UNITS = {
    "currency": "It is an amount of money.",
    "count": "It is a count.",
    "ratio": "It is a ratio of two numbers.",
    "days": "It is measured in days.",
}


def documents_of(
    model: SemanticModel, views_by_role: Mapping[str, Collection[str]]
) -> tuple[Document, ...]:
    """One document for each metric and each dataset, for the roles that may use it; none for
    what no role may use."""
    parts = {role: restrict(model, views) for role, views in views_by_role.items()}
    found: list[Document] = []
    for metric in model.metrics:
        roles = [role for role, part in parts.items() if metric in part.metrics]
        if roles:
            found.append(_of_metric(metric, model, roles))
    for dataset in model.datasets:
        roles = [role for role, part in parts.items() if dataset in part.datasets]
        if roles:
            found.append(_of_dataset(dataset, roles))
    return tuple(found)


def _of_metric(metric: Metric, model: SemanticModel, roles: list[str]) -> Document:
    label = metric.label
    dataset = index_of(model).datasets[metric.dataset]
    time = next((f for f in dataset.fields if f.name == dataset.time_field), None)
    said = [
        f"{label}: {_sentence(metric.description) or f'a metric of {_lower(dataset.label)}.'}",
        f"{label} is calculated as {' '.join(metric.expression.split())}.",
        _UNITS.get(metric.unit or "", ""),
        f"A period counts by {_lower(time.label)}." if time else "",
    ]
    body = " ".join(text for text in said if text)
    if metric.synonyms:
        body += f"\n\nOther words for {_lower(label)}: {', '.join(metric.synonyms)}."
    return Document(
        key=f"metric_{metric.name}",
        title=f"How {_lower(label)} is calculated"[:100],
        kind="metric_glossary",
        roles=tuple(roles),
        body=body,
    )


def _of_dataset(dataset: Dataset, roles: list[str]) -> Document:
    fields = "\n".join(f"- {_field(field)}" for field in dataset.fields)
    return Document(
        key=f"dataset_{dataset.name}",
        title=f"Fields of {_lower(dataset.label)}"[:100],
        kind="schema_hint",
        roles=tuple(roles),
        body=f"{_sentence(dataset.description)}\n\n{fields}".strip(),
    )


def _field(field: Field) -> str:
    said = f"{field.label}: {_sentence(field.description) or 'no description.'}"
    return f"{said} This is personal data." if field.is_personal else said


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."


def _lower(label: str) -> str:
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]
