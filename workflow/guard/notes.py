"""What is noted down while a tree is read: facts for the rules, places for the rewriting."""

from bisect import bisect_right
from dataclasses import dataclass, field

from sqlglot import exp

from contracts.verdict import Position
from workflow.guard import facts as f
from workflow.guard.scope import Relation

_EXTRACTS = frozenset({"extract", "date_part"})


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


@dataclass(frozen=True, slots=True)
class ProjectionToName:
    """A projection that PostgreSQL names after its function, which is written otherwise now."""

    node: exp.Expr
    name: str


@dataclass(slots=True)
class Notes:
    """Facts as they are found; `line_starts` places an offset of the text, `calls` holds the
    functions' names in PostgreSQL by offset."""

    line_starts: list[int]
    calls: dict[int, str] = field(default_factory=dict)
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
    starred: int = 0
    tables: list[TableToReplace] = field(default_factory=list)
    stars: list[StarToExpand] = field(default_factory=list)
    qualified: list[exp.Column] = field(default_factory=list)
    renamed: list[ProjectionToName] = field(default_factory=list)

    def at(self, node: exp.Expr | None) -> Position | None:
        """Where a node is: its own place, or that of the first thing in it that has one."""
        if isinstance(node, exp.Column) and node.args.get("table") is not None:
            node = node.args["table"]
        for one in node.dfs() if node is not None else ():
            start = one.meta.get("start") if one._meta else None
            if isinstance(start, int):
                return place(self.line_starts, start)
        return None

    def name_of(self, node: exp.Expr) -> str | None:
        """The name that PostgreSQL gives to a column without one, where it is a function's."""
        start = node.meta.get("start") if node._meta else None
        if isinstance(node, exp.Extract):  # has no place of its own: that of the nearest before
            inner = next((one.meta["start"] for one in node.dfs() if "start" in one.meta), -1)
            calls = [at for at in self.calls if at < inner and self.calls[at] in _EXTRACTS]
            start = max(calls, default=None)
        return self.calls.get(start) if isinstance(start, int) else None

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
