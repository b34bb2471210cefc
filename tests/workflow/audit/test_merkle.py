"""Trees against the definition of RFC 6962, written down a second time, and its test vectors."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.audit.merkle import leaf_hash, path_of, root_by_path, root_of

# the eight leaves that implementations of Certificate Transparency test with
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


def defined_root(data: list[bytes]) -> bytes:
    """Section 2.1, word for word."""
    if not data:
        return sha256().digest()
    if len(data) == 1:
        return sha256(b"\0" + data[0]).digest()
    k = 1
    while k * 2 < len(data):
        k *= 2
    return sha256(b"\1" + defined_root(data[:k]) + defined_root(data[k:])).digest()


@pytest.mark.parametrize(("size", "root"), ROOTS.items())
def test_known_roots(size: int, root: str) -> None:
    assert root_of([leaf_hash(data) for data in LEAVES[:size]]).hex() == root


@pytest.mark.parametrize("size", range(70))
def test_roots_are_as_defined(size: int) -> None:
    data = [str(n).encode() for n in range(size)]
    assert root_of([leaf_hash(one) for one in data]) == defined_root(data)


@pytest.mark.parametrize("size", range(1, 70))
def test_every_leaf_has_a_path_to_the_root_and_to_no_other_place(size: int) -> None:
    leaves = [leaf_hash(str(n).encode()) for n in range(size)]
    root = root_of(leaves)
    for position in range(size):
        path = path_of(leaves, position)
        assert root_by_path(leaves[position], position, size, path) == root
        elsewhere = (position + 1) % size
        if elsewhere != position:
            assert root_by_path(leaves[position], elsewhere, size, path) != root


@given(st.integers(1, 40), st.data())
def test_a_path_that_was_touched_leads_elsewhere(size: int, data: st.DataObject) -> None:
    leaves = [leaf_hash(str(n).encode()) for n in range(size)]
    position = data.draw(st.integers(0, size - 1))
    path = list(path_of(leaves, position))
    root = root_of(leaves)
    longer = [*path, data.draw(st.binary(min_size=32, max_size=32))]
    assert root_by_path(leaves[position], position, size, longer) != root
    if path:
        assert root_by_path(leaves[position], position, size, path[:-1]) != root
        touched = data.draw(st.integers(0, len(path) - 1))
        path[touched] = bytes(32)
        assert root_by_path(leaves[position], position, size, path) != root
    assert root_by_path(leaf_hash(b"another"), position, size, path) != root
