"""What a question is read against, for every planner."""

from dataclasses import dataclass
from datetime import date

from contracts.context import UserContext
from workflow.semantic.model import DataProfile, SemanticModel


@dataclass(frozen=True, slots=True)
class Ground:
    """`model` is the part of the semantic model that the role may use, `profile` what occurs in the
    data that the person may see. Relative periods count from the newest day in the data, or from
    `today` if that is earlier.

    The whole model is no part of it: the built-in planner, which needs it to say what belongs to
    other roles, is given it beside, so that what is told to a model cannot hold it.
    """

    model: SemanticModel
    profile: DataProfile
    context: UserContext
    today: date
