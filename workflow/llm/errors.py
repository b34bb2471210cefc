"""What a caller of a language model must be ready for."""

from workflow.llm.meter import Use


class ModelUnavailable(Exception):
    """No model gave a usable answer; `spent` is what was paid for all the same, and to which.

    `reason` is short and for a person ("the model's provider answered 402"); it never holds a
    key, an address or a provider's own words.
    """

    def __init__(self, reason: str, *, spent: Use | None = None, model: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.spent = spent or Use()
        self.model = model
