"""Cut a document into passages that are short enough to be shown whole."""

import re

PASSAGE_LENGTH = 600
_HEADING = re.compile(r"^#{1,6}\s+(?P<text>.*?)\s*#*$", re.MULTILINE)
_PARAGRAPH = re.compile(r"\n\s*\n")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


def cut(body: str) -> tuple[tuple[str, str], ...]:
    """Passages as (heading, text), in order, each text at most `PASSAGE_LENGTH` characters.

    A heading begins a passage; within one, paragraphs are kept together while they fit, and
    are cut between sentences, then between words, where they do not.
    """
    passages: list[tuple[str, str]] = []
    heading, start = "", 0
    for found in _HEADING.finditer(body):
        passages.extend((heading, text) for text in _pack(body[start : found.start()]))
        heading, start = found["text"], found.end()
    passages.extend((heading, text) for text in _pack(body[start:]))
    return tuple(passages)


def _pack(text: str) -> list[str]:
    packed: list[str] = []
    for paragraph in _PARAGRAPH.split(text):
        line = " ".join(paragraph.split()) if not _is_list(paragraph) else _list(paragraph)
        for piece in _fit(line):
            if packed and len(packed[-1]) + len(piece) + 1 <= PASSAGE_LENGTH:
                packed[-1] = f"{packed[-1]}\n{piece}"
            else:
                packed.append(piece)
    return packed


def _is_list(paragraph: str) -> bool:
    return any(line.lstrip().startswith(("- ", "* ")) for line in paragraph.splitlines())


def _list(paragraph: str) -> str:
    """List items on a line of their own, wrapped lines joined."""
    lines: list[str] = []
    for line in map(str.strip, paragraph.splitlines()):
        if line.startswith(("- ", "* ")) or not lines:
            lines.append(line)
        elif line:
            lines[-1] = f"{lines[-1]} {line}"
    return "\n".join(line for line in lines if line)


def _fit(text: str) -> list[str]:
    if len(text) <= PASSAGE_LENGTH:
        return [text] if text else []
    pieces: list[str] = []
    for sentence in _SENTENCE_END.split(text):
        for part in _words(sentence):
            if pieces and len(pieces[-1]) + len(part) + 1 <= PASSAGE_LENGTH:
                pieces[-1] = f"{pieces[-1]} {part}"
            else:
                pieces.append(part)
    return pieces


def _words(sentence: str) -> list[str]:
    parts: list[str] = []
    for word in sentence.split():
        for start in range(0, len(word), PASSAGE_LENGTH):
            piece = word[start : start + PASSAGE_LENGTH]
            if parts and len(parts[-1]) + len(piece) + 1 <= PASSAGE_LENGTH:
                parts[-1] = f"{parts[-1]} {piece}"
            else:
                parts.append(piece)
    return parts
