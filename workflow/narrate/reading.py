"""A sentence as it is understood: which rows, periods and metrics it speaks of, and where."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from workflow.narrate.dates import Mark, Role, dates_named
from workflow.narrate.facts import Grounds, Names, Rows, Table
from workflow.narrate.grounds import FIRST_WORD
from workflow.narrate.mentions import DAY, NAME, Mentions, Number, mentions, plain
from workflow.narrate.vocabulary import (
    BETWEEN_NAMES,
    CLAUSE_ENDS,
    CONNECTORS,
    CURRENCY_WORDS,
    OF_NAME,
    TIME_UNITS,
)

_LABEL_REACH = 3
_BEFORE_COUNTED = frozenset(("different", "distinct", "other", "listed", "shown", "of"))


@dataclass(frozen=True, slots=True)
class Group:
    """Names of one dimension in one breath, from token `start` to `end`; `count` of them."""

    start: int
    end: int
    rows: Rows
    count: int = 1


@dataclass(frozen=True, slots=True)
class Reading:
    """`numbers` are those that need a reason; `groups` the rows named, by dimension; `metrics`
    where each begins and ends that is named; `roles` which of two compared periods is named where;
    `known` the places of tokens that are accounted for."""

    tokens: tuple[str, ...]
    numbers: tuple[Number, ...]
    ordinals: tuple[Number, ...]
    groups: Mapping[int, tuple[Group, ...]]
    metrics: tuple[tuple[int, int, str], ...]
    roles: tuple[tuple[int, Role], ...]
    known: frozenset[int]

    @property
    def words(self) -> frozenset[str]:
        """The tokens that are not accounted for."""
        return frozenset(
            token for place, token in enumerate(self.tokens) if place not in self.known
        )

    def at(self, place: int) -> str:
        """A token, or nothing beyond the ends."""
        return self.tokens[place] if 0 <= place < len(self.tokens) else ""

    def rows_of(self, start: int, end: int) -> Rows | None:
        """The rows that a number belongs to, None where no row is named: those right after it
        ("400.00 in May"), else those named last before it, else those named first after it."""
        return _common(self._chosen(groups, start, end) for groups in self.groups.values())

    def is_list(self, start: int, end: int) -> bool:
        """Whether several names were said for what a number belongs to."""
        chosen = (self._chosen(groups, start, end) for groups in self.groups.values())
        return any(group is not None and group.count > 1 for group in chosen)

    def _chosen(self, groups: tuple[Group, ...], start: int, end: int) -> Group | None:
        following = next((group for group in groups if group.start > end), None)
        preceding = next((group for group in reversed(groups) if group.end < start), None)
        if following is not None and self._belongs(end, following):
            return following
        return preceding or following

    def _belongs(self, end: int, group: Group) -> bool:
        between = range(end + 1, group.start)
        if len(between) == 0:
            return False
        if self.at(end + 1) == "(":
            return len(between) == 1 and self.at(group.end + 1) in (")", ",")
        return any(self.at(place) in OF_NAME for place in between) and all(
            self.at(place) in OF_NAME or place in self.known or self.at(place) in _UNITS
            for place in between
        )

    def clause(self, place: int) -> tuple[int, int]:
        """Where the part of the sentence around a token begins and ends; a list of names is not
        torn apart."""
        inside = {
            token
            for groups in self.groups.values()
            for group in groups
            for token in range(group.start, group.end + 1)
        }
        start, end = place, place
        while start > 0 and (self.at(start - 1) not in _ENDS or start - 1 in inside):
            start -= 1
        while end < len(self.tokens) - 1 and (self.at(end + 1) not in _ENDS or end + 1 in inside):
            end += 1
        return start, end

    def rows_claimed(self, place: int) -> Rows | None:
        """The rows that a word's claim is about: in its own part of the sentence, those before it
        first; else elsewhere."""
        start, end = self.clause(place)
        return _common(
            _nearest(groups, place, lambda g: start <= g.start <= end)
            or _nearest(groups, place, lambda g: True)
            for groups in self.groups.values()
        )

    def metric_at(self, start: int, end: int, default: str) -> str:
        """The metric that a number is of: named right after it ("12 payments"), else named last
        before it, else the one that is meant where none is."""
        named = [metric for metric in self.metrics if metric[2]]
        for first, _, name in named:
            if 0 < first - end <= 1 or (first - end == 2 and self.at(end + 1) in ("of", "in")):
                return name
        before = [name for _, last, name in named if last < start]
        return before[-1] if before else default

    def metric_claimed(self, place: int, default: str) -> str:
        """The metric that a word's claim is about: after it in its part of the sentence ("leads
        by revenue"), else named last before it, else the one that is meant where none is."""
        _, end = self.clause(place)
        named = [metric for metric in self.metrics if metric[2]]
        after = [name for first, _, name in named if place < first <= end]
        before = [name for _, last, name in named if last < place]
        return after[0] if after else before[-1] if before else default

    def role_at(self, start: int, end: int) -> Role | None:
        """Which of two compared periods a number is of: the one named right after it, else the
        one named last before it."""
        for place, role in self.roles:
            if place > end and self._belongs(end, Group(place, place, frozenset())):
                return role
        before = [role for place, role in self.roles if place < start]
        return before[-1] if before else None


_ENDS = CLAUSE_ENDS | {"and"}
_UNITS = CURRENCY_WORDS | TIME_UNITS


def _nearest(
    groups: tuple[Group, ...], place: int, is_meant: Callable[[Group], bool]
) -> Group | None:
    meant = [group for group in groups if is_meant(group)]
    before = [group for group in meant if group.end < place]
    return before[-1] if before else meant[0] if meant else None


def _common(chosen: Iterable[Group | None]) -> Rows | None:
    rows: Rows | None = None
    for group in chosen:
        if group is not None:
            rows = group.rows if rows is None else rows & group.rows
    return rows


def read(sentence: str, grounds: Grounds, table: Table) -> Reading | None:
    """What a sentence speaks of; None where it speaks of what is not there: a day outside the
    period, a row that did not come back, another scope."""
    text, named = _without_names(plain(sentence), grounds.names)
    found = mentions(text)
    places = [place for place, token in enumerate(found.tokens) if token == NAME]
    marks: list[Mark] = [
        (place, dimension, rows)
        for place, one in zip(places, named, strict=True)
        for dimension, rows in one.items()
    ]
    dated = dates_named(found, table)
    if dated is None:
        return None
    day_marks, roles = dated
    metrics = tuple(_metrics(found.tokens, grounds))
    known = {*places, *(p for p, token in enumerate(found.tokens) if token == DAY)}
    known |= {place for first, last, _ in metrics for place in range(first, last + 1)}
    numbers = [number for number in found.numbers if number.token not in known]
    sorted_out = _placed(numbers, found, grounds)
    if sorted_out is None:
        return None
    keyed, to_confirm, placed = sorted_out
    groups = _groups([*marks, *day_marks, *keyed], found.tokens, known | placed)
    if groups is None:
        return None
    return Reading(
        tokens=found.tokens,
        numbers=tuple(number for number in to_confirm if not number.is_ordinal),
        ordinals=tuple(number for number in to_confirm if number.is_ordinal),
        groups=groups,
        metrics=metrics,
        roles=roles,
        known=frozenset(known | placed),
    )


def _without_names(text: str, names: Names) -> tuple[str, list[dict[int, Rows]]]:
    """The text with a mark for each name in it, and the rows that each stands for."""
    named: list[dict[int, Rows]] = []
    pieces: list[str] = []
    end = 0
    for word in FIRST_WORD.finditer(text):
        if word.start() < end:
            continue
        for name, rows in names.get(word[0], ()):
            stop = word.start() + len(name)
            if text.startswith(name, word.start()) and not _goes_on(text, word.start(), stop):
                pieces += [text[end : word.start()], f" {NAME} "]
                named.append(rows)
                end = stop
                break
    return "".join([*pieces, text[end:]]), named


def _goes_on(text: str, start: int, stop: int) -> bool:
    """Whether a word or a number runs across an edge of a name."""
    return _runs(text, start - 1, start, -1) or _runs(text, stop, stop - 1, 1)


def _runs(text: str, outside: int, inside: int, step: int) -> bool:
    if not 0 <= outside < len(text):
        return False
    edge = text[outside]
    if edge.isalnum() and text[inside].isalnum():
        return True
    beyond = outside + step
    is_decimal = edge in ".,-" and 0 <= beyond < len(text) and text[beyond].isdigit()
    return is_decimal and text[inside].isdigit()


def _metrics(tokens: tuple[str, ...], grounds: Grounds) -> Iterator[tuple[int, int, str]]:
    place = 0
    while place < len(tokens):
        for words, metric in grounds.phrases.get(tokens[place], ()):
            if tokens[place : place + len(words)] == words:
                yield place, place + len(words) - 1, metric
                place += len(words) - 1
                break
        place += 1


def _placed(
    numbers: list[Number], found: Mentions, grounds: Grounds
) -> tuple[list[Mark], list[Number], set[int]] | None:
    """Numbers that name rows, those that need a reason, and where those are that have one: they
    belong to the plan or the scope and stand beside the word they belong to, or count what they
    stand before."""
    marks: list[Mark] = []
    to_confirm: list[Number] = []
    placed: set[int] = set()
    stores: set[Decimal] = set()
    for number in numbers:
        value = number.value
        anchor = _anchor(number, found)
        span = range(number.token, number.end + 1)
        if value is None:
            return None
        if number.is_percent or number.is_ordinal:
            to_confirm.append(number)
        elif anchor in grounds.keyed:
            if value not in grounds.keyed[anchor]:
                return None
            marks.append((number.token, *grounds.keyed[anchor][value]))
            placed.update(span)
        elif anchor in grounds.scope_words and value not in grounds.counted.get(anchor, ()):
            stores.add(value)
            placed.update(span)
        elif is_placed(number, found, grounds):
            placed.update(span)
        else:
            to_confirm.append(number)
    if stores and stores != grounds.scope:
        return None
    return marks, to_confirm, placed


def is_placed(number: Number, found: Mentions, grounds: Grounds) -> bool:
    """Whether it stands right after the word it belongs to ("top 5"), or counts what it stands
    before ("16 categories")."""
    if number.value is None or number.is_percent:
        return False
    before = found.tokens[number.token - 1] if number.token else ""
    return number.value in grounds.anchored.get(before, ()) or _is_count(number, found, grounds)


def _anchor(number: Number, found: Mentions) -> str:
    """The word that a number belongs to, past connecting words and other numbers."""
    place = number.token - 1
    while place >= 0 and (found.tokens[place] in CONNECTORS or found.tokens[place][0].isdecimal()):
        place -= 1
    return found.tokens[place] if place >= 0 else ""


def _is_count(number: Number, found: Mentions, grounds: Grounds) -> bool:
    for token in found.tokens[number.end + 1 : number.end + 1 + _LABEL_REACH]:
        if number.value in grounds.counted.get(token, ()):
            return True
        is_passed = token in _BEFORE_COUNTED or token in grounds.words or token[0].isdecimal()
        if not is_passed:
            return False
    return False


def _groups(
    marks: list[Mark], tokens: tuple[str, ...], known: set[int]
) -> dict[int, tuple[Group, ...]] | None:
    """Names said in one breath; None where the same is said twice ("stores 2 and 2")."""
    groups: dict[int, list[Group]] = {}
    for place, dimension, rows in sorted(marks, key=lambda mark: mark[0]):
        listed = groups.setdefault(dimension, [])
        last = listed[-1] if listed else None
        if last is not None and _are_listed(last, place, tokens, known):
            if rows <= last.rows:
                return None
            listed[-1] = Group(last.start, place, last.rows | rows, last.count + 1)
        else:
            listed.append(Group(place, place, rows))
    return {dimension: tuple(listed) for dimension, listed in groups.items()}


def _are_listed(last: Group, following: int, tokens: tuple[str, ...], known: set[int]) -> bool:
    between = range(last.end + 1, following)
    if last.count == 1 and tokens[last.end + 1 : following] == (",", "and"):
        return False  # a new part of the sentence, unless there is a third name
    is_joined = not BETWEEN_NAMES.isdisjoint(tokens[last.end + 1 : following])
    return all(
        tokens[place] in BETWEEN_NAMES
        or (is_joined and tokens[place] in ("the", "of"))  # "the week of … and the week of …"
        or (place in known and tokens[place] not in (NAME, DAY) and tokens[place].isalpha())
        for place in between
    )
