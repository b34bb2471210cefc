"""Prompt packs: the shipped instructions, and what an organisation adds for itself, for a role and
for a person. Composition is a pure function over blocks; its digest is recorded with the run.

A block only ever adds. It stands behind the rules, inside a JSON object that it cannot end, and
the rules say that they come first.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from contracts.context import UserContext
from contracts.prompt_pack import Layer, PromptBlocks
from kit.canonical import canonical, text_digest
from workflow.plan.prompts import GUIDANCE, INSTRUCTIONS, PROMPT_VERSION, REPAIR

LONGEST_BLOCK = 4_000
LONGEST_PACK = 100_000
"""Characters of all blocks of an organisation together."""
MOST_MADE = 1_000
PLACEHOLDERS = ("role", "username")
"""What may stand in braces in a block: it is replaced by that of the person who asks."""
_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


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
    is too long, holds characters that cannot be seen, or a placeholder that stands for nothing."""
    return _told([Block(block.layer, _checked(block)) for block in blocks])


def _told(blocks: Sequence[Block]) -> PromptPack:
    added: dict[str, list[str]] = {}
    for layer in ("organisation", "role", "user"):
        texts = [block.text for block in blocks if block.layer == layer]
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
    unknown = sorted(set(_PLACEHOLDER.findall(text)) - set(PLACEHOLDERS))
    if unknown:
        known = " and ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        raise ValueError(
            f"A block for the {block.layer} holds {{{unknown[0]}}}, which stands for nothing here; "
            f"{known} do"
        )
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
        self._made: dict[tuple[str, str, str, str], PromptPack] = {}
        texts = (organisation, *self._roles.values(), *self._users.values())
        self._says_role = any("{role}" in text for text in texts)
        self._says_username = any("{username}" in text for text in texts)
        for role in ("", *self._roles):
            for user in ("", *self._users):
                self._of(role, user)  # a block that cannot be used is found at start

    def of(self, context: UserContext) -> PromptPack:
        """What a model is told for this person."""
        role = context.role if context.role in self._roles else ""
        user = context.username if context.username in self._users else ""
        return self._of(
            role,
            user,
            context.role if self._says_role else "",
            context.username if self._says_username else "",
        )

    def _of(self, role: str, user: str, role_name: str = "", username: str = "") -> PromptPack:
        made = self._made.get((role, user, role_name, username))
        if made is None:
            texts: dict[Layer, str] = {
                "organisation": self._organisation,
                "role": self._roles.get(role, ""),
                "user": self._users.get(user, ""),
            }
            blocks = (
                Block(layer, _checked(Block(layer, text)))
                for layer, text in texts.items()
                if text.strip()
            )
            put_in = [
                Block(b.layer, b.text.replace("{role}", role_name).replace("{username}", username))
                for b in blocks
            ]
            if len(self._made) >= MOST_MADE:
                self._made.clear()
            made = self._made[role, user, role_name, username] = _told(put_in)
        return made


def packs_of(blocks: PromptBlocks) -> PromptPacks:
    """The packs that these blocks make. Raises ValueError as `compose` does."""
    return PromptPacks(blocks.organisation, blocks.roles, blocks.users)


def faults_of(blocks: PromptBlocks) -> list[tuple[tuple[str, ...], str]]:
    """What keeps blocks from being used, each with its place."""
    placed: list[tuple[tuple[str, ...], Block]] = [
        (("organisation",), Block("organisation", blocks.organisation))
    ]
    placed += [(("roles", name), Block("role", text)) for name, text in blocks.roles.items()]
    placed += [(("users", name), Block("user", text)) for name, text in blocks.users.items()]
    found: list[tuple[tuple[str, ...], str]] = []
    for place, block in placed:
        try:
            _checked(block)
        except ValueError as error:
            found.append((place, str(error)))
    if sum(len(block.text) for _, block in placed) > LONGEST_PACK:
        found.append(((), f"All blocks together are longer than {LONGEST_PACK:,} characters"))
    return found


def tidy(blocks: PromptBlocks) -> PromptBlocks:
    """The same without blocks that say nothing, and with one kind of line break."""

    def text(of: str) -> str:
        return of.replace("\r\n", "\n").replace("\r", "\n").strip()

    def said(of: Mapping[str, str]) -> dict[str, str]:
        return {name: text(of[name]) for name in sorted(of) if text(of[name])}

    return PromptBlocks(
        organisation=text(blocks.organisation), roles=said(blocks.roles), users=said(blocks.users)
    )


def digest_of(blocks: PromptBlocks) -> str:
    """SHA-256 of all that a version tells: the fixed words, and every block."""
    own = canonical(tidy(blocks).model_dump(mode="json"))
    return text_digest(f"{INSTRUCTIONS}\n\n{GUIDANCE}\n\n{REPAIR}\n\n{own}")


def read_blocks(folder: Path | None) -> PromptBlocks:
    """The blocks kept in a folder: `organisation.md`, `roles/ROLE.md` and `users/USERNAME.md`, each
    of which may be missing; without a folder, none. Raises ValueError for what cannot be used."""
    if folder is None:
        return PromptBlocks()
    if not folder.is_dir():
        raise ValueError(f"PROMPT_PACK is not a folder: {folder}")
    organisation = folder / "organisation.md"
    text = organisation.read_text(encoding="utf-8") if organisation.is_file() else ""
    roles, users = _texts(folder / "roles"), _texts(folder / "users")
    PromptPacks(text, roles, users)  # says what is wrong in our words
    return tidy(PromptBlocks(organisation=text, roles=roles, users=users))


def read_packs(folder: Path | None) -> PromptPacks:
    """The packs that the blocks of a folder make."""
    return packs_of(read_blocks(folder))


def _texts(folder: Path) -> dict[str, str]:
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.md"))}
