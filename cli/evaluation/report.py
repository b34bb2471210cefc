"""What an evaluation found, as a value: accuracy, the manner of the misses, calibration."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from cli.evaluation.cases import Manner
from cli.evaluation.errors import EvaluationError

BINS = (0.0, 0.5, 0.7, 0.9, 1.0)
"""Edges of the bins of confidence; the upper edge belongs to a bin, and 0 to the first."""
SURE = 0.9
_SAFE: frozenset[Manner] = frozenset({"clarify", "refused"})


class Outcome(BaseModel):
    """What came of a case: `reason` says what is wrong, and is empty when nothing is."""

    model_config = ConfigDict(frozen=True)

    id: str
    kind: str
    role_user: str
    question: str
    manner: Manner
    is_right: bool
    reason: str
    confidence: float | None = None
    planner: str = ""
    milliseconds: float


class KindRow(BaseModel):
    """The cases of one kind; `safe` are the misses that asked back or refused."""

    model_config = ConfigDict(frozen=True)

    kind: str
    right: int
    total: int
    safe: int
    median_ms: float


class Bin(BaseModel):
    """The answers with a confidence above `low` and up to `high`."""

    model_config = ConfigDict(frozen=True)

    low: float
    high: float
    right: int
    total: int
    confidence: float


class Report(BaseModel):
    """An evaluation. `accuracy` is the share that is right; `safe_misses` the share of the misses
    that are a question back or a refusal; `sure` the share right of the answers whose
    confidence is above 0.9. A share of nothing is 1."""

    model_config = ConfigDict(frozen=True)

    label: str
    total: int
    right: int
    accuracy: float
    safe_misses: float
    sure: float
    sure_total: int
    kinds: tuple[KindRow, ...]
    bins: tuple[Bin, ...]
    cases: tuple[Outcome, ...]

    def figure(self, name: str) -> float:
        """One of the three shares, by name."""
        shares = {"accuracy": self.accuracy, "safe_misses": self.safe_misses, "sure": self.sure}
        return shares[name]


FIGURES = ("accuracy", "safe_misses", "sure")


def report(label: str, outcomes: Sequence[Outcome]) -> Report:
    """Sum up the outcomes."""
    right = sum(o.is_right for o in outcomes)
    misses = [o for o in outcomes if not o.is_right]
    sure = [o for o in _answered(outcomes) if (o.confidence or 0.0) > SURE]
    return Report(
        label=label,
        total=len(outcomes),
        right=right,
        accuracy=_share(right, len(outcomes)),
        safe_misses=_share(sum(o.manner in _SAFE for o in misses), len(misses)),
        sure=_share(sum(o.is_right for o in sure), len(sure)),
        sure_total=len(sure),
        kinds=tuple(_kind(kind, outcomes) for kind in dict.fromkeys(o.kind for o in outcomes)),
        bins=_bins(outcomes),
        cases=tuple(outcomes),
    )


def read_report(path: Path) -> Report:
    """A report that `--json` wrote. Raises EvaluationError."""
    try:
        return Report.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise EvaluationError(f"{path} is not a report that `--json` wrote.") from error


def _answered(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Those that claim something: a question back and a refusal claim nothing of the data."""
    return [o for o in outcomes if o.manner not in _SAFE and o.confidence is not None]


def _kind(kind: str, outcomes: Sequence[Outcome]) -> KindRow:
    of_kind = [o for o in outcomes if o.kind == kind]
    times = sorted(o.milliseconds for o in of_kind)
    return KindRow(
        kind=kind,
        right=sum(o.is_right for o in of_kind),
        total=len(of_kind),
        safe=sum(not o.is_right and o.manner in _SAFE for o in of_kind),
        median_ms=times[len(times) // 2],
    )


def _bins(outcomes: Sequence[Outcome]) -> tuple[Bin, ...]:
    found = []
    for low, high in pairwise(BINS):
        inside = [
            (o.confidence, o.is_right)
            for o in _answered(outcomes)
            if o.confidence is not None
            and (low < o.confidence <= high or (low == 0.0 and o.confidence == 0.0))
        ]
        total = len(inside)
        mean = sum(confidence for confidence, _ in inside) / total if total else 0.0
        right = sum(is_right for _, is_right in inside)
        found.append(Bin(low=low, high=high, right=right, total=total, confidence=round(mean, 3)))
    return tuple(found)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0
