"""How a rule says what it has found."""

from contracts.verdict import Finding, Position
from workflow.guard.notes import place


def block(rule: str, message: str, at: Position | None = None) -> Finding:
    """The statement must not run."""
    return Finding(rule=rule, severity="block", message=message, position=at)


def needs_approval(rule: str, message: str, at: Position | None = None) -> Finding:
    """A second person has to agree."""
    return Finding(rule=rule, severity="needs_approval", message=message, position=at)


def where(starts: list[int], offset: int) -> Position | None:
    """An offset as a position; negative where it is not known."""
    return place(starts, offset) if offset >= 0 else None


def quoted(name: str) -> str:
    """A name for a message: short, and without what could break a line."""
    clean = "".join(c if c.isprintable() else "?" for c in name)
    return f"“{clean[:60]}…”" if len(clean) > 60 else f"“{clean}”"
