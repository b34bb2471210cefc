"""The planner's instructions: one file a block, one folder a version.

What a model was told is part of the evidence for an answer, so a changed text is a changed
digest. A new wording is a new folder; an old folder is not edited once it was released.
"""

from pathlib import Path

PROMPT_VERSION = "v2"
BLOCKS = ("task", "choose", "plans", "time", "data", "reply")
"""The blocks of the system message, in order. `guidance` comes before what an organisation has
added, `repair` is for the second round."""

_FOLDER = Path(__file__).parent / PROMPT_VERSION


def _read(block: str) -> str:
    return (_FOLDER / f"{block}.md").read_text(encoding="utf-8").strip()


INSTRUCTIONS = "\n\n".join(_read(block) for block in BLOCKS)
GUIDANCE = _read("guidance")
REPAIR = _read("repair")
