"""How much a request may hold where the usual 64 kB are too little, in bytes of JSON."""

MANY_TEXTS = 1024 * 1024
"""All the blocks of a prompt pack, or a knowledge document."""
MODEL_DOCUMENT = 4 * 1024 * 1024
"""A semantic model's document of 500,000 characters, as a JSON string."""


def of_knowledge(prefix: str) -> dict[str, int]:
    """By path, under the prefix that a service has these at."""
    return {
        f"{prefix}/admin/prompt-packs": MANY_TEXTS,
        f"{prefix}/admin/prompt-packs/": MANY_TEXTS,
        f"{prefix}/admin/documents": MANY_TEXTS,
        f"{prefix}/admin/documents/": MANY_TEXTS,
        f"{prefix}/admin/model/check": MODEL_DOCUMENT,
    }
