"""Prompt packs: the shipped instructions, and what an organisation adds for itself, for a role and
for a person. Composition is a pure function over blocks; its digest is recorded with the run.

A block only ever adds. It stands behind the rules, inside a JSON object that it cannot end, and
the rules say that they come first.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from contracts.context import UserContext
from workflow.plan.prompts import GUIDANCE, INSTRUCTIONS, PROMPT_VERSION, REPAIR

Layer = Literal["organisation", "role", "user"]
LONGEST_BLOCK = 4_000


@dataclass(frozen=True, slots=True)
class Block:
    """What is added on one layer, in the words of whoever keeps it."""

    layer: Layer
    text: str


@dataclass(frozen=True, slots=True)
class PromptPack:
    """All that a model is told beside the catalog and the message. `digest` is the SHA-256 of
    every word of it, the second round's included."""

    version: str
    instructions: str
    repair: str
    digest: str


def compose(*blocks: Block) -> PromptPack:
    """The pack of these blocks, in the order of their layers. Raises ValueError for a block that
    is too long or holds characters that cannot be seen."""
    added: dict[str, list[str]] = {}
    for layer in ("organisation", "role", "user"):
        texts = [_checked(block) for block in blocks if block.layer == layer]
        if texts:
            added[layer] = texts
    instructions = INSTRUCTIONS
    if added:
        instructions += f"\n\n{GUIDANCE}\n{json.dumps(added, ensure_ascii=False)}"
    told = f"{instructions}\n\n{REPAIR}"
    digest = hashlib.sha256(told.encode()).hexdigest()
    return PromptPack(PROMPT_VERSION, instructions, REPAIR, digest)


def _checked(block: Block) -> str:
    text = block.text.strip()
    if len(text) > LONGEST_BLOCK:
        raise ValueError(f"A block for the {block.layer} is longer than {LONGEST_BLOCK} characters")
    if not all(character.isprintable() or character in "\n\t" for character in text):
        raise ValueError(f"A block for the {block.layer} holds a character that cannot be seen")
    return text


class PromptPacks:
    """The pack of each person. Composed once for each combination of blocks."""

    def __init__(
        self,
        organisation: str = "",
        roles: Mapping[str, str] | None = None,
        users: Mapping[str, str] | None = None,
    ) -> None:
        self._organisation = organisation
        self._roles = dict(roles or {})
        self._users = dict(users or {})
        self._made: dict[tuple[str, str], PromptPack] = {}
        for role in ("", *self._roles):
            for user in ("", *self._users):
                self._of(role, user)  # a block that cannot be used is found at start

    def of(self, context: UserContext) -> PromptPack:
        """What a model is told for this person."""
        role = context.role if context.role in self._roles else ""
        user = context.username if context.username in self._users else ""
        return self._of(role, user)

    def _of(self, role: str, user: str) -> PromptPack:
        made = self._made.get((role, user))
        if made is None:
            blocks = (
                Block("organisation", self._organisation),
                Block("role", self._roles.get(role, "")),
                Block("user", self._users.get(user, "")),
            )
            made = self._made[role, user] = compose(*(b for b in blocks if b.text.strip()))
        return made


def read_packs(folder: Path | None) -> PromptPacks:
    """The packs kept in a folder: `organisation.md`, `roles/ROLE.md` and `users/USERNAME.md`, each
    of which may be missing; without a folder, the shipped instructions alone."""
    if folder is None:
        return PromptPacks()
    if not folder.is_dir():
        raise ValueError(f"PROMPT_PACK is not a folder: {folder}")
    organisation = folder / "organisation.md"
    return PromptPacks(
        organisation.read_text(encoding="utf-8") if organisation.is_file() else "",
        _texts(folder / "roles"),
        _texts(folder / "users"),
    )


def _texts(folder: Path) -> dict[str, str]:
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.md"))}
