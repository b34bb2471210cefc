"""What can be wrong with a model document, and with a plan."""


class ModelError(ValueError):
    """A document that cannot be used. The message has one line a fault: `file:line: fault`."""


class PlanError(ValueError):
    """A plan that the model cannot answer; the message is for the person who asked.

    `field` is the name in the plan that is at fault, if one is.
    """

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field
