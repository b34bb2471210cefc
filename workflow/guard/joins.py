"""Which entries of a FROM are related to each other, and which are merely multiplied."""

from sqlglot import exp

from workflow.guard.sources import Level, folded


def relate(level: Level, conditions: list[exp.Expr]) -> list[tuple[int, int]]:
    """Pairs of entries that an equality (joined to the rest by AND) relates."""
    pairs: list[tuple[int, int]] = []
    pending = list(conditions)
    while pending:
        one = pending.pop()
        if isinstance(one, exp.And):
            pending.extend((one.this, one.expression))
        elif isinstance(one, exp.Paren):
            pending.append(one.this)
        elif isinstance(one, (exp.EQ, exp.NullSafeEQ)):
            left, right = _entries(level, one.this), _entries(level, one.expression)
            pairs.extend((a, b) for a in left for b in right if a != b)
    return pairs


def _entries(level: Level, node: exp.Expr) -> set[int]:
    found: set[int] = set()
    for column in node.find_all(exp.Column):
        if not isinstance(column.this, exp.Identifier):
            continue
        table = column.args.get("table")
        if table is not None:
            fits = [i for i, one in enumerate(level.sources) if one.alias == folded(table)]
        else:
            name = folded(column.this)
            fits = [i for i, one in enumerate(level.sources) if name in one.columns]
            fits = fits or [i for i, one in enumerate(level.sources) if one.is_open]
        found.update(fits)
    return found


def crosses_of(level: Level, pairs: list[tuple[int, int]]) -> int:
    """How many entries stay unrelated to the rest: each multiplies the rows."""
    group = list(range(len(level.sources)))

    def root(index: int) -> int:
        while group[index] != index:
            index = group[index]
        return index

    for a, b in pairs:
        group[root(a)] = root(b)
    for index, one in enumerate(level.sources):
        if one.is_linked and group[index] == index and index > 0:
            group[index] = root(0)
    return max(0, len({root(index) for index in range(len(group))}) - 1)
