"""What is to be remembered of an approval: in which other words it may be asked, by which roles,
and until when."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from fastapi import Form
from pydantic import JsonValue

DAYS = 90
MOST_DAYS = 365


class Incomplete(ValueError):
    """What was typed cannot be remembered; the text says why, for a person."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was typed: patterns one a line, roles, and the last day."""

    patterns: str = ""
    roles: tuple[str, ...] = ()
    until: str = ""

    def body(self) -> dict[str, JsonValue]:
        """As the gateway takes it. Raises Incomplete."""
        patterns = [line.strip() for line in self.patterns.splitlines() if line.strip()]
        if not self.roles:
            raise Incomplete("Choose a role that it is remembered for.")
        if len(patterns) > 20 or any(len(pattern) > 400 for pattern in patterns):
            raise Incomplete("Up to 20 questions, each of up to 400 characters, are remembered.")
        try:
            last = date.fromisoformat(self.until)
        except ValueError:
            raise Incomplete("Say until which day it is remembered.") from None
        first, most = days()[0], days()[2]
        if not first <= last <= most:
            raise Incomplete(f"It is remembered until a day from {first} to {most}.")
        return {
            "patterns": [*patterns],
            "roles": [*self.roles],
            "expires_at": datetime.combine(last, time.max, UTC).isoformat(timespec="seconds"),
        }


def sent(
    patterns: Annotated[str, Form(max_length=20_000)] = "",
    role: Annotated[tuple[str, ...], Form(max_length=50)] = (),
    until: Annotated[str, Form(max_length=20)] = "",
) -> Wish:
    """A dependency: what the form holds."""
    return Wish(patterns.replace("\r\n", "\n"), role, until.strip())


def days() -> tuple[date, date, date]:
    """The first day that can be chosen, the usual one, and the last."""
    today = datetime.now(UTC).date()
    return tuple(today + timedelta(days=n) for n in (1, DAYS, MOST_DAYS))  # type: ignore[return-value]
