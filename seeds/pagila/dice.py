"""The one source of chance: the same throws on every machine and every run."""

from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Built on `Random.random()` alone, which is the one method whose sequence for a given seed
    Python promises to keep."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed).random  # noqa: S311 - sample data, not secrets

    def below(self, limit: int) -> int:
        """A whole number from 0 to `limit` - 1."""
        return int(self.random() * limit)

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self.random() * (high - low + 1))

    def pick(self, choices: Sequence[T]) -> T:
        """One of them."""
        return choices[int(self.random() * len(choices))]

    def chance(self, probability: float) -> bool:
        """True that often."""
        return self.random() < probability

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """In another order (Fisher-Yates)."""
        out = list(items)
        for i in range(len(out) - 1, 0, -1):
            j = int(self.random() * (i + 1))
            out[i], out[j] = out[j], out[i]
        return out


class Weighted:
    """Indices drawn in proportion to their weights."""

    def __init__(self, weights: Sequence[float]) -> None:
        self._bounds = list(accumulate(weights))
        self._total = self._bounds[-1]

    def draw(self, dice: Dice) -> int:
        """The index of one weight."""
        return min(bisect(self._bounds, dice.random() * self._total), len(self._bounds) - 1)
