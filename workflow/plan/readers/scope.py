"""Refuses what lies outside the person's row scope, before anything else is made of it."""

from contracts.plan import Scalar
from workflow.plan.outcomes import Refused
from workflow.plan.parts import FilterPart
from workflow.plan.reading import Reading


def _listed(label: str, ids: list[int]) -> str:
    numbers = [str(i) for i in ids]
    if len(numbers) == 1:
        return f"{label} {numbers[0]}"
    return f"{label}s {', '.join(numbers[:-1])} and {numbers[-1]}"


def seen_words(reading: Reading, field: str) -> str:
    """What the person can see, as a sentence: "You can see stores 1 and 2." """
    label = reading.label("field", field)
    if not reading.context.store_ids:
        return f"There is no {label.lower()} in your access scope."
    return f"You can see {_listed(label.lower(), sorted(reading.context.store_ids))}."


def refuse_outside_scope(reading: Reading, filters: tuple[FilterPart, ...]) -> None:
    """Raises Refused for an id of the scope's field that the person may not see, or that is
    known not to exist."""
    for part in filters:
        for field, values in part.options:
            if field not in reading.lexicon.scope_fields:
                continue
            asked = [v for v in values if isinstance(v, int)]
            label = reading.label("field", field)
            outside = [v for v in asked if v not in reading.context.store_ids]
            if outside and not reading.context.is_all_stores:
                verb = "is" if len(outside) == 1 else "are"
                raise Refused(
                    f"{seen_words(reading, field)} {_listed(label, outside)} {verb} outside your "
                    "access scope."
                )
            known = reading.values.known.get(field)
            missing = [v for v in asked if known and str(v) not in known]
            if missing:
                raise Refused(f"There is no {_listed(label.lower(), missing)} in the data.")
    if not reading.context.is_all_stores:
        _refuse_what_is_left(reading, filters)


def _refuse_what_is_left(reading: Reading, filters: tuple[FilterPart, ...]) -> None:
    """Raises Refused where everything the person may see is excluded: what is left of the
    question is about the others, and "no data" would say something of them."""
    excluded: dict[str, set[Scalar]] = {}
    for part in filters:
        for field, values in part.options:
            if part.operator == "not_in" and field in reading.lexicon.scope_fields:
                excluded.setdefault(field, set()).update(values)
    for field, left_out in excluded.items():
        if left_out >= set(reading.context.store_ids):
            label = reading.label("field", field)
            raise Refused(
                f"{seen_words(reading, field)} Every other {label.lower()} is outside your access "
                "scope."
            )
