"""A statement tells of data, never of session, server or settings."""

from collections.abc import Iterator

from contracts.verdict import Finding
from workflow.guard.allowed import CLOCKS, SESSION_FUNCTIONS
from workflow.guard.findings import block, quoted, where
from workflow.guard.reading import Reading


def of_reading(reading: Reading, starts: list[int]) -> Iterator[Finding]:
    """`current_user` and its kin, written as keywords or as functions."""
    for one in reading.clocks:
        if one.name not in CLOCKS:
            name = one.name.removeprefix("SVFOP_").lower()
            yield _told(name, starts, one.offset)
    for one in reading.functions:
        if one.name.removeprefix("pg_catalog.") in SESSION_FUNCTIONS:
            yield _told(one.name, starts, one.offset)


def _told(name: str, starts: list[int], offset: int) -> Finding:
    message = f"{quoted(name)} tells about the session, not about the data."
    return block("session", message, where(starts, offset))
