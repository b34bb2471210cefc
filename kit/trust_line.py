"""Why an answer can be trusted, in words: the line that stands under it, wherever it is shown."""

from contracts.run import Answer, Stage
from kit import display

_PLANNERS = {
    "builtin": "Computed from a plan",
    "model": "Planned by a model, computed from data",
    "verified": "Verified",
}


def parts(answer: Answer) -> tuple[str, ...]:
    """Scope, as-of day, how it was made, checks; what there is of them, in this order."""
    known = as_of(answer)
    told = (scope(answer), f"data to {known}" if known else "", made(answer), checks(answer))
    return tuple(filter(None, told))


def scope(answer: Answer) -> str:
    """Whose eyes it was computed for."""
    stores = answer.security.row_scope
    role = answer.security.role.replace("_", " ")
    if stores == "all":
        return f"{role}, all stores"
    if not stores:
        return f"{role}, no stores"
    many = "stores" if len(stores) > 1 else "store"
    return f"{role}, {many} {' and '.join(map(str, stores))}"


def as_of(answer: Answer) -> str:
    """The last day of the data, like 31 July 2022; empty where it is not known."""
    text = (answer.explain.as_of or "") if answer.explain else ""
    day = display.day(text)
    return display.day_words(day) if day else text


def made(answer: Answer) -> str:
    """How it came about; empty where nothing was computed."""
    if answer.approval is not None and answer.approval.approved_by:
        return f"Approved by {' and '.join(answer.approval.approved_by)}"
    if answer.plan is not None and answer.plan.kind == "knowledge":
        return "From documents"
    return _PLANNERS.get(answer.explain.planner, "") if answer.explain and answer.sql else ""


def checks(answer: Answer) -> str:
    """What the guardrails said; empty where there was nothing to check."""
    found = answer.security.findings
    if Stage.VALIDATION not in answer.timings:
        return ""
    if not found:
        return "all checks passed"
    if any(finding.severity == "block" for finding in found):
        return "stopped by a check"
    if any(finding.severity == "needs_approval" for finding in found):
        return "a person has to decide"
    return f"checks passed, {len(found)} {'notice' if len(found) == 1 else 'notices'}"
