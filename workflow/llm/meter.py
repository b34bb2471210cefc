"""What calls to models use up, and who pays. The counting itself is done elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol
from uuid import UUID

CHARACTERS_PER_TOKEN = 4
"""An estimate, for providers that do not count and for answers that did not arrive."""
_PER_PRICE = 1_000_000


@dataclass(frozen=True, slots=True)
class Payer:
    """Whose budgets a call is counted against, and in which role they ask."""

    org_id: UUID
    user_id: UUID
    role: str = ""


@dataclass(frozen=True, slots=True)
class Use:
    """Tokens of one call or of several, and what they cost in US dollars, where prices are set."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: Decimal = Decimal(0)
    calls: int = 0

    def __add__(self, other: "Use") -> "Use":
        return Use(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.cost + other.cost,
            self.calls + other.calls,
        )

    @property
    def tokens(self) -> int:
        """Both ways."""
        return self.prompt_tokens + self.completion_tokens


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens of prompts and of completions."""

    prompt: Decimal
    completion: Decimal


def cost_of(
    prices: Mapping[str, Price], model: str, prompt_tokens: int, completion_tokens: int
) -> Decimal | None:
    """None where no price is set for the model."""
    price = prices.get(model)
    if price is None:
        return None
    return (prompt_tokens * price.prompt + completion_tokens * price.completion) / _PER_PRICE


class Meter(Protocol):
    """Keeps the budgets. Neither method waits for long."""

    async def admit(self, payer: Payer) -> None:
        """Raises ModelUnavailable where a budget of today is used up."""

    def count(self, payer: Payer, use: Use, model: str = "") -> None:
        """A call has ended, well or not; `model` is the one that answered, if one did."""
