"""Only the parts of SQL that somebody has looked at: anything else is refused."""

from collections.abc import Iterator
from typing import Final

from contracts.verdict import Finding
from workflow.guard.facts import Facts
from workflow.guard.findings import block, where
from workflow.guard.reading import Reading

_IN_WORDS: Final = {
    "SelectStmt.intoClause": "SELECT … INTO writes a table.",
    "SelectStmt.lockingClause": "FOR UPDATE and its kin lock rows.",
    "DeleteStmt": "A query in WITH may only read: this one deletes.",
    "InsertStmt": "A query in WITH may only read: this one inserts.",
    "UpdateStmt": "A query in WITH may only read: this one updates.",
    "MergeStmt": "A query in WITH may only read: this one merges.",
    "RangeTableSample": "TABLESAMPLE is not accepted: its answer would change with each run.",
    "A_Indirection.field": "Fields of a composite value are not accepted.",
    "RangeFunction.is_rowsfrom": "ROWS FROM is not accepted.",
    "ParamRef": "The statement has a parameter; write the value itself.",
    "LIMIT_OPTION_WITH_TIES": "WITH TIES is not accepted: it can give more rows than asked.",
    "SORTBY_USING": "ORDER BY … USING is not accepted.",
    "XmlExpr": "XML is not accepted.",
    "XmlSerialize": "XML is not accepted.",
    "RangeTableFunc": "XML is not accepted.",
    "CommonTableExpr.search_clause": "SEARCH is not accepted.",
    "CommonTableExpr.cycle_clause": "CYCLE is not accepted.",
    "CurrentOfExpr": "WHERE CURRENT OF is not accepted.",
}


def of_reading(reading: Reading, starts: list[int]) -> Iterator[Finding]:
    """Node types and fields of PostgreSQL's parse tree that are not on the list."""
    for one in reading.strange:
        message = _IN_WORDS.get(one.name, f"This kind of SQL is not accepted ({one.name}).")
        yield block("syntax", message, where(starts, one.offset))


def of_facts(facts: Facts) -> Iterator[Finding]:
    """Expression types of sqlglot's tree that are not on the list."""
    for one in facts.syntax:
        yield block("syntax", f"This kind of SQL is not accepted ({one.name}).", one.at)
