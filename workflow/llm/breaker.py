"""A circuit breaker: a model that fails is left alone for a while, then tried with one call."""

import time
from collections.abc import Callable
from enum import Enum


class Weight(Enum):
    """How much a failure says about the model's next answer."""

    NONE = "none"
    """The request was at fault, not the model."""
    ONE = "one"
    """A passing trouble, perhaps; several in a row are not."""
    ALL = "all"
    """It will not pass by itself: a wrong key, an empty account."""


class Breaker:
    """Shut (calls pass), open (none do) or on trial (one does, and its end decides).

    Every call that `allows` let through ends in exactly one of `succeeded`, `failed` and
    `abandoned`. Times are seconds of `clock`. Not for use from several threads.
    """

    def __init__(
        self,
        *,
        failures: int = 3,
        rest_seconds: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.reason = ""
        self._failures = failures
        self._rest_seconds = rest_seconds
        self._clock = clock
        self._in_a_row = 0
        self._opened_at: float | None = None
        self._on_trial = False

    def allows(self) -> bool:
        """Whether a call may start now; on trial, only the first that asks."""
        if self._opened_at is None:
            return True
        if self._on_trial or self._clock() - self._opened_at < self._rest_seconds:
            return False
        self._on_trial = True
        return True

    def succeeded(self) -> None:
        """The model answered."""
        self._in_a_row = 0
        self._opened_at = None
        self._on_trial = False
        self.reason = ""

    def failed(self, weight: Weight, reason: str) -> None:
        """The call was given up on. A late failure of a call that started before the breaker
        opened does not lengthen the rest."""
        on_trial, self._on_trial = self._on_trial, False
        if weight is Weight.NONE:
            return
        self._in_a_row += 1
        self.reason = reason
        if self._opened_at is not None and not on_trial:
            return
        if on_trial or weight is Weight.ALL or self._in_a_row >= self._failures:
            self._opened_at = self._clock()

    def abandoned(self) -> None:
        """The caller went away before the model answered: nothing was learnt."""
        self._on_trial = False
