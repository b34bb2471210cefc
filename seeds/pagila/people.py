"""Who and what there is: films, actors, stores, staff, customers and their addresses.

Each function yields rows in the order of the table's columns, `last_update` left to the caller's
column list. Ids count from 1 in the order of the rows.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from seeds.pagila import words
from seeds.pagila.dice import Dice, Weighted
from seeds.pagila.places import CITIES_BY_COUNTRY

FILMS = 1000
ACTORS = 200
CUSTOMERS = 599
COPIES = 4581
STORES = 2
STAFF = (("Iris", "Holm", 1), ("Jonas", "Okafor", 2))
# the stores and the staff live at the first four addresses
CUSTOMER_ADDRESS_OFFSET = STORES + len(STAFF)
FIRST_DAY = date(2022, 1, 1)

RATES = (Decimal("0.99"), Decimal("2.99"), Decimal("4.99"))

Cell = int | str | bool | date | Decimal | list[str] | None
Row = tuple[Cell, ...]


def countries() -> Iterator[Row]:
    """(country_id, country)"""
    yield from enumerate(CITIES_BY_COUNTRY, 1)


def cities() -> Iterator[Row]:
    """(city_id, city, country_id)"""
    city_id = 0
    for country_id, names in enumerate(CITIES_BY_COUNTRY.values(), 1):
        for name in names:
            city_id += 1
            yield city_id, name, country_id


def addresses(scale: int) -> Iterator[Row]:
    """(address_id, address, address2, district, city_id, postal_code, phone)"""
    dice = Dice(11)
    count = sum(map(len, CITIES_BY_COUNTRY.values()))
    # some cities have many customers and most have few, as is the way of cities
    draw = Weighted([1 + 40 / (1 + dice.below(60)) for _ in range(count)])
    for address_id in range(1, CUSTOMER_ADDRESS_OFFSET + CUSTOMERS * scale + 1):
        street = f"{dice.pick(words.STREETS)} {dice.pick(words.STREET_KINDS)}"
        yield (
            address_id,
            f"{dice.between(1, 1999)} {street}",
            None,
            dice.pick(words.DISTRICTS),
            draw.draw(dice) + 1,
            f"{dice.below(100_000):05d}",
            f"{dice.between(10**8, 10**12 - 1)}",
        )


def actors() -> Iterator[Row]:
    """(actor_id, first_name, last_name)"""
    dice = Dice(12)
    for actor_id in range(1, ACTORS + 1):
        yield actor_id, dice.pick(words.FIRST_NAMES), dice.pick(words.LAST_NAMES)


def films() -> Iterator[Row]:
    """(film_id, title, description, release_year, language_id, original_language_id,
    rental_duration, rental_rate, length, replacement_cost, rating, special_features)"""
    dice = Dice(13)
    titles = dice.shuffled([f"{a} {b}" for a in words.TITLE_FIRST for b in words.TITLE_SECOND])
    language = Weighted([78, 4, 5, 4, 5, 4])
    rating = Weighted([178, 194, 223, 195, 210])
    terms = list(rental_terms())
    for film_id, title in enumerate(sorted(titles[:FILMS]), 1):
        language_id = language.draw(dice) + 1
        features = [feature for feature in words.FEATURES if dice.chance(0.54)]
        yield (
            film_id,
            title,
            f"{dice.pick(words.HEROES).capitalize()} {dice.pick(words.DEEDS)} "
            f"{dice.pick(words.OTHERS)} {dice.pick(words.SETTINGS)}.",
            dice.between(1986, 2021),
            language_id,
            dice.between(2, 6) if language_id == 1 and dice.chance(0.05) else None,
            *terms[film_id - 1],
            dice.between(46, 185),
            Decimal(dice.between(9, 29)) + Decimal("0.99"),
            words.RATINGS[rating.draw(dice)],
            features or ["Trailers"],
        )


def rental_terms() -> Iterator[tuple[int, Decimal]]:
    """(rental_duration in days, rental_rate) of each film"""
    dice = Dice(18)
    for _ in range(FILMS):
        yield dice.between(3, 7), dice.pick(RATES)


def film_actors() -> Iterator[Row]:
    """(actor_id, film_id)"""
    dice = Dice(14)
    everyone = range(1, ACTORS + 1)
    for film_id in range(1, FILMS + 1):
        for actor_id in sorted(dice.shuffled(everyone)[: dice.between(2, 9)]):
            yield actor_id, film_id


def film_categories() -> Iterator[Row]:
    """(film_id, category_id): one category a film, as in Pagila"""
    dice = Dice(15)
    draw = Weighted([64, 66, 60, 57, 58, 68, 62, 69, 73, 61, 56, 51, 63, 61, 74, 57])
    for film_id in range(1, FILMS + 1):
        yield film_id, draw.draw(dice) + 1


def inventory(scale: int) -> Iterator[tuple[int, int, int]]:
    """(inventory_id, film_id, store_id): a few films are in no store, popular ones in both"""
    dice = Dice(16)
    stocked = [film_id for film_id in range(1, FILMS + 1) if not dice.chance(0.042)]
    shelves = [(film_id, store_id) for film_id in stocked for store_id in (1, 2)]
    demand = Weighted([0.3 + dice.random() ** 2 for _ in shelves])
    copies = sorted(demand.draw(dice) for _ in range(COPIES))
    for inventory_id in range(1, COPIES * scale + 1):
        film_id, store_id = shelves[copies[(inventory_id - 1) % COPIES]]
        yield inventory_id, film_id, store_id


def stores() -> Iterator[Row]:
    """(store_id, manager_staff_id, address_id)"""
    for store_id in range(1, STORES + 1):
        yield store_id, store_id, store_id


def staff() -> Iterator[Row]:
    """(staff_id, first_name, last_name, address_id, email, store_id, active, username): no
    password, nobody logs in with these"""
    for staff_id, (first, last, store_id) in enumerate(STAFF, 1):
        email = f"{first}.{last}@filmstore.example".lower()
        yield staff_id, first, last, STORES + staff_id, email, store_id, True, first.lower()


def customers(scale: int) -> Iterator[tuple[int, int, str, str, str, int, bool, date, int]]:
    """(customer_id, store_id, first_name, last_name, email, address_id, activebool, create_date,
    active): `activebool` says nothing, `active` does, as in Pagila"""
    dice = Dice(17)
    for customer_id in range(1, CUSTOMERS * scale + 1):
        first, last = dice.pick(words.FIRST_NAMES), dice.pick(words.LAST_NAMES)
        joined_before = dice.chance(0.85)
        days = -dice.between(1, 600) if joined_before else dice.between(0, 150)
        yield (
            customer_id,
            1 if dice.chance(0.54) else 2,
            first,
            last,
            f"{first}.{last}.{customer_id}@mail.example".lower(),
            CUSTOMER_ADDRESS_OFFSET + customer_id,
            True,
            FIRST_DAY + timedelta(days=days),
            0 if (customer_id - 1) % CUSTOMERS % 40 == 7 else 1,  # 15 of 599
        )
