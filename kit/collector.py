"""The garbage collector, set for a service."""

import gc


def settle() -> None:
    """Call once everything that lasts has been made. What exists now is never looked at again,
    and cycles are sought less often: with the defaults each question pays for several walks over
    parsers, models and schemas that cannot be garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
