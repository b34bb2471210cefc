"""Whatever the text, the guardrails answer, soon; and what passes reads only what it may."""

import time

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pglast.parser import parse_sql_json

from workflow.guard.check import judge
from workflow.guard.scope import GuardScope, Relation

SCOPE = GuardScope(
    relations={
        "pay": Relation(
            columns=frozenset({"id", "amount", "store_id", "day", "email"}),
            personal=frozenset({"email"}),
            scope_column="store_id",
            qualified="analytics.v_pay",
        ),
        "town": Relation(columns=frozenset({"id", "name"}), qualified="analytics.v_town"),
    },
    row_scope=(1, 2),
    is_raw=False,
)
MAY_READ = {("analytics", "v_pay"), ("analytics", "v_town")}


def _words(text: str) -> list[str]:
    return text.split()


WORDS = _words("""
    SELECT FROM WHERE GROUP BY ORDER LIMIT OFFSET HAVING UNION ALL EXCEPT INTERSECT WITH RECURSIVE
    AS MATERIALIZED JOIN LEFT RIGHT FULL CROSS NATURAL ON USING LATERAL DISTINCT VALUES TABLE INTO
    FOR UPDATE DELETE INSERT RETURNING CASE WHEN THEN ELSE END AND OR NOT IN EXISTS ANY ARRAY ROW
    BETWEEN LIKE IS NULL TRUE OVER PARTITION WINDOW FILTER WITHIN FETCH FIRST ROWS ONLY COLLATE CAST
    interval date timestamp AT TIME ZONE TABLESAMPLE COPY DO EXPLAIN SET GRANT ( ) ( ) ( ) [ ] , , ,
    . . ; :: = <> < > + - * / % ^ || -> ->> | & ~ @> ? $1 $$ ' " '' "" -- /* */ 1 2 0 1e12 'x'
    'a''b' E'\\n' U&"\\0061" $$q$$ pay town secrets q q r pay.id pay.amount pay.* * id amount
    store_id day email name secret ctid xmin pg_catalog. analytics.v_pay analytics.v_town public.pay
    count(*) sum(amount) max(email) lower(name) pg_sleep(1) pg_read_file('x') current_user version()
    query_to_xml('SELECT',true,true,'') generate_series(1,9) repeat('x',9) dblink regclass ::text
    ::regclass é \u212a \x00
""")

STATEMENTS = [
    "SELECT id, amount FROM pay WHERE day > date '2022-01-01' ORDER BY amount DESC LIMIT 5",
    "SELECT town.name, sum(pay.amount) AS s FROM pay JOIN town ON pay.id = town.id GROUP BY 1",
    "WITH q AS (SELECT id, amount FROM pay), r AS (SELECT max(amount) AS m FROM q)"
    " SELECT q.id FROM q, r",
    "SELECT * FROM (SELECT id FROM pay UNION SELECT id FROM town) AS q"
    " WHERE id IN (SELECT id FROM pay)",
    "SELECT count(*) FILTER (WHERE amount > 1), rank() OVER (PARTITION BY day ORDER BY amount)"
    " FROM pay GROUP BY day, amount",
    "SELECT p.id, x.n FROM pay AS p,"
    " LATERAL (SELECT name AS n FROM town AS t WHERE t.id = p.id) AS x",
    "SELECT CASE WHEN amount > 1 THEN 'a' ELSE 'b' END, coalesce(day::text, '-') FROM pay AS p",
]


def relations_read(sql: str) -> set[tuple[str, ...]]:
    """Every name with a schema, and every bare one that no WITH gives, by a plain walk."""
    found: set[tuple[str, ...]] = set()
    named: set[str] = set()
    pending: list[object] = [orjson.loads(parse_sql_json(sql))]
    while pending:
        one = pending.pop()
        if isinstance(one, list):
            pending.extend(one)
        elif isinstance(one, dict):
            if "relname" in one:
                found.add(tuple(one[key] for key in ("schemaname", "relname") if key in one))
            if "ctename" in one:
                named.add(one["ctename"])
            pending.extend(one.values())
    return {parts for parts in found if len(parts) > 1 or parts[0] not in named}


def examine(sql: str) -> None:
    started = time.perf_counter()
    verdict = judge(sql, SCOPE)
    assert time.perf_counter() - started < 1
    if verdict.verdict == "block":
        assert verdict.sql is None and verdict.findings
        return
    assert verdict.sql is not None
    assert relations_read(verdict.sql) <= MAY_READ
    assert verdict.sql.count("analytics.v_pay ") == verdict.sql.count(
        "analytics.v_pay WHERE store_id IN (1, 2)"
    )
    if verdict.count_sql is not None:
        assert relations_read(verdict.count_sql) <= MAY_READ


@given(st.lists(st.sampled_from(WORDS), max_size=40))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_row_of_words(words: list[str]) -> None:
    examine(" ".join(words))


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_text(text: str) -> None:
    examine(text)


@given(
    st.sampled_from(STATEMENTS),
    st.lists(
        st.tuples(
            st.integers(0, 60),
            st.sampled_from(["put", "replace", "drop", "swap"]),
            st.sampled_from(WORDS),
        ),
        min_size=1,
        max_size=4,
    ),
)
@settings(max_examples=600, deadline=None)
def test_any_change_to_a_good_statement(
    statement: str, changes: list[tuple[int, str, str]]
) -> None:
    words = statement.split(" ")
    for place, change, word in changes:
        at = place % len(words)
        if change == "put":
            words.insert(at, word)
        elif change == "replace":
            words[at] = word
        elif change == "drop" and len(words) > 1:
            del words[at]
        else:
            words[at], words[-1] = words[-1], words[at]
    examine(" ".join(words))


def test_the_good_statements_pass() -> None:
    assert [judge(one, SCOPE).verdict for one in STATEMENTS] == ["pass"] * len(STATEMENTS)
