"""What happened in the stores from January to July 2022: rentals and the payments for them.

Business grows through the spring, is best at weekends and in the evening. A copy is in one
customer's hands at a time. Whoever keeps a film past its rental duration pays one more unit of
currency a day. The story is told at the end of 31 July: what was not back by then has no return
date and was paid for when it was taken.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from seeds.pagila.dice import Dice
from seeds.pagila.people import FIRST_DAY

RENTALS = 16_044
DAYS = 212  # January to July
DAY_SECONDS = 86_400
END = DAYS * DAY_SECONDS
LATE_FEE = 1
OPENS, CLOSES = 10 * 3600, 22 * 3600
# how the months compare, and the days of the week from Monday
MONTH_WEIGHT = {1: 0.62, 2: 0.78, 3: 0.96, 4: 0.90, 5: 1.08, 6: 1.22, 7: 1.34}
WEEKDAY_WEIGHT = (0.82, 0.78, 0.86, 0.95, 1.22, 1.36, 1.05)
SECOND_PAYMENTS = 5
DAMAGE_FEE = Decimal("3.50")


class Rental(NamedTuple):
    """A rental and its payment. Times are seconds since the start of 1 January 2022, UTC."""

    rental_id: int
    rented_at: int
    inventory_id: int
    customer_id: int
    returned_at: int | None
    staff_id: int
    amount: Decimal
    paid_at: int


def rentals_per_day(scale: int) -> list[int]:
    """How many rentals each day sees; adds up to RENTALS times `scale`."""
    days = [FIRST_DAY + timedelta(days=n) for n in range(DAYS)]
    weights = [MONTH_WEIGHT[day.month] * WEEKDAY_WEIGHT[day.weekday()] for day in days]
    total, due, done, out = sum(weights), 0.0, 0, []
    for weight in weights:
        due += weight
        out.append(round(RENTALS * scale * due / total) - done)
        done += out[-1]
    return out


def _store_hours(dice: Dice) -> int:
    """A second of the day: most come after work."""
    latest = max(dice.random(), dice.random())
    return OPENS + int(latest * (CLOSES - OPENS))


class _Customers:
    """Draws a customer for a store: mostly one of its own, sometimes one of the other's, never
    one who had not yet joined."""

    def __init__(self, store_of: Sequence[int], joined: Sequence[date]) -> None:
        self._by_store = {
            store: [i + 1 for i, s in enumerate(store_of) if s == store] for store in set(store_of)
        }
        self._everyone = range(1, len(store_of) + 1)
        self._joined = [(day - FIRST_DAY).days for day in joined]

    def draw(self, dice: Dice, store_id: int, day: int) -> int:
        regular = dice.random() < 0.85
        while True:
            # a few come often, most now and then
            choices = self._by_store[store_id] if regular else self._everyone
            customer_id = choices[int(dice.random() * dice.random() ** 0.35 * len(choices))]
            if self._joined[customer_id - 1] <= day:
                return customer_id


def rentals(
    scale: int,
    *,
    store_of_copy: Sequence[int],
    film_of_copy: Sequence[int],
    terms: Sequence[tuple[int, Decimal]],
    store_of_customer: Sequence[int],
    joined: Sequence[date],
) -> Iterator[Rental]:
    """All rentals in the order in which they happened. `terms` holds each film's rental duration
    in days and its rate; the sequences are by id, from 1."""
    dice = Dice(21)
    random = dice.random
    customers = _Customers(store_of_customer, joined)
    free_from = [0] * len(store_of_copy)
    rental_id = 0
    for day, count in enumerate(rentals_per_day(scale)):
        for second in sorted(_store_hours(dice) for _ in range(count)):
            rented_at = day * DAY_SECONDS + second
            copy = int(random() * len(free_from))
            while free_from[copy] > rented_at:
                copy = int(random() * len(free_from))
            store_id = store_of_copy[copy]
            duration, rate = terms[film_of_copy[copy] - 1]
            kept = 1 + int(random() * (duration + 3))
            returned_at = (day + kept) * DAY_SECONDS + _store_hours(dice)
            # a few are never seen again
            is_back = returned_at < END and random() > 0.004
            free_from[copy] = returned_at if is_back else END
            late = max(0, kept - duration) if is_back else 0
            amount = rate + LATE_FEE * late if random() > 0.0015 else Decimal("0.00")
            rental_id += 1
            yield Rental(
                rental_id,
                rented_at,
                copy + 1,
                customers.draw(dice, store_id, day),
                returned_at if is_back else None,
                store_id if random() < 0.8 else 3 - store_id,
                amount,
                returned_at if is_back else rented_at,
            )


def has_second_payment(rental_id: int) -> bool:
    """Five rentals of every 16,044 came back damaged, and were paid for a second time."""
    return rental_id % (RENTALS // SECOND_PAYMENTS) == 1000
