"""Says what a follow-up kept of the plan before."""

from contracts.plan import Filter, Plan
from workflow.plan.lexicon import Lexicon


def kept_note(before: Plan, now: Plan, lexicon: Lexicon) -> tuple[str, ...]:
    """A sentence like "Kept: revenue, by category, May 2022."; none where nothing was."""
    kept = [lexicon.spoken("metric", name) for name in now.metrics if name in before.metrics]
    groups = {(d.field, d.grain) for d in before.dimensions}
    for dimension in now.dimensions:
        if (dimension.field, dimension.grain) in groups:
            kept.append(f"by {dimension.grain or lexicon.spoken('field', dimension.field)}")
    single = (f for f in now.filters if isinstance(f, Filter))
    kept += [_said(f, lexicon) for f in single if f in before.filters]
    if now.time is not None and now.time == before.time:
        kept.append(now.time.label)
    if now.comparison is not None and now.comparison == before.comparison:
        kept.append("the comparison")
    if now.limit is not None and now.limit == before.limit:
        kept.append(f"{now.limit} rows")
    return (f"Kept: {', '.join(kept)}.",) if kept else ()


def _said(condition: Filter, lexicon: Lexicon) -> str:
    label = lexicon.spoken("field", condition.field)
    if any(isinstance(v, bool) for v in condition.values):
        return label if condition.values == (True,) else f"not {label}"
    values = " and ".join(map(str, condition.values))
    words = {"eq": "", "in": "", "ne": "not ", "not_in": "not "}
    return f"{label} {words.get(condition.operator, condition.operator + ' ')}{values}"
