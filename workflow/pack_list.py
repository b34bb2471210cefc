"""Prompt packs as the API shows them."""

import difflib

from contracts.context import Permission, UserContext
from contracts.prompt_pack import (
    BlockDiff,
    DiffLine,
    Evaluation,
    Layer,
    PackActivation,
    PromptBlocks,
    PromptPackDetail,
    PromptPackDiff,
    PromptPackList,
    PromptPackVersion,
)
from kit.database import Connection
from kit.problems import NotFound
from workflow.pack_changes import activation_of, blocks_of
from workflow.packs import Holding, PacksInForce
from workflow.plan.prompt_pack import digest_of
from workflow.plan.prompts import GUIDANCE, INSTRUCTIONS
from workflow.store import evaluations, prompt_packs, role_policies
from workflow.store.prompt_packs import PackRow
from workflow.suite import SuiteRunner

MOST_LISTED = 100


async def listed(
    connection: Connection, caller: UserContext, packs: PacksInForce, suite: SuiteRunner
) -> PromptPackList:
    """The newest versions and what holds. In no transaction: it may be a moment out of step."""
    now = await packs.of(caller.org_id)
    rows = await prompt_packs.newest(connection, caller.org_id, limit=MOST_LISTED)
    past = await prompt_packs.activations(connection, caller.org_id, limit=MOST_LISTED)
    waits = next((one for one in past if one.in_force_from is None), None)
    waiting = activation_of(waits) if waits else None
    shipped = digest_of(packs.shipped)
    items = [
        _version(
            row,
            now,
            waiting,
            await _evaluation(connection, caller, row.digest if row else shipped, suite),
            shipped,
        )
        for row in [*rows, None]
    ]
    roles = await role_policies.of_organisation(connection, caller.org_id)
    return PromptPackList(
        items=tuple(items),
        in_force=now.version,
        model=packs.model,
        model_in_force=now.model,
        model_evaluation=await _evaluation(connection, caller, now.digest, suite),
        roles=tuple(one.role for one in roles if Permission.ASK in one.permissions),
        suite_cases=len(suite.suite.cases),
        history=tuple(activation_of(one) for one in past if one.in_force_from is not None),
    )


async def detail(
    connection: Connection,
    caller: UserContext,
    version: int,
    packs: PacksInForce,
    suite: SuiteRunner,
) -> PromptPackDetail:
    """One version. Raises NotFound."""
    row = await prompt_packs.get(connection, caller.org_id, version) if version else None
    if version and row is None:
        raise NotFound("There is no such version of the prompt pack.")
    blocks = await blocks_of(connection, caller, version, packs)
    now = await packs.of(caller.org_id)
    waits = await prompt_packs.waiting(connection, caller.org_id)
    found = _version(
        row,
        now,
        activation_of(waits) if waits else None,
        await _evaluation(connection, caller, digest_of(blocks), suite),
        digest_of(packs.shipped),
    )
    return PromptPackDetail(
        **found.model_dump(), blocks=blocks, instructions=f"{INSTRUCTIONS}\n\n{GUIDANCE}"
    )


async def _evaluation(
    connection: Connection, caller: UserContext, digest: str, suite: SuiteRunner
) -> Evaluation | None:
    if suite.model is None:
        return None
    return await evaluations.newest(connection, caller.org_id, suite.subject(digest, suite.model))


def _version(
    row: PackRow | None,
    now: Holding,
    waiting: PackActivation | None,
    evaluation: Evaluation | None,
    shipped: str,
) -> PromptPackVersion:
    version = row.version if row else 0
    return PromptPackVersion(
        version=version,
        base_version=row.base_version if row else None,
        digest=row.digest if row else shipped,
        note=row.note if row else "What the service was started with.",
        proposed_by=row.proposed_name if row else None,
        proposed_at=row.proposed_at if row else None,
        is_in_force=now.version == version,
        waiting=waiting if waiting and waiting.version == version else None,
        evaluation=evaluation,
    )


def difference(before: tuple[int, PromptBlocks], after: tuple[int, PromptBlocks]) -> PromptPackDiff:
    """Block by block, line by line; blocks that are the same are left out."""
    old, new = _texts(before[1]), _texts(after[1])
    return PromptPackDiff(
        before=before[0],
        after=after[0],
        blocks=tuple(
            BlockDiff(layer=layer, name=name, lines=lines(old.get(place, ""), new.get(place, "")))
            for place in sorted({*old, *new}, key=lambda one: (_ORDER[one[0]], one[1]))
            if old.get(place, "") != new.get(place, "")
            for layer, name in [place]
        ),
    )


_ORDER: dict[Layer, int] = {"organisation": 0, "role": 1, "user": 2}


def _texts(blocks: PromptBlocks) -> dict[tuple[Layer, str], str]:
    found: dict[tuple[Layer, str], str] = {("organisation", ""): blocks.organisation}
    found |= {("role", name): text for name, text in blocks.roles.items()}
    found |= {("user", name): text for name, text in blocks.users.items()}
    return found


def lines(before: str, after: str) -> tuple[DiffLine, ...]:
    """The lines of both texts, in order, each once."""
    old, new = before.splitlines(), after.splitlines()
    found: list[DiffLine] = []
    for tag, i, j, k, m in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            found += [DiffLine(kind="same", text=text) for text in old[i:j]]
            continue
        found += [DiffLine(kind="removed", text=text) for text in old[i:j]]
        found += [DiffLine(kind="added", text=text) for text in new[k:m]]
    return tuple(found)
