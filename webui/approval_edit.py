"""What a reviewer types to have run instead: a plan, as data, or SQL."""

from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue, ValidationError

from contracts.approval import Approval, QuerySubject
from contracts.plan import MetricQuery, Plan

Kind = Literal["plan", "sql"]


class NotAPlan(ValueError):
    """What was typed is no plan; the text says where, for a person."""


@dataclass(frozen=True, slots=True)
class Typed:
    """Both fields of the form, and which one counts."""

    kind: Kind = "sql"
    plan: str = ""
    sql: str = ""

    def body(self) -> dict[str, JsonValue]:
        """As the gateway takes it. Raises NotAPlan."""
        if self.kind == "sql":
            return {"sql": self.sql}
        try:
            plan = Plan.model_validate_json(self.plan)
        except ValidationError as error:
            raise NotAPlan(_said(error)) from None
        return {"plan": plan.model_dump(mode="json")}


def typed_of(approval: Approval) -> Typed:
    """What stands there to begin with: what would run now."""
    subject = approval.subject
    plan = ""
    if isinstance(subject, QuerySubject) and isinstance(subject.output, MetricQuery):
        plan = subject.output.plan.model_dump_json(indent=2, exclude_defaults=True)
    return Typed("plan" if plan else "sql", plan, approval.evidence.sql)


def _said(error: ValidationError) -> str:
    faults = []
    for fault in error.errors(include_input=False, include_url=False)[:5]:
        where = ".".join(str(part) for part in fault["loc"])
        faults.append(f"{where}: {fault['msg']}" if where else fault["msg"])
    return "This is not a plan yet. " + "; ".join(faults) + "."
