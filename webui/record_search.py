"""What an auditor searches the record for, from a form to the gateway's query."""

from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

FIELDS = ("person", "since", "until", "view", "metric", "status", "stage")


@dataclass(frozen=True, slots=True)
class RecordSearch:
    """As it was typed. `since` and `until` are days in UTC, both included."""

    person: str = ""
    since: str = ""
    until: str = ""
    view: str = ""
    metric: str = ""
    status: str = ""
    stage: str = ""

    @property
    def given(self) -> dict[str, str]:
        """What was filled in."""
        values = {name: str(getattr(self, name)).strip() for name in FIELDS}
        return {name: value for name, value in values.items() if value}

    @property
    def address(self) -> str:
        """The same as the query of an address."""
        return urlencode(self.given)

    def query(self) -> dict[str, str]:
        """For the gateway. Raises ValueError for what is no day."""
        found = self.given
        if "since" in found:
            found["since"] = f"{date.fromisoformat(found['since'])}T00:00:00Z"
        if "until" in found:
            found["until"] = f"{date.fromisoformat(found['until']) + timedelta(1)}T00:00:00Z"
        return found
