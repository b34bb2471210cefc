"""The planner's instructions: one file a block, one folder a version.

What a model was told is part of the evidence for an answer, so a changed text is a changed
digest. A new wording is a new folder; an old folder is not edited once it was released.
"""

import hashlib
from pathlib import Path

PROMPT_VERSION = "v1"
BLOCKS = ("task", "choose", "plans", "time", "data", "reply")
"""The blocks of the system message, in order; `repair` is for the second round."""

_FOLDER = Path(__file__).parent / PROMPT_VERSION


def _read(block: str) -> str:
    return (_FOLDER / f"{block}.md").read_text(encoding="utf-8").strip()


INSTRUCTIONS = "\n\n".join(_read(block) for block in BLOCKS)
REPAIR = _read("repair")
PROMPT_DIGEST = hashlib.sha256(f"{INSTRUCTIONS}\n\n{REPAIR}".encode()).hexdigest()
"""SHA-256 of every word a model is told beside the catalog and the message."""
