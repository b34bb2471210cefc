"""What is noted down while a tree is read: facts for the rules, places for the rewriting."""

from bisect import bisect_right
from dataclasses import dataclass, field

from sqlglot import exp

from contracts.verdict import Position
from workflow.guard import facts as f
from workflow.guard.scope import Relation


@dataclass(frozen=True, slots=True)
class TableToReplace:
    """A table expression that reads a relation of the scope, by the relation's full name, and the
    columns of it that are used (growing while the statement is still being read)."""

    table: exp.Table
    name: str
    relation: Relation
    used: set[str]


@dataclass(frozen=True, slots=True)
class StarToExpand:
    """A `*` of a SELECT, and what it stands for: (table or None, column or None for `table.*`)."""

    select: exp.Select
    star: exp.Expr
    columns: tuple[tuple[str | None, str | None], ...]


@dataclass(slots=True)
class Notes:
    """Facts as they are found; `line_starts` places an offset of the text."""

    line_starts: list[int]
    syntax: list[f.Syntax] = field(default_factory=list)
    relations: list[f.RelationUse] = field(default_factory=list)
    columns: list[f.ColumnUse] = field(default_factory=list)
    functions: list[f.FunctionUse] = field(default_factory=list)
    casts: list[f.CastUse] = field(default_factory=list)
    personal: list[f.PersonalUse] = field(default_factory=list)
    natural_joins: list[f.NaturalJoin] = field(default_factory=list)
    recursions: list[f.Recursion] = field(default_factory=list)
    series: list[f.Series] = field(default_factory=list)
    paddings: list[f.Padding] = field(default_factory=list)
    patterns: list[f.Pattern] = field(default_factory=list)
    positional_stars: list[f.PositionalStar] = field(default_factory=list)
    names: list[f.NameUse] = field(default_factory=list)
    weight: int = 0
    tables: list[TableToReplace] = field(default_factory=list)
    stars: list[StarToExpand] = field(default_factory=list)
    qualified: list[exp.Column] = field(default_factory=list)

    def at(self, node: exp.Expr | None) -> Position | None:
        """Where a node is: its own place, or that of the first thing in it that has one."""
        for one in node.dfs() if node is not None else ():
            start = one.meta.get("start") if one._meta else None
            if isinstance(start, int):
                return place(self.line_starts, start)
        return None

    def personal_use(self, columns: frozenset[str], where: f.Place, node: exp.Expr) -> None:
        """Note that personal-data columns are shown or decide something."""
        for column in sorted(columns):
            self.personal.append(f.PersonalUse(column, where, self.at(node)))


def line_starts(sql: str) -> list[int]:
    """The offsets at which lines begin."""
    return [0, *(index + 1 for index, character in enumerate(sql) if character == "\n")]


def place(starts: list[int], offset: int) -> Position:
    """An offset as line and column, both from 1."""
    line = bisect_right(starts, offset)
    return Position(line=line, column=offset - starts[line - 1] + 1)
