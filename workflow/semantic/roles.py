"""The parts of the semantic model that roles may use, derived once each."""

from functools import lru_cache

from contracts.catalog import Catalog
from contracts.context import UserContext
from workflow.semantic.catalog import catalog
from workflow.semantic.model import SemanticModel
from workflow.semantic.restrict import restrict


class RoleModels:
    """The whole model, and each role's part of it by the views the role is allowed."""

    def __init__(self, model: SemanticModel) -> None:
        self.whole = model
        self._part = lru_cache(maxsize=64)(lambda views: restrict(model, views))
        self._catalog = lru_cache(maxsize=64)(lambda views: catalog(self._part(views)))

    def part(self, context: UserContext) -> SemanticModel:
        """What this person's role may use."""
        return self._part(frozenset(context.allowed_views))

    def catalog(self, context: UserContext) -> Catalog:
        """The same, as the API shows it."""
        return self._catalog(frozenset(context.allowed_views))
