"""Merkle trees as Certificate Transparency has them: RFC 6962, section 2.1.

A leaf's hash is SHA-256 of 0x00 and its data, an inner node's of 0x01 and its two children, so
that neither can be passed off as the other. A tree of n leaves is split at the largest power of
two below n.
"""

from collections.abc import Sequence
from hashlib import sha256


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf that holds `data`."""
    return sha256(b"\0" + data).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


class Tree:
    """The root of leaves that come one after the other, in memory of the tree's height.

    Holds the roots of the complete subtrees so far, largest first, each with its size.
    """

    def __init__(self) -> None:
        self.size = 0
        self._whole: list[tuple[int, bytes]] = []

    def add(self, leaf: bytes) -> None:
        """The hash of the next leaf."""
        self.size += 1
        size, node = 1, leaf
        while self._whole and self._whole[-1][0] == size:
            node = _node(self._whole.pop()[1], node)
            size *= 2
        self._whole.append((size, node))

    def root(self) -> bytes:
        """The root; of no leaves, the hash of nothing."""
        if not self._whole:
            return sha256().digest()
        node = self._whole[-1][1]
        for _, left in reversed(self._whole[:-1]):
            node = _node(left, node)
        return node


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over these leaf hashes."""
    tree = Tree()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


def path_of(leaves: Sequence[bytes], position: int) -> tuple[bytes, ...]:
    """The audit path (section 2.1.1) of the leaf at `position`, from the leaf's sibling up."""
    if len(leaves) < 2:
        return ()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    left, right = leaves[:split], leaves[split:]
    if position < split:
        return (*path_of(left, position), root_of(right))
    return (*path_of(right, position - split), root_of(left))


def root_by_path(leaf: bytes, position: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that the path leads to; None for a path that no tree of that size has.

    The algorithm is that of RFC 9162, section 2.1.3.2.
    """
    if not 0 <= position < size:
        return None
    here, last, node = position, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if here & 1 or here == last:
            node = _node(sibling, node)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            node = _node(node, sibling)
        here, last = here >> 1, last >> 1
    return node if last == 0 else None
