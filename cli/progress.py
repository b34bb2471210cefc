"""A bar for work that takes a while; plain lines where nobody watches a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from cli.output import console, warn


class Report(Protocol):
    """Told what is being done now, and how far the whole of that part is, from 0 to 1, where
    that is known."""

    def __call__(self, what: str, share: float | None = None, /) -> None:
        """Show it."""


@contextmanager
def progress() -> Iterator[Report]:
    """Shows what it is told, on standard error, for the length of a block."""
    terminal = console(is_error=True)
    if not terminal.is_terminal:
        yield _lines()
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=terminal,
        transient=True,
    ) as bar:
        task = bar.add_task("", total=None)

        def report(what: str, share: float | None = None, /) -> None:
            total = None if share is None else 1.0
            bar.update(task, description=what, completed=share or 0.0, total=total)

        yield report


def _lines() -> Report:
    said = ""

    def report(what: str, _share: float | None = None, /) -> None:
        nonlocal said
        if what != said:
            said = what
            warn(f"{what}…")

    return report
