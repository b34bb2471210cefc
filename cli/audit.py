"""`countersign audit`: read and verify the record."""

from typing import Annotated

import typer

app = typer.Typer(help="Read and verify the record.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
