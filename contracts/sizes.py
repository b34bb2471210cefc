"""How much a request may hold where the usual 64 kB are too little, in bytes of JSON."""

from collections.abc import Mapping
from types import MappingProxyType

MANY_TEXTS = 1024 * 1024
"""All the blocks of a prompt pack, or a knowledge document."""
MODEL_DOCUMENT = 4 * 1024 * 1024
"""A semantic model's document of 500,000 characters, as a JSON string."""


BY_PATH: Mapping[str, int] = MappingProxyType(
    {
        "/admin/prompt-packs": MANY_TEXTS,
        "/admin/prompt-packs/": MANY_TEXTS,
        "/admin/documents": MANY_TEXTS,
        "/admin/documents/": MANY_TEXTS,
        "/admin/model/check": MODEL_DOCUMENT,
    }
)
"""In the workflow; the gateway has the same under /api."""
