"""`countersign`: the commands, each imported only when it is run."""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

from cli.output import CommandError, Exit, warn


class Entry(NamedTuple):
    """Where a command lives: a function, or an app of subcommands named `app`."""

    module: str
    attribute: str
    summary: str


COMMANDS = {
    "demo": Entry("cli.demo.command", "demo_command", "Start everything here, with sample data."),
    "migrate": Entry("cli.databases_commands", "migrate_command", "Bring both databases up."),
    "seed": Entry("cli.databases_commands", "seed_command", "Migrate, and fill in sample data."),
    "load-pagila": Entry(
        "cli.databases_commands",
        "load_pagila_command",
        "Replace the sample warehouse by the real Pagila.",
    ),
    "ask": Entry("cli.ask", "ask_command", "Ask a question as one of the users."),
    "guard": Entry("cli.guard", "app", "Hand statements to the guardrails."),
    "model": Entry("cli.model", "app", "Check the document of a semantic model."),
    "eval": Entry("cli.evaluate", "eval_command", "Ask golden questions and compare the rows."),
    "audit": Entry("cli.audit", "app", "Verify the record, seal it, or show a run."),
    "receipt": Entry("cli.receipt", "app", "Fetch a receipt, or check one offline."),
    "policy": Entry("cli.policy", "app", "Try a proposed policy on what was asked before."),
    "replay": Entry("cli.replay", "replay_command", "Ask a recorded run again, and compare."),
    "settings": Entry(
        "cli.settings_command", "settings_command", "What is in force, and where it came from."
    ),
    "local-model": Entry(
        "cli.local_model", "local_model_command", "Serve a stand-in for a language model."
    ),
}


def _load(name: str) -> Any:  # a click command, whose class is typer's own matter
    entry = COMMANDS[name]
    body = getattr(import_module(entry.module), entry.attribute)
    if isinstance(body, typer.Typer):
        return get_group(body)
    single = typer.Typer(
        pretty_exceptions_enable=False, add_completion=False, rich_markup_mode=None
    )
    single.command(name)(body)
    return get_command(single)


class _Commands(TyperGroup):
    """Lists the commands from the table; imports the one that is run."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        stub = typer.Typer(add_completion=False, rich_markup_mode=None)
        stub.command(cmd_name, help=entry.summary)(lambda: None)
        return get_command(stub)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        if args and args[0] in COMMANDS:
            return args[0], _load(args[0]), args[1:]
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_Commands,
    help="Countersign: a governed analytics copilot.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: rich alone would double the time it takes
)


@app.callback()
def _root() -> None:
    """Countersign: a governed analytics copilot."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit: 0 done, 1 failed, 2 wrong usage; `ask` has more (see its help)."""
    try:
        app(args=list(arguments) if arguments is not None else None, prog_name="countersign")
    except CommandError as error:
        warn(error.sentence)
        sys.exit(error.code)
    except BrokenPipeError:
        sys.exit(Exit.FAILED)  # the reader of our output has gone


if __name__ == "__main__":
    main()
