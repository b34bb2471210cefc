"""Statements laid out for reading."""

import pytest

from webui.sql_text import laid_out

SCOPED = (
    "SELECT SUM(a.x) AS n FROM (SELECT x FROM v WHERE store_id IN (1, 2)) AS a "
    "WHERE a.t = 'it''s FROM (' GROUP BY EXTRACT(year FROM a.t)"
)


@pytest.mark.parametrize("sql", [SCOPED, "", "SELECT 'open", ")))((", 'SELECT "a FROM b" FROM c'])
def test_only_white_space_is_added(sql: str) -> None:
    assert "".join("".join(piece.text for piece in laid_out(sql)).split()) == "".join(sql.split())


def test_the_scope_is_marked_and_text_is_left_alone() -> None:
    pieces = laid_out(SCOPED)
    assert [p.text for p in pieces if p.kind == "scope"] == ["store_id IN (1, 2)"]
    assert [p.text for p in pieces if p.kind == "text"] == ["'it''s FROM ('"]
    assert "EXTRACT(year FROM a.t)" in "".join(p.text for p in pieces)
