"""What runs are made with, and what becomes of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from contracts.run import Answer
from kit.database import Pool
from workflow.approve.in_force import InForce
from workflow.execute.kept import Kept
from workflow.execute.profile_cache import ProfileCache
from workflow.execute.warehouse import Warehouse
from workflow.plan.router import ModelPlan
from workflow.retrieve.search import Retriever
from workflow.semantic.roles import RoleModels
from workflow.store.notifications import Channel
from workflow.telling import ModelWords

Tell = Callable[[str], None]
"""Takes the next piece of the answer's text, for whoever listens."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What runs are made with, built once at start. `channels` are where news of approval
    requests goes, `approval_seconds` is how long a request waits, `people` how few stand behind
    a row of what was asked lately."""

    pool: Pool
    warehouse: Warehouse
    profiles: ProfileCache
    models: RoleModels
    retriever: Retriever
    in_force: InForce
    model_plan: ModelPlan | None
    model_words: ModelWords | None
    today: Callable[[], date]
    channels: tuple[Channel, ...] = ()
    approval_seconds: float = 24 * 3600.0
    people: Kept[int | None] = field(default_factory=Kept)

    def forget_data(self) -> None:
        """The warehouse was loaded anew: nothing that was read of it before holds."""
        self.profiles.forget()
        self.warehouse.forget()
        self.people.forget()


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer and its JSON text, which is what is stored and sent."""

    answer: Answer
    text: str
