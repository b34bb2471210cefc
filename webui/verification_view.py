"""What a verification found, in the words of its page."""

from dataclasses import dataclass
from uuid import UUID

from contracts.verification import Verification, VerificationFault

_OWNERS = {"event": "run", "action": "approval request"}


@dataclass(frozen=True, slots=True)
class FaultLine:
    """A fault, and where its place is opened; empty where there is no page of it."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class VerificationView:
    """`sentence` says it all; `rest` what else was read."""

    is_unbroken: bool
    sentence: str
    rest: str
    faults: tuple[FaultLine, ...]


def view_of(found: Verification) -> VerificationView:
    """How to show it."""
    read = f"{_count(found.events, 'event')} and {_count(found.checkpoints, 'seal')}"
    if found.is_unbroken:
        since = f" since {found.since.day} {found.since:%B %Y}" if found.since else ""
        sentence = f"{read}, unbroken{since}."
    else:
        first = found.faults[0]
        sentence = f"Broken at {_place(first)}: {first.what}."
    rest = (
        f"Read were {read}, {_count(found.runs, 'run')}, "
        f"{_count(found.actions, 'action')} on approval requests, "
        f"{_count(found.changes, 'governing change')} and {_count(found.receipts, 'receipt')}; "
        f"{_count(found.entries, 'entry', 'entries')} are sealed, and {found.unsealed:,} will be "
        "with the next checkpoint."
    )
    return VerificationView(
        found.is_unbroken, sentence, rest, tuple(_line(fault) for fault in found.faults)
    )


def _line(fault: VerificationFault) -> FaultLine:
    owner = f" of {_OWNERS[fault.subject]} {fault.id}" if fault.subject in _OWNERS else ""
    return FaultLine(f"{_place(fault)}{owner}: {fault.what}", _href(fault))


def _place(fault: VerificationFault) -> str:
    if fault.seq is not None:
        return f"{fault.subject} {fault.seq:,}"
    return f"{fault.subject} {fault.id}"


def _href(fault: VerificationFault) -> str:
    """What is in a record that does not hold may be anything."""
    try:
        known = UUID(fault.id)
    except ValueError:
        return ""
    return {
        "event": f"/audit/runs/{known}?at={fault.seq}#event-{fault.seq}",
        "run": f"/audit/runs/{known}",
        "receipt": f"/audit/runs/{known}",
        "action": f"/approvals/{known}",
        "checkpoint": f"/audit/checkpoints#c-{fault.seq}",
        "change": "/admin/changes",
    }.get(fault.subject, "")


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
