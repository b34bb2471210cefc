"""What a reviewer has run instead: a plan, by form or as data, or SQL."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from fastapi import Depends, Form
from pydantic import JsonValue, ValidationError

from contracts.approval import Approval, QuerySubject
from contracts.catalog import Catalog
from contracts.plan import MetricQuery, Plan
from webui import plan_form
from webui.plan_form import PlanForm, Unusable

Kind = Literal["form", "plan", "sql"]
Typing = Annotated[str, Form()]


class NotAPlan(ValueError):
    """What was typed is no plan; the text says where, for a person."""


@dataclass(frozen=True, slots=True)
class Typed:
    """All that the form holds, and which part of it counts. `base` is the plan, as data, that
    `form` began with."""

    kind: Kind = "sql"
    plan: str = ""
    sql: str = ""
    base: str = ""
    form: PlanForm = field(default_factory=PlanForm)

    def body(self, catalog: Catalog | None) -> dict[str, JsonValue]:
        """As the gateway takes it; for a form the catalog says of what kind its values are.
        Raises NotAPlan."""
        if self.kind == "sql":
            return {"sql": self.sql}
        try:
            if self.kind == "plan" or catalog is None:
                plan = Plan.model_validate_json(self.plan)
            else:
                base = Plan.model_validate_json(self.base)
                plan = Plan.model_validate(plan_form.plan_of(self.form, base, catalog))
        except Unusable as error:
            raise NotAPlan(str(error)) from None
        except ValidationError as error:
            raise NotAPlan(_said(error)) from None
        return {"plan": plan.model_dump(mode="json")}


def _sent(
    form: Annotated[PlanForm, Depends(plan_form.typed)],
    kind: Annotated[Kind, Form(alias="as")] = "sql",
    plan: Typing = "",
    sql: Typing = "",
    base: Typing = "",
) -> Typed:
    return Typed(kind, _clean(plan), _clean(sql), base, form)


EditOf = Annotated[Typed, Depends(_sent)]


def typed_of(approval: Approval) -> Typed:
    """What stands there to begin with: what would run now."""
    subject, sql = approval.subject, approval.evidence.sql
    if not isinstance(subject, QuerySubject) or not isinstance(subject.output, MetricQuery):
        return Typed("sql", "", sql)
    plan = subject.output.plan
    text = plan.model_dump_json(indent=2, exclude_defaults=True)
    return Typed("form", text, sql, plan.model_dump_json(), plan_form.form_of(plan))


def _clean(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _said(error: ValidationError) -> str:
    faults = []
    for fault in error.errors(include_input=False, include_url=False)[:5]:
        where = ".".join(str(part) for part in fault["loc"])
        faults.append(f"{where}: {fault['msg']}" if where else fault["msg"])
    return "This is not a plan yet. " + "; ".join(faults) + "."
