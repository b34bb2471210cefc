"""`countersign model check`: what a semantic model's document holds, and what of it is no use."""

from pathlib import Path
from typing import Annotated

import typer

from cli.output import CommandError, Exit
from workflow.semantic.index import index_of
from workflow.semantic.load import ModelError, load

app = typer.Typer(help="The semantic model, by hand.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keeps `check` a command of its own while it is the only one."""


@app.command()
def check(file: Annotated[Path, typer.Argument(help="The model's document.")]) -> None:
    """Read a document as the workflow service would. Exit code 1 where a part is left out."""
    try:
        model = load(file)
    except ModelError as error:
        raise CommandError(str(error)) from error
    bound = index_of(model).metrics
    typer.echo(
        f"{model.name}: {len(model.datasets)} datasets,"
        f" {sum(len(d.fields) for d in model.datasets)} fields,"
        f" {len(model.relationships)} relationships, {len(bound)} metrics"
    )
    for part in model.unusable:
        typer.echo(f"{part.fault} ({part.kind} {part.name} is left out)")
    if model.unusable:
        raise typer.Exit(Exit.FAILED)
