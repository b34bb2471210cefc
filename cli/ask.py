"""`countersign ask`: a question, its stages as they happen, the answer, and what makes it
trustworthy."""

import os
import sys
import unicodedata
from typing import Annotated

import typer
from pydantic import ValidationError

from cli.demo.banner import demo_users
from cli.demo.home import home
from cli.gateway_client import Gateway, gateway
from cli.output import CommandError, Exit, console, emit_json, say, warn
from contracts.run import Answer, AskRequest, RunStatus, StageEvent

CODES = {
    RunStatus.COMPLETED: Exit.OK,
    RunStatus.CLARIFY: Exit.NOT_ANSWERED,
    RunStatus.REFUSED: Exit.NOT_ANSWERED,
    RunStatus.NEEDS_APPROVAL: Exit.NEEDS_APPROVAL,
}
NUMBERS = frozenset({"integer", "decimal", "float"})
_DIRECTION_CHANGES = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
DEFAULT_GATEWAY = "http://127.0.0.1:8000"


def ask_command(
    *,
    question: Annotated[str, typer.Argument(help="In plain words.")],
    user: Annotated[str, typer.Option("--as", help="Who asks: a user's name.")],
    role: Annotated[str | None, typer.Option(help="One of the user's roles.")] = None,
    store: Annotated[int | None, typer.Option(min=1, help="Only this store.")] = None,
    conversation: Annotated[
        str | None, typer.Option(help="The id of the conversation to go on with.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The whole answer as JSON.")] = False,
) -> None:
    """Ask a question.

    Exit code: 0 answered, 3 refused or asked back, 4 waits for approval, 5 blocked, failed or
    cancelled; 1 when it could not be asked, 2 for wrong usage.
    """
    request = _request(question, role, store, conversation)
    with gateway(gateway_url()) as session:
        session.log_in(user, password(user))
        answer = session.ask(request) if as_json else _stream(session, request)
    if as_json:
        emit_json(answer.model_dump(mode="json"))
    else:
        _show(answer)
    raise typer.Exit(CODES.get(answer.status, Exit.BLOCKED))


def _request(
    question: str, role: str | None, store: int | None, conversation: str | None
) -> AskRequest:
    try:
        return AskRequest.model_validate(
            {
                "question": question,
                "role": role,
                "store_id": store,
                "conversation_id": conversation,
            }
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise CommandError(f"{first['loc'][0]}: {first['msg']}.", Exit.USAGE) from error


def gateway_url() -> str:
    """Of the environment, of the running demo, or the usual one."""
    return (
        os.environ.get("GATEWAY_URL")
        or home().live_settings().get("GATEWAY_URL")
        or DEFAULT_GATEWAY
    )


def password(user: str) -> str:
    """The one that is set, the demo user's published one, or the one that is typed in."""
    given = os.environ.get("COUNTERSIGN_PASSWORD")
    if given:
        return given
    for known in demo_users():
        if known.username == user:
            return known.password
    if not sys.stdin.isatty():
        raise CommandError(
            f"{user} is not one of the demo's users; give the password in COUNTERSIGN_PASSWORD."
        )
    return str(typer.prompt(f"Password of {user}", hide_input=True, err=True))


def _stream(session: Gateway, request: AskRequest) -> Answer:
    run_id = ""
    for event in session.stream(request):
        if isinstance(event, Answer):
            return event
        run_id = str(event.run_id)
        warn(_stage_line(event))
    if not run_id:
        raise CommandError("The stream ended before the run began; ask again.")
    return session.run(run_id)  # the stream broke off, the run went on


def _stage_line(event: StageEvent) -> str:
    return f"  {event.stage.value:<15} {_plain(event.status):<12} {event.duration_ms:8.1f} ms"


def _show(answer: Answer) -> None:
    say("")
    say(_plain(answer.answer))
    if answer.columns:
        _show_rows(answer)
    for choice in answer.choices:
        say(f"  - {_plain(choice.label)}: {_plain(choice.question)}")
    for suggestion in answer.suggestions:
        say(f"  - {_plain(suggestion)}")
    for note in answer.explain.notes if answer.explain else ():
        say(_plain(note))
    say("")
    say(trust_line(answer))


def _show_rows(answer: Answer) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in answer.columns:
        table.add_column(
            Text(_plain(column.name)), justify="right" if column.type in NUMBERS else "left"
        )
    for row in answer.rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    say("")
    console().print(table)
    if answer.truncated:
        total = f" of {answer.total_rows:,}" if answer.total_rows is not None else ""
        say(f"The first {answer.row_count:,}{total} rows.")


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _plain(str(value))


def trust_line(answer: Answer) -> str:
    """Scope, as-of date, how it was made, checks, record; always in this order."""
    security, explain = answer.security, answer.explain
    scope = security.row_scope
    if scope == "all":
        stores = "all stores"
    else:
        stores = f"store{'' if len(scope) == 1 else 's'} {', '.join(map(str, scope)) or 'none'}"
    parts = [f"{security.role}, {stores}"]
    if explain is not None and explain.as_of:
        parts.append(f"as of {explain.as_of}")
    if explain is not None:
        parts.append(f"planned by {explain.planner}")
    if security.findings:
        parts.append(f"findings: {', '.join(finding.rule for finding in security.findings)}")
    parts.append(f"run {answer.run_id}")
    return _plain(" · ".join(parts))


def _plain(text: str) -> str:
    """Nothing that a terminal would obey: data may hold anything."""
    return "".join("\ufffd" if _is_control(c) else c for c in text)


def _is_control(character: str) -> bool:
    return character != "\n" and (
        unicodedata.category(character) == "Cc"
        or unicodedata.bidirectional(character) in _DIRECTION_CHANGES
    )
