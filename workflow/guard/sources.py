"""What a query reads from and what it gives, while names are being resolved."""

from dataclasses import dataclass, field
from typing import NamedTuple

from sqlglot import exp

from workflow.guard.scope import Relation

NOBODY: frozenset[str] = frozenset()

_UPPER_TO_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def folded(identifier: exp.Expr) -> str:
    """A name as PostgreSQL knows it: unquoted, A to Z become small, and no other letter does."""
    name = str(identifier.this)
    return name if identifier.args.get("quoted") else name.translate(_UPPER_TO_LOWER)


class Value(NamedTuple):
    """What an expression carries: the personal-data columns it shows, and how many column values
    it may be made of. `is_plain`: it is a relation's column, handed on and not worked on."""

    personal: frozenset[str] = NOBODY
    weight: int = 0
    is_plain: bool = False


NOTHING = Value()


@dataclass(frozen=True, slots=True)
class Output:
    """What a query gives. `is_open`: there are more columns, of unknown names, all like `rest`.

    `has_sorted_star`: some come from a `*` over columns that have no order here. `is_single`: at
    most one row.
    """

    columns: tuple[tuple[str | None, Value], ...] = ()
    is_open: bool = False
    rest: Value = NOTHING
    has_sorted_star: bool = False
    is_single: bool = False
    reads: int = 0
    crosses: int = 0

    @property
    def everything(self) -> Value:
        """All columns taken together."""
        values = [value for _, value in self.columns]
        if self.is_open:
            values.append(self.rest)
        return together(values)


@dataclass(slots=True)
class Source:
    """One entry of a FROM. `relation` is set where it is a relation of the scope (or `is_base`
    one that is not)."""

    alias: str | None
    columns: dict[str, Value]
    is_open: bool = False
    rest: Value = NOTHING
    relation: Relation | None = None
    is_base: bool = False
    is_function: bool = False
    is_linked: bool = False
    has_sorted_star: bool = False
    schema: str | None = None
    reads: int = 0
    crosses: int = 0
    used: set[str] = field(default_factory=set)

    @property
    def is_relation(self) -> bool:
        """Whether this is a relation, and not a query or a function."""
        return self.relation is not None

    def take(self, name: str) -> Value:
        """The column of that name, which is from now on used. It must be there."""
        self.used.add(name)
        return self.columns[name]


@dataclass(slots=True)
class Level:
    """The FROM of one SELECT: its entries, the columns that joins merged, and which entries an
    equality relates."""

    sources: list[Source] = field(default_factory=list)
    merged: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Env:
    """Where a name is looked up: common table expressions, and FROMs, the innermost last."""

    ctes: dict[str, Output] = field(default_factory=dict)
    levels: tuple[Level, ...] = ()

    def inside(self, level: Level) -> "Env":
        """The same, one FROM further in."""
        return Env(self.ctes, (*self.levels, level))


def together(values: list[Value]) -> Value:
    """Several values made into one."""
    if not values:
        return Value()
    personal = NOBODY
    weight = 0
    for value in values:
        if value.personal:
            personal |= value.personal
        weight += value.weight
    return Value(personal, weight)


def source_of(alias: str | None, output: Output) -> Source:
    """A query's output as an entry of a FROM."""
    columns: dict[str, Value] = {}
    unnamed: list[Value] = []
    for name, value in output.columns:
        if name is None:
            unnamed.append(value)
        else:
            columns[name] = together([value, columns[name]]) if name in columns else value
    is_open = output.is_open or bool(unnamed)
    return Source(
        alias=alias,
        columns=columns,
        is_open=is_open,
        rest=output.everything if is_open else NOTHING,  # `q.text` would be the whole row
        is_linked=output.is_single,
        has_sorted_star=output.has_sorted_star,
        reads=output.reads,
        crosses=output.crosses,
    )


def renamed(output: Output, names: list[str]) -> Output:
    """The output with its first columns renamed, as `AS q(a, b)` does."""
    if not names:
        return output
    columns: list[tuple[str | None, Value]] = []
    rest = output.rest
    if output.is_open:
        rest = output.everything
        columns.extend((name, rest) for name in names)
    else:
        columns.extend(
            (name, value) for name, (_, value) in zip(names, output.columns, strict=False)
        )
        columns.extend(output.columns[len(names) :])
    return Output(
        columns=tuple(columns),
        is_open=output.is_open,
        rest=rest,
        is_single=output.is_single,
        reads=output.reads,
        crosses=output.crosses,
    )
