"""A few hundred rows in tables such as Pagila's, and plain views on them.

The views are written anew here, without any protection, so that the golden questions can be
tried without the migrations: what they must agree on is the columns.
"""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import psycopg

TABLES = """
CREATE TABLE country (country_id int PRIMARY KEY, country text);
CREATE TABLE city (city_id int PRIMARY KEY, city text, country_id int);
CREATE TABLE address (address_id int PRIMARY KEY, city_id int);
CREATE TABLE language (language_id int PRIMARY KEY, name char(20));
CREATE TABLE category (category_id int PRIMARY KEY, name text);
CREATE TABLE film (film_id int PRIMARY KEY, title text, rating text, language_id int,
    rental_duration int);
CREATE TABLE film_category (film_id int, category_id int);
CREATE TABLE inventory (inventory_id int PRIMARY KEY, film_id int, store_id int);
CREATE TABLE staff (staff_id int PRIMARY KEY, first_name text, last_name text);
CREATE TABLE customer (customer_id int PRIMARY KEY, store_id int, first_name text,
    last_name text, email text, address_id int, active int, create_date date);
CREATE TABLE rental (rental_id int PRIMARY KEY, rental_date timestamptz, inventory_id int,
    customer_id int, return_date timestamptz, staff_id int);
CREATE TABLE payment (payment_id int PRIMARY KEY, customer_id int, staff_id int, rental_id int,
    amount numeric(5,2), payment_date timestamptz);
"""

VIEWS = """
CREATE SCHEMA IF NOT EXISTS analytics;
CREATE VIEW analytics.film_facts AS
SELECT f.film_id, f.title, f.rating::text AS rating, l.name::text AS language,
    f.rental_duration AS allowed_days,
    (SELECT string_agg(c.name, ', ' ORDER BY c.name) FROM public.film_category fc
        JOIN public.category c ON c.category_id = fc.category_id
        WHERE fc.film_id = f.film_id) AS category
FROM public.film f JOIN public.language l ON l.language_id = f.language_id;
CREATE VIEW analytics.place AS
SELECT cu.customer_id, ci.city, co.country FROM public.customer cu
JOIN public.address a ON a.address_id = cu.address_id
JOIN public.city ci ON ci.city_id = a.city_id
JOIN public.country co ON co.country_id = ci.country_id;
CREATE VIEW analytics.v_rental_scoped AS
SELECT r.rental_id, r.rental_date,
    to_char(r.rental_date AT TIME ZONE 'UTC', 'FMDay') AS weekday,
    r.return_date, r.return_date IS NOT NULL AS is_returned,
    extract(epoch FROM r.return_date - r.rental_date) / 86400 AS rental_days, f.allowed_days,
    r.return_date <= r.rental_date + make_interval(days => f.allowed_days) AS is_on_time,
    r.customer_id,
    i.store_id, f.film_id, f.title AS film_title, f.category, f.rating, f.language,
    x.city AS customer_city, x.country AS customer_country, r.staff_id,
    s.first_name || ' ' || s.last_name AS staff_name
FROM public.rental r JOIN public.inventory i ON i.inventory_id = r.inventory_id
JOIN analytics.film_facts f ON f.film_id = i.film_id
JOIN analytics.place x ON x.customer_id = r.customer_id
JOIN public.staff s ON s.staff_id = r.staff_id
WHERE i.store_id = ANY (string_to_array(current_setting('countersign.store_ids'), ',')::int[]);
CREATE VIEW analytics.v_payment_scoped AS
SELECT p.payment_id, p.payment_date,
    to_char(p.payment_date AT TIME ZONE 'UTC', 'FMDay') AS weekday,
    p.amount, p.rental_id, p.customer_id, r.store_id,
    r.film_id, r.film_title, r.category, r.rating, r.language, x.city AS customer_city,
    x.country AS customer_country, p.staff_id, s.first_name || ' ' || s.last_name AS staff_name,
    r.rental_date
FROM public.payment p JOIN analytics.v_rental_scoped r ON r.rental_id = p.rental_id
JOIN analytics.place x ON x.customer_id = p.customer_id
JOIN public.staff s ON s.staff_id = p.staff_id;
CREATE VIEW analytics.v_customer_masked AS
SELECT cu.customer_id, cu.store_id, left(cu.first_name, 1) AS masked_name,
    left(cu.email, 1) AS masked_email, x.city, x.country, cu.active = 1 AS is_active,
    cu.create_date
FROM public.customer cu JOIN analytics.place x ON x.customer_id = cu.customer_id
WHERE cu.store_id = ANY (string_to_array(current_setting('countersign.store_ids'), ',')::int[]);
"""

CATEGORIES = (
    "Action", "Animation", "Children", "Classics", "Comedy", "Documentary", "Drama", "Family",
    "Foreign", "Games", "Horror", "Music", "New", "Sci-Fi", "Sports", "Travel",
)  # fmt: skip
COUNTRIES = ("Canada", "India", "China", "United States", "Mexico", "Brazil", "Japan")
RATINGS = ("G", "PG", "PG-13", "R", "NC-17")
START = datetime(2022, 1, 23, 22, tzinfo=UTC)
PAYMENT_HOURS, RENTAL_HOURS = 24 * 185, 24 * 211  # to late July and to late August


def fill(connection: psycopg.Connection) -> None:
    """Make the tables, always with the same rows."""
    random_ = random.Random(11)
    pick = random_.choice

    def times(hours: int) -> datetime:
        return START + timedelta(hours=random_.randrange(hours))

    rows: dict[str, list[tuple[object, ...]]] = {
        "country": list(enumerate(COUNTRIES)),
        "city": [(n, f"City {n}", n % len(COUNTRIES)) for n in range(20)],
        "address": [(n, n % 20) for n in range(60)],
        "language": [(1, "English"), (2, "Italian")],
        "category": list(enumerate(CATEGORIES)),
        "film": [(n, f"FILM {n}", pick(RATINGS), pick([1, 1, 2]), 3 + n % 5) for n in range(80)],
        "film_category": [(n, n % len(CATEGORIES)) for n in range(80)],
        "inventory": [(n, n % 80, pick([1, 2])) for n in range(200)],
        "staff": [(1, "Ann", "Lee"), (2, "Bo", "Ray")],
        "customer": [
            (n, pick([1, 2]), f"F{n}", f"L{n}", f"e{n}", n, pick([1, 1, 1, 0]), START.date())
            for n in range(60)
        ],
    }
    rows["rental"] = []
    for n in range(700):
        rented = times(RENTAL_HOURS)
        returned = pick([None, rented + timedelta(hours=random_.randrange(5, 200))])
        rows["rental"].append(
            (n, rented, random_.randrange(200), random_.randrange(60), returned, pick([1, 2]))
        )
    rows["payment"] = [
        (
            n,
            rows["rental"][n % 700][3],
            pick([1, 2]),
            n % 700,
            Decimal(random_.randrange(0, 1200)) / 100,
            times(PAYMENT_HOURS),
        )
        for n in range(720)
    ]
    connection.execute(TABLES)
    for table, content in rows.items():
        with connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
            for row in content:
                copy.write_row(row)
