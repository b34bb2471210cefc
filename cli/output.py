"""How the command line speaks: sentences for people, JSON for scripts, exit codes for both."""

from __future__ import annotations

import sys
from enum import IntEnum
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from pydantic import JsonValue
    from rich.console import Console


class Exit(IntEnum):
    """Exit codes. 2 is also what a wrong option gives."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_ANSWERED = 3
    NEEDS_APPROVAL = 4
    BLOCKED = 5


class CommandError(Exception):
    """Ends a command with one sentence on standard error, and no stack."""

    def __init__(self, sentence: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code


def say(text: str) -> None:
    """A line for a person, unwrapped, so that it can be copied whole."""
    typer.echo(text)


def warn(text: str) -> None:
    """A line that is not part of the result."""
    typer.echo(text, err=True)


def emit_json(value: JsonValue) -> None:
    """The result of a command for scripts."""
    import orjson

    options = orjson.OPT_INDENT_2 if sys.stdout.isatty() else 0
    typer.echo(orjson.dumps(value, option=options))


def console(*, is_error: bool = False) -> Console:
    """For tables and progress; plain where the output is not a terminal."""
    from rich.console import Console

    return Console(stderr=is_error, soft_wrap=True, highlight=False)
