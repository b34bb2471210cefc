"""Reports as tables, for a person."""

from rich.console import Console
from rich.table import Table

from cli.evaluation.report import SURE, Outcome, Report


def show(report: Report) -> None:
    """Accuracy by kind, calibration, and each miss with its reason."""
    console = _console()
    console.print(_kinds(report))
    console.print(_calibration(report))
    for outcome in report.cases:
        if not outcome.is_right:
            _show_miss(console, outcome)


def show_difference(report: Report, against: Report) -> None:
    """Where the two differ: by kind, and case by case."""
    console = _console()
    before = {row.kind: row for row in against.kinds}
    table = Table("kind", "of", against.label, report.label, "change")
    for row in report.kinds:
        was = before[row.kind].right if row.kind in before else 0
        table.add_row(row.kind, str(row.total), str(was), str(row.right), f"{row.right - was:+d}")
    table.add_section()
    table.add_row(
        "all", str(report.total), str(against.right), str(report.right),
        f"{report.right - against.right:+d}",
    )  # fmt: skip
    console.print(table)
    were = {outcome.id: outcome for outcome in against.cases}
    for outcome in report.cases:
        was_right = were[outcome.id].is_right if outcome.id in were else None
        if was_right is not None and was_right != outcome.is_right:
            word = "now right" if outcome.is_right else "now wrong"
            console.print(f"{word}: {outcome.id}: {outcome.question}", markup=False)


def _kinds(report: Report) -> Table:
    table = Table("kind", "right", "of", "safe misses", "median ms", title=report.label)
    for row in report.kinds:
        table.add_row(
            row.kind, str(row.right), str(row.total), str(row.safe), f"{row.median_ms:.1f}"
        )
    table.add_section()
    misses = report.total - report.right
    safe = sum(row.safe for row in report.kinds)
    table.add_row(
        "all", str(report.right), str(report.total), f"{safe} of {misses}",
        f"{_percent(report.right, report.total)} right",
    )  # fmt: skip
    return table


def _calibration(report: Report) -> Table:
    table = Table("confidence", "answers", "right", "share right", "mean confidence")
    for one in report.bins:
        if one.total:
            table.add_row(
                f"{one.low:g} to {one.high:g}", str(one.total), str(one.right),
                _percent(one.right, one.total), f"{one.confidence:.2f}",
            )  # fmt: skip
    right = round(report.sure * report.sure_total)
    table.add_section()
    table.add_row(
        f"above {SURE:g}", str(report.sure_total), str(right),
        _percent(right, report.sure_total), "",
    )  # fmt: skip
    return table


def _percent(part: int, whole: int) -> str:
    """Whole percents, rounded down, so that 100 % means all."""
    return f"{100 * part // whole}%" if whole else "–"


def _show_miss(console: Console, outcome: Outcome) -> None:
    sure = "" if outcome.confidence is None else f" ({outcome.confidence:.2f})"
    console.print(f"{outcome.id} [{outcome.role_user}]: {outcome.question}", markup=False)
    console.print(f"    {outcome.manner}{sure}: {outcome.reason}", markup=False)


def _console() -> Console:
    return Console(soft_wrap=True, highlight=False)
