"""Which metrics may be added up over groups."""

from sqlglot import exp


def is_additive(tree: exp.Expr) -> bool:
    """Whether the values of groups of rows add up to the value of all rows: true of sums and
    counts, of such times a number, and of their sums and differences where none can be missing.
    A count of distinct values is not: who is in two groups would be counted twice."""
    if isinstance(tree, exp.Paren | exp.Filter | exp.Neg):
        return is_additive(tree.this)
    if isinstance(tree, exp.Sum | exp.Count):
        return not isinstance(tree.this, exp.Distinct)
    if isinstance(tree, exp.Cast):
        is_exact = tree.to.this == exp.DType.DECIMAL and not tree.to.expressions
        return is_exact and is_additive(tree.this)
    if isinstance(tree, exp.Coalesce):
        return is_additive(tree.this) and all(_is_zero(other) for other in tree.expressions)
    return isinstance(tree, exp.Binary) and _keeps_additive(tree)


def _keeps_additive(tree: exp.Binary) -> bool:
    left, right = tree.this, tree.expression
    if isinstance(tree, exp.Add | exp.Sub):
        return all(is_additive(one) and _is_never_null(one) for one in (left, right))
    if isinstance(tree, exp.Mul) and _is_number(left):
        return is_additive(right)
    return isinstance(tree, exp.Mul | exp.Div) and is_additive(left) and _is_number(right)


def _is_never_null(tree: exp.Expr) -> bool:
    """Over some rows, an additive expression without a value would hide that of another group."""
    if isinstance(tree, exp.Add | exp.Sub | exp.Mul):
        return _is_never_null(tree.this) and _is_never_null(tree.expression)
    if isinstance(tree, exp.Paren | exp.Filter | exp.Cast | exp.Neg | exp.Div):
        return _is_never_null(tree.this)
    return isinstance(tree, exp.Count | exp.Coalesce | exp.Literal)


def _is_number(tree: exp.Expr) -> bool:
    while isinstance(tree, exp.Paren | exp.Cast | exp.Neg):
        tree = tree.this
    return isinstance(tree, exp.Literal) and not tree.is_string


def _is_zero(tree: exp.Expr) -> bool:
    return isinstance(tree, exp.Literal) and not tree.is_string and float(tree.name) == 0
