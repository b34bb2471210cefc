"""What the parts of the assembly share: the reading, and how to read it a little differently."""

from dataclasses import replace
from enum import Enum
from typing import Self

from contracts.plan import Plan
from workflow.plan.lexicon import Lexicon
from workflow.plan.outcomes import Refused, Unclear
from workflow.plan.parts import (
    ComparisonPart,
    DimensionPart,
    Extras,
    FilterPart,
    Parts,
    RankPart,
    TimePart,
)
from workflow.plan.reading import Reading

_MOST_CHOICES = 4
_DEEPEST = 2


class Keep(Enum):
    """Marks an argument that was not given, where None would mean "without"."""

    AS_IS = "as is"


class Assembly:
    """A reading with its parts. What is unclear is offered as other readings of the same parts."""

    def __init__(self, reading: Reading, parts: Parts, depth: int = 0) -> None:
        self._depth = depth
        self._reading = reading
        self._parts = parts
        self._lexicon: Lexicon = reading.lexicon

    def plan_of(self, names: tuple[str, ...]) -> Plan:
        """The plan of these metrics. Raises Refused or Unclear."""
        raise NotImplementedError

    def _plans(self, *attempts: "tuple[Assembly, tuple[str, ...]]") -> tuple[Plan, ...]:
        """The plans that these readings make; a reading that is unclear too is no choice. Readings
        of readings are not followed, or two things that are unclear would chase each other."""
        found: list[Plan] = []
        for reading, names in attempts if self._depth < _DEEPEST else ():
            try:
                found.append(reading.plan_of(names))
            except (Refused, Unclear):
                continue
            if len(found) == _MOST_CHOICES:
                break
        return tuple(found)

    def _label(self, kind: str, name: str) -> str:
        return self._reading.label(kind, name)

    def _metric_labels(self, names: tuple[str, ...]) -> str:
        return " and ".join(self._label("metric", n) for n in names)

    def _fitting(self, fields: tuple[str, ...], datasets: frozenset[str]) -> list[str]:
        own = [f for f in fields if self._lexicon.is_own(f, datasets)]
        return own or [f for f in fields if self._lexicon.is_reachable(f, datasets)]

    def _with(
        self,
        *,
        filters: tuple[FilterPart, ...] | None = None,
        dimensions: tuple[DimensionPart, ...] | None = None,
        time: TimePart | Keep | None = Keep.AS_IS,
        rank: RankPart | Keep | None = Keep.AS_IS,
        comparison: ComparisonPart | Keep | None = Keep.AS_IS,
        extras: Extras | None = None,
    ) -> Self:
        """The same question read a little differently."""
        held = self._parts
        return self._of(
            replace(
                held,
                filters=held.filters if filters is None else filters,
                dimensions=held.dimensions if dimensions is None else dimensions,
                time=held.time if isinstance(time, Keep) else time,
                rank=held.rank if isinstance(rank, Keep) else rank,
                comparison=held.comparison if isinstance(comparison, Keep) else comparison,
                extras=extras or held.extras,
            )
        )

    def _of(self, parts: Parts) -> Self:
        return type(self)(self._reading, parts, self._depth + 1)
