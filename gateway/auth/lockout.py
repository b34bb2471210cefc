"""How long a name is locked after so many failures in a row."""

from datetime import timedelta

FORGET_AFTER = timedelta(days=1)
"""A name that nobody failed on for this long starts from nothing."""


def lock_after(failures: int, *, free: int, longest: timedelta) -> timedelta:
    """Nothing below `free` failures, then one second, doubling with each, up to `longest`."""
    if failures < free:
        return timedelta(0)
    doublings = min(failures - free, 32)
    return min(timedelta(seconds=2**doublings), longest)
