"""What was said before in a conversation: what a follow-up is read against."""

from dataclasses import dataclass

from contracts.plan import PlannerOutput

MOST_EXCHANGES = 10


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question of the same person in the same conversation, what was made of it and what was
    answered. `output` is missing where the run ended before it had a plan."""

    question: str
    output: PlannerOutput | None
    answer: str
