"""`countersign receipt`: fetch one, or check one with nothing but its file and a public key."""

import sys
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from cli.ask import gateway_url, password
from cli.evidence_files import contents, keys_in
from cli.gateway_client import gateway
from cli.output import CommandError, Exit, emit_json, say
from contracts.evidence import Receipt
from workflow.audit.receipt_check import check_receipt, read_keys, read_receipt
from workflow.audit.signing import Untrusted

_SAID = {"approve": "Approved", "reject": "Rejected"}

app = typer.Typer(help="Fetch a receipt, or check one offline.", no_args_is_help=True)


@app.command("get")
def get_command(
    run_id: Annotated[UUID, typer.Argument(help="The run.")],
    user: Annotated[str, typer.Option("--as", help="Its asker, or an auditor.")],
) -> None:
    """Print the receipt of a run that has ended."""
    with gateway(gateway_url()) as session:
        session.log_in(user, password(user))
        sys.stdout.buffer.write(session.receipt(str(run_id)) + b"\n")


@app.command("verify")
def verify_command(
    file: Annotated[Path, typer.Argument(help="The receipt.")],
    keys: Annotated[
        Path | None,
        typer.Option(
            help="The public keys, as /.well-known/countersign-keys.json gave them; without this "
            "they are fetched from the gateway."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Check a receipt. Exit code 1 where it proves nothing."""
    known = keys_in(keys) if keys else _published()
    try:
        shown = read_receipt(contents(file))
        check_receipt(shown, known)
    except Untrusted as error:
        if as_json:
            emit_json({"is_genuine": False, "reason": str(error)})
            raise typer.Exit(Exit.FAILED) from error
        raise CommandError(f"{file} proves nothing: {error}.") from error
    if as_json:
        seal = shown.receipt.seal
        emit_json(
            {
                "is_genuine": True,
                "run_id": str(shown.receipt.receipt.run_id),
                "key_id": shown.receipt.signature.key_id,
                "checkpoint": seal.sealed.checkpoint.number if seal else None,
            }
        )
        return
    for line in _told(shown.receipt):
        say(line)


def _published() -> dict[str, bytes]:
    with gateway(gateway_url()) as session:
        try:
            return read_keys(session.public_keys())
        except Untrusted as error:
            raise CommandError(f"The gateway's answer: {error}.") from error


def _told(receipt: Receipt) -> list[str]:
    body = receipt.receipt
    stores = ", ".join(map(str, body.context.store_ids)) or "none"
    scope = "all stores" if body.context.is_all_stores else f"stores {stores}"
    lines = [
        f"Genuine, signed with the key {receipt.signature.key_id}.",
        f"Run {body.run_id}, asked {body.asked_at:%Y-%m-%d %H:%M:%S} UTC by "
        f"{body.context.username} as {body.context.role} ({scope}): {body.status}.",
    ]
    if body.result is not None:
        lines.append(f"Rows: {body.result.row_count}, digest {body.result.digest}.")
    for approval in body.approvals:
        for decision in approval.decisions:
            lines.append(
                f"{_SAID[decision.decision]} by {decision.username} as {decision.role}, "
                f"{decision.at:%Y-%m-%d %H:%M:%S} UTC."
            )
    if receipt.seal is None:
        lines.append("Not sealed in a checkpoint yet; fetch it again later for the proof.")
    else:
        sealed = receipt.seal.sealed.checkpoint
        lines.append(
            f"Sealed in checkpoint {sealed.number} of {sealed.sealed_at:%Y-%m-%d %H:%M:%S} UTC, "
            f"entry {receipt.seal.position + 1} of {sealed.entries}."
        )
    return lines
