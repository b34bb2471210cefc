"""The parts of the semantic model that roles may use."""

from contracts.catalog import Catalog
from contracts.context import UserContext
from workflow.semantic.catalog import catalog
from workflow.semantic.model import SemanticModel
from workflow.semantic.restrict import restrict


class RoleModels:
    """The whole model, and each role's part of it by the views the role is allowed."""

    def __init__(self, model: SemanticModel) -> None:
        self.whole = model

    def part(self, context: UserContext) -> SemanticModel:
        """What this person's role may use."""
        return restrict(self.whole, context.allowed_views)

    def catalog(self, context: UserContext) -> Catalog:
        """The same, as the API shows it."""
        return catalog(self.part(context))
