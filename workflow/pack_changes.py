"""Changes of the prompt pack and of the model: proposed, put into force, taken back.

What a model is configured for comes into force when the suite held with it. Where none is
configured nothing can be tested, and a second admin has to confirm.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from psycopg.errors import UniqueViolation
from pydantic import JsonValue
from pydantic_core import ErrorDetails

from contracts.context import UserContext
from contracts.governance import NewChange
from contracts.prompt_pack import (
    ActivationOutcome,
    Evaluation,
    PackActivation,
    PromptBlocks,
    PromptPackProposal,
)
from kit import governing_changes
from kit.canonical import canonical
from kit.database import Connection
from kit.problems import Conflict, Forbidden, InvalidPayload, NotFound
from workflow.packs import PacksInForce
from workflow.plan.prompt_pack import digest_of, faults_of, tidy
from workflow.requests import person_of
from workflow.store import evaluations, prompt_packs, role_policies
from workflow.store.evaluations import Subject
from workflow.store.prompt_packs import ActivationRow, PackRow
from workflow.suite import SuiteRunner

UNTESTED = (
    "No model is configured, so no question of the suite could be asked with this prompt pack: "
    "nothing of it was tested."
)
MOST_VERSIONS = 10_000
NAMED_CASES = 5


async def propose(
    connection: Connection, caller: UserContext, given: PromptPackProposal, packs: PacksInForce
) -> int:
    """Add a version; its number. In a transaction. Raises InvalidPayload for blocks that cannot be
    used, Conflict where the base is not the newest or nothing would change."""
    blocks = tidy(given.blocks)
    await refuse_faults(connection, caller, blocks)
    await prompt_packs.lock(connection, caller.org_id)
    newest = await prompt_packs.newest(connection, caller.org_id, limit=1)
    latest = newest[0].version if newest else 0
    if given.base_version > latest:
        raise NotFound("There is no such version to start from.")
    base = await blocks_of(connection, caller, given.base_version, packs)
    if base == blocks:
        raise Conflict(
            f"These are the words of version {given.base_version}.", kind="nothing-changes"
        )
    if latest >= MOST_VERSIONS:
        raise Conflict("There are too many versions.", kind="too-many")
    row = PackRow(
        version=latest + 1,
        base_version=given.base_version,
        body=canonical(blocks.model_dump(mode="json")),
        digest=digest_of(blocks),
        note=given.note.strip(),
        proposed_by=caller.user_id,
        proposed_name=caller.username,
        proposed_at=datetime.now(UTC),
    )
    try:
        await prompt_packs.insert(connection, caller.org_id, row)
    except UniqueViolation as error:  # cannot be while it is locked; never twice in any case
        raise Conflict("Somebody else proposed a version just now.") from error
    change = _proposed(row, base, blocks)
    await governing_changes.record(connection, caller.org_id, person_of(caller), change)
    return row.version


def _proposed(row: PackRow, base: PromptBlocks, blocks: PromptBlocks) -> NewChange:
    return NewChange(
        kind="prompt_pack",
        subject=str(row.version),
        action="proposed",
        before=base.model_dump(mode="json"),
        after={
            "digest": row.digest,
            "note": row.note,
            "base_version": row.base_version,
            "blocks": blocks.model_dump(mode="json"),
        },
    )


async def blocks_of(
    connection: Connection, caller: UserContext, version: int, packs: PacksInForce
) -> PromptBlocks:
    """The text of a version. Raises NotFound."""
    if version == 0:
        return packs.shipped
    row = await prompt_packs.get(connection, caller.org_id, version)
    if row is None:
        raise NotFound("There is no such version of the prompt pack.")
    return PromptBlocks.model_validate_json(row.body)


async def activate(
    connection: Connection,
    caller: UserContext,
    version: int,
    packs: PacksInForce,
    suite: SuiteRunner,
) -> ActivationOutcome:
    """Put a version into force, or ask for it where no model is configured. In a transaction.
    Raises Conflict where the suite does not hold, naming the cases that fell."""
    await prompt_packs.lock(connection, caller.org_id)
    blocks = await blocks_of(connection, caller, version, packs)
    now = await packs.read(connection, caller.org_id)
    if now.version == version:
        raise Conflict(f"Version {version} is in force.", kind="nothing-changes")
    if suite.model is None:
        return await _ask_for(connection, caller, version, now.version)
    held = await held_evaluation(connection, caller, digest_of(blocks), packs, suite)
    await prompt_packs.withdraw(connection, caller.org_id)
    await prompt_packs.activate(
        connection, caller.org_id, version, by=caller.user_id, name=caller.username,
        is_in_force=True, evaluation_id=held.evaluation_id,
    )  # fmt: skip
    await _record(
        connection, caller, version, "activated", now.version,
        {"evaluation": str(held.evaluation_id), "right": held.right, "of": held.total,
         "model": held.model},
    )  # fmt: skip
    return await _outcome(connection, caller)


async def confirm(
    connection: Connection, caller: UserContext, version: int, packs: PacksInForce
) -> ActivationOutcome:
    """Put into force what another admin asked for. In a transaction."""
    await prompt_packs.lock(connection, caller.org_id)
    waiting = await prompt_packs.waiting(connection, caller.org_id)
    if waiting is None or waiting.version != version:
        raise Conflict("This version does not wait to be confirmed.", kind="not-waiting")
    if waiting.asked_by == caller.user_id:
        raise Forbidden("You asked for it yourself: another admin has to confirm.", kind="own")
    if packs.model is not None:
        raise Conflict(
            "A model is configured by now. Evaluate the version and activate it.", kind="testable"
        )
    now = await packs.read(connection, caller.org_id)
    await prompt_packs.confirm(
        connection, caller.org_id, waiting.seq, by=caller.user_id, name=caller.username
    )
    await _record(
        connection, caller, version, "activated", now.version,
        {"asked_by": waiting.asked_name, "untested": UNTESTED},
    )  # fmt: skip
    return await _outcome(connection, caller)


async def roll_back(
    connection: Connection, caller: UserContext, reason: str, packs: PacksInForce
) -> ActivationOutcome:
    """Put what was in force before into force again, at once and by one admin: it held then, and a
    pack that does harm must not wait for a test. In a transaction."""
    await prompt_packs.lock(connection, caller.org_id)
    now = await packs.read(connection, caller.org_id)
    past = await prompt_packs.activations(connection, caller.org_id, limit=MOST_VERSIONS)
    before = _before(past)
    if before is None:
        raise Conflict("Nothing was in force before.", kind="nothing-changes")
    await prompt_packs.withdraw(connection, caller.org_id)
    await prompt_packs.activate(
        connection, caller.org_id, before, by=caller.user_id, name=caller.username,
        is_in_force=True, is_rollback=True,
    )  # fmt: skip
    await _record(
        connection, caller, before, "rolled back", now.version, {"reason": reason.strip()}
    )
    return await _outcome(connection, caller)


def _before(past: Sequence[ActivationRow]) -> int | None:
    """What the newest activation replaced. What was rolled back from is not come back to."""
    versions = [0]
    for one in reversed([one for one in past if one.in_force_from is not None]):
        if one.is_rollback:
            versions.pop()
        else:
            versions.append(one.version)
    return versions[-2] if len(versions) > 1 else None


async def switch_model(
    connection: Connection, caller: UserContext, packs: PacksInForce, suite: SuiteRunner
) -> str:
    """Let the configured model plan. In a transaction. Raises Conflict where the suite does not
    hold with it."""
    model = suite.model
    if model is None:
        raise Conflict("No model is configured.", kind="no-model")
    await prompt_packs.lock(connection, caller.org_id)
    now = await packs.read(connection, caller.org_id)
    if now.model == model:
        raise Conflict(f"{model} is in force.", kind="nothing-changes")
    held = await held_evaluation(connection, caller, now.digest, packs, suite)
    await prompt_packs.switch_model(
        connection, caller.org_id, model, evaluation_id=held.evaluation_id,
        switched_by=caller.username,
    )  # fmt: skip
    await governing_changes.record(
        connection,
        caller.org_id,
        person_of(caller),
        NewChange(
            kind="language_model",
            subject="planner",
            action="switched",
            before={"model": now.model},
            after={
                "model": model,
                "detail": {
                    "evaluation": str(held.evaluation_id),
                    "right": held.right,
                    "of": held.total,
                },
            },
        ),
    )
    return model


async def held_evaluation(
    connection: Connection,
    caller: UserContext,
    digest: str,
    packs: PacksInForce,
    suite: SuiteRunner,
) -> Evaluation:
    """The evaluation by which a candidate may come into force. What is in force may be another
    than when it was made: nothing that holds now may fall. Raises Conflict."""
    model = suite.model or ""
    subject = suite.subject(digest, model)
    found = await evaluations.newest(connection, caller.org_id, subject)
    if found is not None and found.status == "stopped":
        raise Conflict(
            f"The evaluation says nothing: {found.problem} Evaluate again.", kind="not-evaluated"
        )
    if found is None:
        raise Conflict(
            f"The suite has not been asked of {model} with it. Evaluate it first.",
            kind="not-evaluated",
        )
    if found.status == "running":
        raise Conflict("It is being evaluated. Wait for the end.", kind="being-evaluated")
    now = await packs.read(connection, caller.org_id)
    lost = await _lost(connection, caller, subject, suite.subject(now.digest, now.model or ""))
    if found.status == "held" and not lost:
        return found
    raise Conflict(_fell(found, lost), kind="suite-fell")


async def _lost(
    connection: Connection, caller: UserContext, subject: Subject, base: Subject
) -> list[str]:
    before = await evaluations.right_cases(connection, caller.org_id, base)
    after = await evaluations.right_cases(connection, caller.org_id, subject)
    known = {key for key in before or () if " as " not in key}
    return sorted(known - (after or frozenset()))


def _fell(found: Evaluation, lost: list[str]) -> str:
    said = [f"The suite does not hold: {found.right} of {found.total} are right"]
    if found.right_before is None and found.right < found.required * found.total:
        said.append(f", and {found.required:.0%} have to be")
    named = [one for one in found.fallen if one.had_held] or list(found.fallen)
    if named:
        quoted = "; ".join(f"“{one.question[:120]}” ({one.got})" for one in named[:NAMED_CASES])
        word = "What was right before and fell" if named[0].had_held else "Wrong"
        said.append(f". {word}: {quoted}")
        more = len(named) - NAMED_CASES
        said.append(f"; and {more} more" if more > 0 else "")
    elif lost:
        said.append(f". What is right with what is in force, and not with this: {', '.join(lost)}")
    return "".join(said) + "."


async def _ask_for(
    connection: Connection, caller: UserContext, version: int, now: int
) -> ActivationOutcome:
    waiting = await prompt_packs.waiting(connection, caller.org_id)
    if waiting is not None and waiting.version == version:
        raise Conflict(
            f"{waiting.asked_name} asked for it already; another admin has to confirm.",
            kind="already-waiting",
        )
    await prompt_packs.withdraw(connection, caller.org_id)
    await prompt_packs.activate(
        connection, caller.org_id, version, by=caller.user_id, name=caller.username,
        is_in_force=False,
    )  # fmt: skip
    # what holds stays as it is
    await _record(
        connection, caller, now, "asked for", now, {"version": version, "untested": UNTESTED}
    )
    found = await prompt_packs.waiting(connection, caller.org_id)
    assert found is not None  # noqa: S101 - it was written in this transaction
    return ActivationOutcome(activation=activation_of(found), is_in_force=False, untested=UNTESTED)


async def _outcome(connection: Connection, caller: UserContext) -> ActivationOutcome:
    [newest] = await prompt_packs.activations(connection, caller.org_id, limit=1)
    return ActivationOutcome(activation=activation_of(newest), is_in_force=True)


def activation_of(row: ActivationRow) -> PackActivation:
    """A row as the API tells it."""
    return PackActivation(
        version=row.version,
        asked_by=row.asked_name,
        asked_at=row.asked_at,
        confirmed_by=row.confirmed_name,
        in_force_from=row.in_force_from,
        is_rollback=row.is_rollback,
    )


async def _record(
    connection: Connection,
    caller: UserContext,
    version: int,
    action: str,
    before: int,
    detail: dict[str, JsonValue],
) -> None:
    await governing_changes.record(
        connection,
        caller.org_id,
        person_of(caller),
        NewChange(
            kind="prompt_pack",
            subject="in force",
            action=action,
            before={"version": before},
            after={"version": version, "detail": detail},
        ),
    )


async def refuse_faults(connection: Connection, caller: UserContext, blocks: PromptBlocks) -> None:
    """Raises InvalidPayload where a block cannot be used, or is for nobody."""
    found = faults_of(blocks)
    roles = {one.role for one in await role_policies.of_organisation(connection, caller.org_id)}
    found += [(("roles", name), "There is no such role") for name in blocks.roles.keys() - roles]
    people = await prompt_packs.usernames(connection, caller.org_id) if blocks.users else set()
    found += [(("users", name), "There is no such person") for name in blocks.users.keys() - people]
    if found:
        raise InvalidPayload(
            [
                ErrorDetails(
                    type="value_error", loc=("blocks", *place), msg=f"{message}.", input=None
                )
                for place, message in sorted(found)
            ]
        )
