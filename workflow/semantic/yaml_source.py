"""YAML, and so JSON, with the line of every value, so that a fault can be pointed at."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

from workflow.semantic.errors import ModelError

Scalar = str | int | float | bool | date | bytes | None
Tree = Scalar | list["Tree"] | dict[str, "Tree"]
Location = tuple[str | int, ...]

MAX_BYTES = 2 * 1024 * 1024
MAX_NODES = 100_000
"""Aliases are expanded, so that a few lines could stand for billions of values."""


@dataclass(frozen=True, slots=True)
class Source:
    """A parsed file: `lines` has the line of each value by its location, counted from 1."""

    file: str
    content: bytes
    tree: Tree
    lines: Mapping[Location, int]

    def fault(self, location: Location, message: str) -> str:
        """The message with its file and line: the nearest one that encloses the location."""
        while location and location not in self.lines:
            location = location[:-1]
        return f"{self.file}:{self.lines.get(location, 1)}: {message}"


def read(path: Path) -> Source:
    """Read one YAML document from a file. Raises ModelError, also when it cannot be read."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}:1: cannot be read: {error.strerror}") from error
    return parse(content, str(path))


def parse(content: bytes, path: str) -> Source:
    """One YAML document; `path` is what faults call it.

    Raises ModelError when it is not YAML, is too large, repeats a key or contains itself.
    """
    try:
        if len(content) > MAX_BYTES:
            raise ModelError(f"{path}:1: the file is larger than {MAX_BYTES:,} bytes")
        loader = yaml.SafeLoader(content.decode("utf-8"))
        node = loader.get_single_node()
        if node is None:
            raise ModelError(f"{path}:1: the file is empty")
        builder = _Builder(path, loader)
        tree = builder.build(node, ())
    except UnicodeDecodeError as error:
        raise ModelError(f"{path}:1: is not UTF-8 text") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ModelError(f"{path}:{line}: is not valid YAML: {error.problem}") from error
    except (yaml.YAMLError, ValueError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(f"{path}:1: is not valid YAML: {error}") from error
    except RecursionError as error:
        raise ModelError(f"{path}:1: is nested too deeply") from error
    return Source(path, content, tree, builder.lines)


class _Builder:
    def __init__(self, file: str, loader: yaml.SafeLoader) -> None:
        self.file = file
        self.loader = loader
        self.lines: dict[Location, int] = {}
        self.open: set[int] = set()

    def build(self, node: yaml.Node, location: Location) -> Tree:
        line = node.start_mark.line + 1
        self.lines[location] = line
        if len(self.lines) > MAX_NODES:
            raise ModelError(f"{self.file}:{line}: the file holds more than {MAX_NODES:,} values")
        if isinstance(node, yaml.ScalarNode):
            value: Scalar = self.loader.construct_object(node)
            return value
        if id(node) in self.open:
            raise ModelError(f"{self.file}:{line}: a value contains itself")
        self.open.add(id(node))
        tree: Tree
        if isinstance(node, yaml.SequenceNode):
            tree = [self.build(item, (*location, i)) for i, item in enumerate(node.value)]
        else:
            assert isinstance(node, yaml.MappingNode)  # noqa: S101 - YAML has three node kinds
            tree = self._mapping(node, location)
        self.open.discard(id(node))
        return tree

    def _mapping(self, node: yaml.MappingNode, location: Location) -> dict[str, Tree]:
        written: set[str] = set()
        for key, _ in node.value:
            if key.value in written:
                line = key.start_mark.line + 1
                raise ModelError(f"{self.file}:{line}: the key {key.value} stands here twice")
            if isinstance(key.value, str):
                written.add(key.value)
        self.loader.flatten_mapping(node)  # merge keys; what is written here comes last and wins
        tree: dict[str, Tree] = {}
        for key, value in node.value:
            name = self.loader.construct_object(key)
            if not isinstance(name, str):
                line = key.start_mark.line + 1
                raise ModelError(f"{self.file}:{line}: a key must be text, not {name!r}")
            tree[name] = self.build(value, (*location, name))
        return tree
