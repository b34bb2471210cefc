"""What a statement does, as one frozen value: rules decide over this and nothing else."""

from dataclasses import dataclass
from typing import Literal

from contracts.verdict import Position
from workflow.guard.reading import Reading
from workflow.guard.text import Text

Standing = Literal["known", "any", "unknown", "system", "whole row"]
Place = Literal["output", "grouping", "condition", "order"]
NameTrouble = Literal["used twice", "columns renamed", "does not fit"]


@dataclass(frozen=True, slots=True)
class Syntax:
    """An expression type, or an argument of one, that nobody has looked at."""

    name: str
    at: Position | None


@dataclass(frozen=True, slots=True)
class RelationUse:
    """A relation that is read. `parts` is its name as the statement has it, schema first."""

    parts: tuple[str, ...]
    is_allowed: bool
    at: Position | None


@dataclass(frozen=True, slots=True)
class ColumnUse:
    """A column that is named. `any`: of a relation whose columns are all allowed, or of unknown
    origin but made from what was read elsewhere in the statement."""

    name: str
    standing: Standing
    at: Position | None


@dataclass(frozen=True, slots=True)
class FunctionUse:
    """A function that is called, by its name in PostgreSQL."""

    name: str
    at: Position | None


@dataclass(frozen=True, slots=True)
class CastUse:
    """A type that something is cast to."""

    type: str
    at: Position | None


@dataclass(frozen=True, slots=True)
class PersonalUse:
    """A personal-data column that is shown, or that something is decided by."""

    column: str
    place: Place
    at: Position | None


@dataclass(frozen=True, slots=True)
class NaturalJoin:
    """A join whose columns are not named."""

    at: Position | None


@dataclass(frozen=True, slots=True)
class Recursion:
    """A query that reads itself. `rounds` None where no bound can be seen."""

    name: str
    rounds: int | None
    at: Position | None


@dataclass(frozen=True, slots=True)
class Series:
    """A generated series. `rows` None where the bounds are not literals."""

    rows: int | None
    at: Position | None


@dataclass(frozen=True, slots=True)
class Padding:
    """Text made longer: by how many characters or times. None where that is not a literal."""

    function: str
    length: int | None
    at: Position | None


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression. `text` None where it is not a literal."""

    text: str | None
    at: Position | None


@dataclass(frozen=True, slots=True)
class PositionalStar:
    """A `*` over a relation whose columns have no order here, where order matters."""

    at: Position | None


@dataclass(frozen=True, slots=True)
class NameUse:
    """An alias that would make a name mean two things, or nothing."""

    name: str
    trouble: NameTrouble
    at: Position | None


@dataclass(frozen=True, slots=True)
class Facts:
    """`reads` counts the relations read with every reference to a common table expression
    followed; `crosses` the joins among those that nothing relates; `weight` is how many column
    values the longest value may be made of; `starred` how many columns the stars stand for."""

    text: Text
    original: Reading
    is_raw: bool
    syntax: tuple[Syntax, ...] = ()
    relations: tuple[RelationUse, ...] = ()
    columns: tuple[ColumnUse, ...] = ()
    functions: tuple[FunctionUse, ...] = ()
    casts: tuple[CastUse, ...] = ()
    personal: tuple[PersonalUse, ...] = ()
    natural_joins: tuple[NaturalJoin, ...] = ()
    recursions: tuple[Recursion, ...] = ()
    series: tuple[Series, ...] = ()
    paddings: tuple[Padding, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    positional_stars: tuple[PositionalStar, ...] = ()
    names: tuple[NameUse, ...] = ()
    reads: int = 0
    crosses: int = 0
    weight: int = 0
    starred: int = 0
