"""What is regenerated gives, in PostgreSQL, what the statement would give if only the rows in
scope were there."""

from collections.abc import Iterator
from decimal import Decimal

import psycopg
import pytest
from psycopg import sql as psql

from kit.embedded_postgres import Cluster
from workflow.guard.check import judge
from workflow.guard.scope import GuardScope, Relation

PAY = "id int, store_id int, amount numeric(8, 2), day date, at timestamptz, note text, tags text[]"
SCOPE = GuardScope(
    relations={
        "pay": Relation(
            columns=frozenset({"id", "store_id", "amount", "day", "at", "note", "tags"}),
            scope_column="store_id",
            qualified="whole.pay",
        ),
        "town": Relation(
            columns=frozenset({"id", "store_id", "name", "Label"}),
            scope_column="store_id",
            qualified="whole.town",
        ),
    },
    row_scope=(1, 2),
    is_raw=False,
    max_rows=10_000,
)

STATEMENTS = """
SELECT * FROM pay
SELECT count(*) FROM pay
SELECT id, amount FROM pay ORDER BY amount DESC, id LIMIT 7
SELECT PAY.ID, p.Amount FROM pay, pay AS p WHERE pay.id = p.id + 1
SELECT town.name, sum(pay.amount) FROM pay LEFT JOIN town ON town.id = pay.id % 5 GROUP BY 1
SELECT name, amount FROM pay RIGHT JOIN town ON town.id = pay.id
SELECT pay.id, town.id FROM pay FULL JOIN town ON town.id = pay.id
SELECT id, name FROM pay JOIN town USING (id, store_id)
SELECT * FROM pay JOIN town USING (id)
SELECT "Label", "Label" || name FROM town
WITH pay AS (SELECT id, amount * 2 AS amount FROM pay) SELECT max(amount) FROM pay
WITH a AS (SELECT * FROM pay), b(x) AS (SELECT max(amount) FROM a) SELECT a.id FROM a, b WHERE a.amount = b.x
SELECT id FROM pay UNION SELECT id FROM town
SELECT id FROM pay EXCEPT SELECT id FROM town
(SELECT id FROM pay ORDER BY id LIMIT 3) UNION ALL (SELECT id FROM town ORDER BY id DESC LIMIT 2)
SELECT id FROM pay INTERSECT SELECT id FROM town UNION ALL SELECT 1
SELECT id FROM pay WHERE id IN (SELECT id FROM town WHERE town.store_id = pay.store_id)
SELECT id FROM pay WHERE NOT EXISTS (SELECT 1 FROM town WHERE town.id = pay.id)
SELECT id FROM pay WHERE amount > ALL (SELECT avg(amount) FROM pay GROUP BY store_id)
SELECT id, (SELECT count(*) FROM pay AS p WHERE p.amount > pay.amount) FROM pay
SELECT p.id, x.n FROM pay AS p, LATERAL (SELECT name AS n FROM town AS t WHERE t.id = p.id) AS x
SELECT p.id, x.n FROM pay AS p LEFT JOIN LATERAL (SELECT max(name) AS n FROM town WHERE town.id > p.id) AS x ON true
SELECT id, tag FROM pay, unnest(tags) AS tag
SELECT id, u.tag, u.n FROM pay CROSS JOIN LATERAL unnest(tags) WITH ORDINALITY AS u(tag, n)
SELECT d::date, count(pay.id) FROM generate_series(date '2022-01-01', date '2022-01-10', '1 day') AS d LEFT JOIN pay ON pay.day = d GROUP BY 1
SELECT store_id, day, sum(amount) FROM pay GROUP BY ROLLUP (store_id, day)
SELECT store_id, sum(amount) FROM pay GROUP BY GROUPING SETS ((store_id), ())
SELECT day, count(*) FILTER (WHERE amount > 20), sum(amount) FROM pay GROUP BY day HAVING count(*) > 1
SELECT id, rank() OVER (PARTITION BY store_id ORDER BY amount DESC), sum(amount) OVER w FROM pay WINDOW w AS (ORDER BY id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)
SELECT id, lag(amount, 1, 0) OVER (ORDER BY id), ntile(3) OVER (ORDER BY id), sum(amount) OVER (ORDER BY day RANGE BETWEEN interval '3 days' PRECEDING AND CURRENT ROW) FROM pay
SELECT DISTINCT ON (store_id) store_id, id FROM pay ORDER BY store_id, amount DESC, id
SELECT DISTINCT day, store_id FROM pay
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY amount), mode() WITHIN GROUP (ORDER BY store_id) FROM pay
SELECT string_agg(note, ', ' ORDER BY id DESC), array_agg(DISTINCT store_id), count(DISTINCT day) FROM pay
SELECT date_trunc('month', at), extract(year FROM at), date_part('dow', day), to_char(at, 'YYYY-MM-DD'), at::date, day + 1, day + interval '1 month' FROM pay
SELECT at AT TIME ZONE 'UTC', age(at, '2021-01-01'::timestamptz), day - date '2021-01-01', make_date(2022, 1, 1) FROM pay
SELECT amount / 3, amount * 1.5 - 2, -amount, - amount ^ 2 AS p, 7 / 2, 7 % 3, mod(id, 3), 7.0 / 2, round(amount, 1), ceil(amount), floor(amount), abs(-amount), amount::int, id::text || '!' FROM pay
SELECT -2 + 3 * 4 - (5 - 6), 2 - (3 - 4), (2 - 3) - 4, 100 / (10 / 5), 2 ^ 3 AS p, - (2 + 3), + 5, 1.50, .5, 1e3
SELECT id FROM pay WHERE NOT (amount > 10 AND store_id = 1 OR day IS NULL) AND amount NOT BETWEEN 5 AND 6
SELECT id FROM pay WHERE id NOT IN (1, 2, 3) AND note NOT LIKE 'b%' AND note !~ 'z' OR note ILIKE 'A%'
SELECT note LIKE 'a!_%' ESCAPE '!', note SIMILAR TO '(a|b)%', note ~* '^A', note IS DISTINCT FROM 'a', note IS NULL, (note IS NOT NULL) IS TRUE FROM pay
SELECT upper(note), substring(note, 1, 2), substr(note, 2), left(note, 1), right(note, 1), strpos(note, 'a'), position('b' IN note), length(note), char_length(note), trim(note), btrim(note, 'a'), ltrim(note, 'a'), replace(note, 'a', 'zz'), lpad(note, 5, '*'), repeat(note, 2), reverse(note), initcap(note), split_part(note, 'b', 1), overlay(note PLACING 'x' FROM 1), concat(note, '-', id), concat_ws('/', note, id), translate(note, 'ab', 'xy'), md5(note), regexp_replace(note, '[a-c]', '.', 'g') FROM pay
SELECT CASE WHEN amount > 30 THEN 'high' WHEN amount > 10 THEN 'mid' ELSE 'low' END, CASE store_id WHEN 1 THEN 'x' END, coalesce(note, '-'), nullif(store_id, 1), greatest(id, 5), least(id, 5) FROM pay
SELECT tags[1], tags[2:3], array_length(tags, 1), cardinality(tags), 'x' = ANY(tags), tags || ARRAY['q'], tags @> ARRAY['x'], array_to_string(tags, ','), ARRAY[1, 2, id] FROM pay
SELECT j -> 'a' ->> 'b', j #>> '{a,b}', j ? 'a', jsonb_array_length(j -> 'l'), jsonb_build_object('k', 1) FROM (SELECT '{"a": {"b": 5}, "l": [1, 2]}'::jsonb AS j) AS q
SELECT json_agg(id ORDER BY id), jsonb_object_agg(id, note) FROM pay
SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS v(x, y) JOIN pay ON pay.id = v.x
WITH RECURSIVE q AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM q WHERE n < 5) SELECT q.n, pay.amount FROM q JOIN pay ON pay.id = q.n
SELECT (id, store_id) = (1, 1), (id, store_id) IN (SELECT id, store_id FROM town), ROW(id, 2) = ROW(1, 2) FROM pay
SELECT id, amount AS a FROM pay ORDER BY a NULLS FIRST, 1 OFFSET 2 ROWS FETCH NEXT 3 ROWS ONLY
SELECT store_id AS s, sum(amount) AS t FROM pay GROUP BY s ORDER BY t DESC
SELECT q.day FROM (SELECT day, count(*) AS n FROM pay GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 2) AS q
SELECT 'it''s', E'a\\nb', $$q'q$$, 'Zürich', 'a' || NULL, true AND NOT false, NULL::int
SELECT interval '1 day', interval '2' year, interval '90 minutes' * 2, justify_hours(interval '27 hours'), make_interval(days => 3), '1 week'::interval
TABLE town
SELECT pay.* FROM pay WHERE day = '2022-01-02'
SELECT a.id FROM (pay AS a JOIN town AS b ON a.id = b.id) JOIN pay AS c ON c.id = a.id
SELECT variance(amount), stddev_samp(amount), var_samp(amount), corr(amount, id), bool_and(amount > 1), every(amount > 0) FROM pay
""".strip().splitlines()  # noqa: E501 - one statement a line


@pytest.fixture(scope="module")
def database(cluster: Cluster) -> Iterator[psycopg.Connection]:
    """Schema `whole` with the rows of three stores, schema `part` with those of two."""
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as admin:
        admin.execute("DROP DATABASE IF EXISTS guard_execution")
        admin.execute("CREATE DATABASE guard_execution")
    with psycopg.connect(cluster.url("guard_execution"), autocommit=True) as connection:
        connection.execute("SET TIME ZONE 'UTC'")
        for schema, stores in (("whole", [1, 2, 3]), ("part", [1, 2])):
            connection.execute(psql.SQL("CREATE SCHEMA {}").format(psql.Identifier(schema)))
            connection.execute(psql.SQL("SET search_path = {}").format(psql.Identifier(schema)))
            connection.execute(psql.SQL("CREATE TABLE pay ({})").format(psql.SQL(PAY)))
            connection.execute('CREATE TABLE town (id int, store_id int, name text, "Label" text)')
            connection.execute(
                "INSERT INTO pay SELECT n, n %% 3 + 1, n * 1.37, date '2022-01-01' + n %% 9,"
                " timestamptz '2022-01-01 10:00+00' + n * interval '7 hours',"
                " (ARRAY['abc', 'bca', NULL, 'Azb'])[n %% 4 + 1], ARRAY['x', n::text, 'y']"
                " FROM generate_series(1, 40) AS n WHERE n %% 3 + 1 = ANY(%s)",
                (stores,),
            )
            connection.execute(
                "INSERT INTO town SELECT n, n %% 3 + 1, 'town ' || n, 'L' || n"
                " FROM generate_series(1, 12) AS n WHERE n %% 3 + 1 = ANY(%s)",
                (stores,),
            )
        yield connection
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as admin:
        admin.execute("DROP DATABASE guard_execution WITH (FORCE)")


def rows(
    connection: psycopg.Connection, schema: str, statement: str, *, is_star: bool = False
) -> list[str]:
    connection.execute(psql.SQL("SET search_path = {}").format(psql.Identifier(schema)))
    found = connection.execute(statement.encode())
    names = [column.name for column in found.description or ()]
    order = sorted(range(len(names)), key=lambda index: (names[index], index))
    if not is_star:  # only a star's columns may come in another order
        order = list(range(len(names)))
    return sorted(
        repr([(names[index], _plain(row[index])) for index in order]) for row in found.fetchall()
    )


def _plain(value: object) -> object:
    """A number is a number, whichever type of it PostgreSQL gives."""
    return round(float(value), 6) if isinstance(value, int | float | Decimal) else str(value)


@pytest.mark.parametrize("statement", STATEMENTS, ids=range(len(STATEMENTS)))
def test_same_rows(database: psycopg.Connection, statement: str) -> None:
    verdict = judge(statement, SCOPE)
    assert verdict.verdict == "pass", verdict
    assert verdict.sql is not None
    is_star = statement.startswith(("SELECT *", "SELECT pay.*", "TABLE"))
    expected = rows(database, "part", statement, is_star=is_star)
    assert rows(database, "public", verdict.sql, is_star=is_star) == expected
    if verdict.count_sql is not None:
        counted = rows(database, "public", verdict.count_sql)
        assert counted == [f"[('count', {float(len(expected))})]"]
