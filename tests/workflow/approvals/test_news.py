"""News of approval requests: signed, tried again, given up, replayed."""

import asyncio
import base64
import hmac
from collections.abc import AsyncIterator
from hashlib import sha256

import orjson
import pytest
from aiohttp import web
from pydantic import SecretStr, ValidationError

from tests.workflow.approvals.conftest import Office, asked
from workflow.bootstrap import Workflow, running
from workflow.notify.channels import Webhook
from workflow.notify.sender import RETRY_SECONDS, Sender
from workflow.store import notifications

SECRET = "whsec_" + base64.b64encode(b"a secret of this test alone").decode()


class Receiver:
    """The other side: it answers what it is told to."""

    def __init__(self) -> None:
        self.status = 200
        self.got: asyncio.Queue[tuple[dict[str, str], bytes]] = asyncio.Queue()
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.got.put_nowait((headers, await request.read()))
        return web.Response(status=self.status, headers={"Location": "http://127.0.0.1:9/"})


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    receiver.url = f"http://{host}:{port}/hook"
    yield receiver
    await runner.cleanup()


@pytest.fixture
async def workflow(office: Office, receiver: Receiver) -> AsyncIterator[Workflow]:
    office.settings = office.settings.model_copy(
        update={"webhook_url": receiver.url, "webhook_secret": SecretStr(SECRET)}
    )
    async with office.running() as made:
        yield made


def is_signed(headers: dict[str, str], body: bytes) -> bool:
    """As a receiver checks it who follows the Standard Webhooks specification."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = hmac.new(base64.b64decode(SECRET.removeprefix("whsec_")), signed, sha256)
    return headers["webhook-signature"] == f"v1,{base64.b64encode(mac.digest()).decode()}"


async def test_a_request_and_its_decision_are_told_and_signed(
    office: Office, workflow: Workflow, receiver: Receiver
) -> None:
    asker = office.person("asker", "store_manager", store_ids=(1,))
    approval_id = await asked(workflow, asker)
    headers, body = await asyncio.wait_for(receiver.got.get(), 10)
    assert is_signed(headers, body)
    assert not is_signed(headers, body + b" ")
    told = orjson.loads(body)
    assert told["type"] == "approval.requested"
    assert told["data"]["approval_id"] == str(approval_id)
    assert b"rentals" not in body  # what was asked is not for whoever reads it elsewhere
    await workflow.decisions.reject(office.person("one"), approval_id, "no", None)
    _, body = await asyncio.wait_for(receiver.got.get(), 10)
    assert orjson.loads(body)["type"] == "approval.decided"
    assert orjson.loads(body)["data"]["by"] == "one"


async def test_what_ends_soon_is_told_once(
    office: Office, workflow: Workflow, receiver: Receiver
) -> None:
    await asked(workflow, office.person("asker", "store_manager", store_ids=(1,)))
    await asyncio.wait_for(receiver.got.get(), 10)
    office.execute("UPDATE approval_requests SET expires_at = now() + interval '1 hour'")
    _, body = await asyncio.wait_for(receiver.got.get(), 10)
    assert orjson.loads(body)["type"] == "approval.expiring"
    count = "SELECT count(*) FROM notifications WHERE event = 'expiring'"
    assert office.count(count) == 1


@pytest.mark.parametrize("status", [500, 404, 302])
async def test_what_is_not_taken_is_tried_again_then_dead_then_replayed(
    office: Office, receiver: Receiver, status: int
) -> None:
    async with running(office.settings) as quiet:  # it has no way out, so it sends nothing itself
        pool = quiet.parts.pool
        approval_id = await asked(quiet, office.person("asker", "store_manager", store_ids=(1,)))
        async with pool.connection() as connection:
            await notifications.queue(
                connection,
                org_id=office.org_id,
                approval_id=approval_id,
                event="requested",
                channels=("webhook",),
                body="{}",
            )
        sender = Sender(pool, {"webhook": Webhook(receiver.url, SECRET)})
        receiver.status = status
        for _ in range(len(RETRY_SECONDS) + 1):
            assert await sender.send_due() == 1
            assert await sender.send_due() == 0  # not before its time
            office.execute("UPDATE notifications SET next_at = now()")
        row = await only(quiet, office)
        assert row.status == "dead"
        assert row.last_error == f"it answered {status}"
        assert receiver.got.qsize() == row.attempts == len(RETRY_SECONDS) + 1
        receiver.status = 200
        async with pool.connection() as connection:
            assert await notifications.replay(connection, office.org_id, row.notification_id)
        await sender.send_due()
        assert (await only(quiet, office)).status == "sent"


async def only(workflow: Workflow, office: Office) -> notifications.NotificationRow:
    async with workflow.parts.pool.connection() as connection:
        rows = await notifications.page(
            connection, office.org_id, status=None, before=None, limit=10
        )
    assert len(rows) == 1
    return rows[0]


@pytest.mark.parametrize(
    "settings",
    [
        {"webhook_url": "http://example.org/hook", "webhook_secret": "s"},
        {"webhook_url": "https://example.org/hook"},
        {"webhook_url": "file:///etc/passwd", "webhook_secret": "s"},
        {"mail_host": "mail.example.org"},
        {
            "mail_host": "mail.example.org",
            "mail_to": "one@example.org",
            "mail_user": "one",
            "mail_starttls": "false",
        },
    ],
)
def test_a_way_out_that_could_leak_is_refused_at_start(
    office: Office, settings: dict[str, str]
) -> None:
    given = office.settings.model_dump() | settings
    with pytest.raises(ValidationError):
        type(office.settings).model_validate(given)
