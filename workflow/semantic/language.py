"""The expression language: what every compiler computes, and computes alike.

Columns, literals, + - * /, comparisons, AND OR NOT, IS NULL, IN, BETWEEN, CASE, COALESCE, NULLIF,
||, CAST to DECIMAL, and over them SUM, COUNT, AVG, MIN, MAX with DISTINCT and FILTER. Whatever
else a value takes belongs into the view that the dataset reads.
"""

from sqlglot import exp

from workflow.semantic.evaluate import is_known
from workflow.semantic.expressions import POSTGRES, ExpressionError

_STRUCTURE = (
    exp.If, exp.Identifier, exp.DataType, exp.Distinct, exp.Filter, exp.Where, exp.Star,
    exp.AggFunc,
)  # fmt: skip


def check_language(tree: exp.Expr) -> None:
    """Raises ExpressionError for what is not part of the language."""
    for node in tree.walk():
        is_fine = is_known(node) or isinstance(node, _STRUCTURE)
        if isinstance(node, exp.Cast):
            is_fine = node.to.this == exp.DType.DECIMAL and not node.to.expressions
        if isinstance(node, exp.AtTimeZone):
            is_fine = False
        if isinstance(node, exp.Between):
            is_fine = not node.args.get("symmetric")
        if isinstance(node, exp.Distinct):
            is_fine = len(node.expressions) == 1 and not node.args.get("on")
        if not is_fine:
            said = node.sql(POSTGRES)[:60]
            raise ExpressionError(
                f"{said} is not part of the expression language; put it in a view"
            )
