"""How one dataset's rows find their row in another."""

from collections.abc import Sequence
from dataclasses import dataclass

from workflow.semantic.model import Relationship


@dataclass(frozen=True, slots=True)
class Reach:
    """A dataset that can be joined: its one shortest path, or none when several are as short."""

    steps: tuple[Relationship, ...]
    is_ambiguous: bool = False


def reachable(start: str, relationships: Sequence[Relationship]) -> dict[str, Reach]:
    """The datasets to which each row of `start` has at most one row, nearest first.

    Only many-to-one steps are taken, so that a join along a path never repeats a row.
    """
    found: dict[str, Reach] = {}
    edge = {start: Reach(())}
    while edge:
        following: dict[str, Reach] = {}
        for name, reach in edge.items():
            for step in relationships:
                if step.many != name or step.one == start or step.one in found:
                    continue
                is_second = step.one in following
                following[step.one] = Reach(
                    (*reach.steps, step), is_ambiguous=is_second or reach.is_ambiguous
                )
        found.update(following)
        edge = following
    return found
