"""What stages leave in the record: enough to go on from, for a restart and for a replay."""

from dataclasses import dataclass, field
from decimal import Decimal

from contracts.approval import Approved, Bound
from contracts.base import Wire
from contracts.plan import Planned
from contracts.result import ResultSet
from contracts.run import AnswerStep, Risk, Source, Waiting, Widget
from contracts.verdict import Verdict
from workflow.narrate.facts import Extent
from workflow.semantic.model import Compiled


class Retrieved(Wire):
    """After rag_retrieval: the documents that bear on the question."""

    sources: tuple[Source, ...]


class Counting(Wire):
    """The statement as it runs where the people behind each row are counted along: the one that
    was asked for, with their numbers in further columns, which nobody is shown. A row of fewer
    than `enough_people` counts."""

    sql: str
    enough_people: int


class Checked(Wire):
    """After validation. Raw SQL has no `compiled`. An approval binds to `binding`, the digest of
    `bound`. `smallest_group` is the number of people behind the row with the fewest, where that
    was counted; with `counting` it is not yet, and the execution tells."""

    verdict: Verdict
    compiled: Compiled | None
    risk: Risk
    bound: Bound
    binding: str
    policy_version: int
    approvers_needed: int = 0
    smallest_group: int | None = None
    counting: Counting | None = None

    def with_count(self, counted: "Counted") -> "Checked":
        """The same with what was counted along with the execution."""
        return self.model_copy(
            update={"risk": counted.risk, "smallest_group": counted.smallest_group}
        )


class Counted(Wire):
    """After db_execution, where the people behind each row were counted along: these take the
    place of what validation left of the same names."""

    risk: Risk
    smallest_group: int | None


class Prepared(Wire):
    """What runs once it is let through."""

    planned: Planned
    checked: Checked


class LetThrough(Wire):
    """After approval: who let what go on."""

    approved: Approved
    prepared: Prepared


@dataclass(slots=True)
class Spent:
    """What a model was paid for telling a result; no model, no tokens."""

    model: str | None = None
    tokens: int = 0
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come; what an answer is composed from."""

    sources: tuple[Source, ...] = ()
    planned: Planned | None = None
    plan_in_words: str = ""
    as_of: str | None = None
    extent: Extent = field(default_factory=Extent)
    checked: Checked | None = None
    waiting: Waiting | None = None
    result: ResultSet | None = None
    text: str = ""
    widgets: tuple[Widget, ...] = ()
    steps: tuple[AnswerStep, ...] = ()
    struck: tuple[str, ...] = field(default=())
    spent: Spent = field(default_factory=Spent)
