"""What people do to approval requests, each in one transaction with the record of it.

A request is locked, what the caller looked at is compared with what is there, the policy is read,
and what was asked for is compared with what would run now. Then the request, its chain, the run
and the run's chain move together or not at all. An attempt that is refused changes nothing, and
leaves a link in the request's chain.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from contracts.approval import (
    Action,
    ApprovalItem,
    Approved,
    Decision,
    Edit,
    PolicySubject,
)
from contracts.context import UserContext
from contracts.plan import Planned
from contracts.run import ApprovalStatus, RunStatus
from kit.database import connected
from kit.display import listed
from kit.problems import Conflict, Forbidden
from workflow.approve.lifecycle import OPEN
from workflow.approve.steps import Step, approvals_of, step
from workflow.drafts import output_of
from workflow.locked_request import Case, Refused, locked, step_of
from workflow.own_making import refuse_own_making
from workflow.parts import Parts
from workflow.pipeline import conclude
from workflow.policy_changes import put_into_force
from workflow.requests import (
    announce,
    ask_again,
    differing,
    evidence_for,
    person_of,
    prepared_of,
    subject_of,
    told,
    write_step,
)
from workflow.runner import Runner
from workflow.semantic.compile_sql import PlanError
from workflow.stages import LetThrough, Prepared, Progress
from workflow.store import approvals, audit_events, cases, runs
from workflow.store.approvals import Request
from workflow.store.cases import Origin
from workflow.store.rows import Run
from workflow.validation import validate

AT_ONCE = 4
"""Transactions of decisions at a time: each may need a second connection of the pool."""


class Decisions:
    """Everything that can be done to a request."""

    def __init__(self, parts: Parts, runner: Runner) -> None:
        self._parts = parts
        self._runner = runner
        self._places = asyncio.Semaphore(AT_ONCE)

    async def claim(
        self, caller: UserContext, approval_id: UUID, version: int | None
    ) -> ApprovalItem:
        """Take it in hand: until released, nobody else decides."""
        return await self._small(caller, approval_id, Action.CLAIM, "", version)

    async def release(
        self, caller: UserContext, approval_id: UUID, version: int | None
    ) -> ApprovalItem:
        """Leave it to others again; an admin may release what somebody else has claimed."""
        return await self._small(caller, approval_id, Action.RELEASE, "", version)

    async def comment(self, caller: UserContext, approval_id: UUID, text: str) -> ApprovalItem:
        """Say something about it, at any time."""
        return await self._small(caller, approval_id, Action.COMMENT, text, None)

    async def _small(
        self,
        caller: UserContext,
        approval_id: UUID,
        action: Action,
        text: str,
        version: int | None,
    ) -> ApprovalItem:
        async with self._case(caller, approval_id, action, version) as case:
            taken = step_of(case, action, caller, text)
            await write_step(case.connection, taken)
            if case.journal is not None and case.item.status in OPEN:
                case.note(_SAID[action], text, caller.username)
                await case.journal.write(case.connection, RunStatus.NEEDS_APPROVAL)
        return taken.request.item

    async def approve(
        self, caller: UserContext, approval_id: UUID, reason: str, version: int | None
    ) -> ApprovalItem:
        """Let it through, or be the first of two. Raises Conflict where what would run is not
        what was asked for: then it is stale, and asked again."""
        stale: tuple[str, ...] = ()
        run = None
        try:
            async with self._case(caller, approval_id, Action.APPROVE, version) as case:
                run = case.run
                if run is not None:
                    stale = await differing(case.connection, run, case.request, self._parts)
                if stale:
                    await self._make_stale(case, stale)
                    approved = case.item
                else:
                    await refuse_own_making(case.connection, caller, case.item.asker)
                    approved = await self._approve(case, caller, reason)
            if stale:
                raise Conflict(
                    f"This was not approved: {listed(stale)} changed since it was asked for. "
                    "It is stale, and what would run now waits as a new request.",
                    kind="stale",
                )
            if approved.status is ApprovalStatus.APPROVED:
                await self._go_on(caller, run)
        finally:
            if run is not None:
                self._runner.unreserve(run.run_id)
        return approved

    async def _make_stale(self, case: Case, differences: tuple[str, ...]) -> None:
        assert case.run is not None  # noqa: S101 - only what has a run is compared
        assert case.journal is not None  # noqa: S101 - as above
        await ask_again(
            case.connection,
            case.run,
            case.journal,
            self._parts,
            _progress(case.request, "", ""),
            case.request,
            differences,
            conclude,
        )

    async def _approve(self, case: Case, caller: UserContext, reason: str) -> ApprovalItem:
        item = case.item
        decision = _decision("approve", case, caller, reason)
        decisions = (*item.decisions, decision)
        is_enough = approvals_of(decisions, item.binding) >= item.approvers_needed
        taken = step_of(
            case, Action.APPROVE, caller, reason, is_enough=is_enough, decisions=decisions
        )
        await write_step(case.connection, taken)
        if isinstance(item.subject, PolicySubject) and is_enough:
            try:
                await put_into_force(case.connection, taken.request)
            except Conflict as error:
                raise Refused(error) from error
        if case.journal is not None and not is_enough:
            case.note("approved_once", reason, caller.username)
            await case.journal.write(case.connection, RunStatus.NEEDS_APPROVAL)
        if case.journal is not None and is_enough:
            case.note("approved", reason, caller.username, _let_through(taken.request))
            self._runner.reserve(case.journal.run.run_id)
            await case.journal.write(
                case.connection,
                RunStatus.RUNNING,
                next_worker=self._runner.worker_id,
            )
        if is_enough:
            await announce(case.connection, taken.request, "decided", self._parts, caller.username)
        return taken.request.item

    async def _go_on(self, caller: UserContext, run: Run | None) -> None:
        """What follows from an approval. If this process dies here, another finds the run."""
        async with connected(self._parts.pool) as connection:
            if run is None:
                await self._parts.in_force.reload(connection, caller.org_id)
                return
            now = await runs.get(
                connection, run.run_id, org_id=run.context.org_id, user_id=run.context.user_id
            )
            recorded = await audit_events.of_run(connection, run.run_id)
        if now is not None:
            self._runner.start(now, recorded)

    async def reject(
        self, caller: UserContext, approval_id: UUID, reason: str, version: int | None
    ) -> ApprovalItem:
        """Refuse it, with a reason that the asker is shown."""
        async with self._case(caller, approval_id, Action.REJECT, version) as case:
            decision = _decision("reject", case, caller, reason)
            decisions = (*case.item.decisions, decision)
            taken = step_of(case, Action.REJECT, caller, reason, decisions=decisions)
            await _keep_case(case, caller, "rejected", reason)
            text = f"{caller.username} did not let this through: {reason}"
            await self._end(case, taken, RunStatus.REFUSED, text, reason, caller.username)
        return taken.request.item

    async def cancel(
        self, caller: UserContext, approval_id: UUID, version: int | None
    ) -> ApprovalItem:
        """The asker gives it up."""
        async with self._case(caller, approval_id, Action.CANCEL, version) as case:
            taken = step_of(case, Action.CANCEL, caller, "")
            text = "This question was cancelled."
            await self._end(case, taken, RunStatus.CANCELLED, text, "", caller.username)
        return taken.request.item

    async def cancel_run(self, caller: UserContext, run_id: UUID) -> None:
        """The same, by the run; nothing where it was decided a moment ago."""
        async with connected(self._parts.pool) as connection:
            approval_id = await approvals.open_of_run(connection, run_id)
        if approval_id is not None:
            with suppress(Conflict):
                await self.cancel(caller, approval_id, None)

    async def expire(self, org_id: UUID, approval_id: UUID) -> None:
        """End what nobody decided in time; nothing where somebody just did."""
        async with self._locked(org_id, approval_id) as case:
            if case.item.status not in OPEN:
                return
            taken = step(case.request, Action.EXPIRE, None)
            text = "Nobody decided on this in time, so it was not run. Ask again if it matters."
            await self._end(case, taken, RunStatus.CANCELLED, text, "", None)

    async def _end(
        self, case: Case, taken: Step, status: RunStatus, text: str, reason: str, by: str | None
    ) -> None:
        await write_step(case.connection, taken)
        await announce(case.connection, taken.request, "decided", self._parts, by)
        if case.run is None or case.journal is None:
            return
        case.note(taken.request.item.status.value, reason, by)
        progress = _progress(taken.request, text, reason)
        outcome = conclude(case.run, case.journal, status, progress)
        await case.journal.write(case.connection, status, answer=outcome.text)

    async def edit(
        self, caller: UserContext, approval_id: UUID, edit: Edit, version: int | None
    ) -> ApprovalItem:
        """Change what would run. It passes the guardrails in the asker's scope, and everybody who
        approved has to look again; the editor cannot approve it. Raises Forbidden where the
        guardrails refuse it."""
        async with self._case(caller, approval_id, Action.EDIT, version) as case:
            if case.run is None:
                raise Refused(Forbidden("Only what runs in the warehouse can be edited."))
            prepared = await self._edited(case.run, case.request, edit)
            taken = await self._with(case, caller, edit, prepared)
            await write_step(case.connection, taken)
            if case.journal is not None:
                case.note("edited", edit.reason, caller.username)
                await _keep_case(case, caller, "edited", edit.reason)
                await case.journal.write(case.connection, RunStatus.NEEDS_APPROVAL)
        return taken.request.item

    async def _with(self, case: Case, caller: UserContext, edit: Edit, prepared: Prepared) -> Step:
        assert case.run is not None  # noqa: S101 - the caller looked
        checked = prepared.checked
        request = Request(
            org_id=case.request.org_id,
            item=case.item,
            bound=checked.bound,
            prepared=prepared.model_dump_json(),
            evidence=await evidence_for(case.run, self._parts, prepared),
            head_seq=case.request.head_seq,
            head_hash=case.request.head_hash,
        )
        return step(
            request,
            Action.EDIT,
            person_of(caller),
            edit.reason,
            subject=subject_of(case.run, prepared, self._parts),
            risk=checked.risk,
            binding=checked.binding,
            policy_version=checked.policy_version,
            approvers_needed=max(1, checked.approvers_needed),
            editors=tuple(dict.fromkeys((*case.item.editors, caller.user_id))),
            decisions=(),
        )

    async def _edited(self, run: Run, request: Request, edit: Edit) -> Prepared:
        before = prepared_of(request).planned
        planned = Planned(
            output=output_of(edit.plan, edit.sql, edit.reason),
            planner="model" if before.planner == "model" else "builtin",
            model=before.model,
            notes=before.notes,
        )
        try:
            checked = await validate(
                run, planned, self._parts.models.part(run.context), self._parts
            )
        except PlanError as error:
            raise Refused(Forbidden(str(error), kind="statement-refused")) from error
        if checked.verdict.verdict == "block":
            text = " ".join(f.message for f in checked.verdict.findings if f.severity == "block")
            raise Refused(Forbidden(text, kind="statement-refused"))
        return Prepared(planned=planned, checked=checked)

    @asynccontextmanager
    async def _case(
        self, caller: UserContext, approval_id: UUID, action: Action, version: int | None
    ) -> AsyncIterator[Case]:
        """The locked request, if the caller may do this to it as it stands."""
        try:
            async with self._locked(caller.org_id, approval_id) as case:
                case.check(caller, action, version)
                yield case
        except Refused as refused:
            await self._keep(caller, approval_id, action, refused.problem.detail)
            raise refused.problem from None
        except runs.Lost as error:
            raise Conflict("The run has just moved on. Look at it again.") from error

    @asynccontextmanager
    async def _locked(self, org_id: UUID, approval_id: UUID) -> AsyncIterator[Case]:
        async with (
            self._places,
            locked(self._parts.pool, self._runner.publisher, org_id, approval_id) as case,
        ):
            yield case
        if case.journal is not None:
            case.journal.tell()

    async def _keep(self, caller: UserContext, approval_id: UUID, action: Action, why: str) -> None:
        async with self._locked(caller.org_id, approval_id) as case:
            taken = step(case.request, Action.REFUSE, person_of(caller), f"{action.value}: {why}")
            await approvals.add_action(case.connection, taken.action)


async def _keep_case(case: Case, caller: UserContext, origin: Origin, reason: str) -> None:
    """What a reviewer would not let run as it was is something for the planner to learn from."""
    if case.run is not None:
        await cases.open_case(
            case.connection,
            case.run.run_id,
            origin,
            reason=reason,
            org_id=caller.org_id,
            user_id=caller.user_id,
        )


def _decision(
    said: Literal["approve", "reject"], case: Case, caller: UserContext, reason: str
) -> Decision:
    return Decision(
        by=person_of(caller),
        decision=said,
        reason=reason,
        binding=case.item.binding,
        at=datetime.now(UTC),
    )


def _let_through(request: Request) -> LetThrough:
    item = request.item
    return LetThrough(
        approved=Approved(
            approval_id=item.approval_id,
            binding=item.binding,
            bound=request.bound,
            decisions=item.decisions,
            edited_by=item.editors,
        ),
        prepared=prepared_of(request),
    )


def _progress(request: Request, text: str, reason: str) -> Progress:
    """How far the run of a request had come, for the answer that ends it."""
    prepared = prepared_of(request)
    return Progress(
        planned=prepared.planned,
        checked=prepared.checked,
        plan_in_words=request.evidence.plan_in_words,
        text=text,
        waiting=told(request.item, reason),
    )


_SAID = {Action.CLAIM: "claimed", Action.RELEASE: "released", Action.COMMENT: "commented"}
