"""A moving line for work that takes a while; plain lines where nobody watches a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cli.output import console, warn


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Yields a function that is told what is being done now."""
    terminal = console(is_error=True)
    if not terminal.is_terminal:
        yield lambda what: warn(f"{what}…")
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=terminal,
        transient=True,
    ) as bar:
        task = bar.add_task("", total=None)
        yield lambda what: bar.update(task, description=what)
