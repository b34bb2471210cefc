"""What a caller of a language model must be ready for."""


class ModelUnavailable(Exception):
    """No model gave a usable answer.

    `reason` is short and for a person ("the model's provider answered 402"); it never holds a
    key, an address or a provider's own words.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
